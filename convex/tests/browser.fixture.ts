import { SITE, type Deployment } from "../test.setup";

/** What browsers accept. */
export const HTML = { Accept: "text/html,application/xhtml+xml" };

/** Simulates a browser: keeps its cookie, and sends the origin of its forms. */
export function browser(t: Deployment) {
  let cookie = "";
  const request = async (path: string, init: RequestInit = {}) => {
    const headers = { ...HTML, ...(cookie === "" ? {} : { Cookie: cookie }), ...init.headers };
    const answer = await t.fetch(path, { ...init, headers });
    const set = answer.headers.get("Set-Cookie");
    if (set !== null) cookie = set.split(";", 1)[0] ?? "";
    return answer;
  };
  return {
    open: (path: string) => request(path),
    text: async (path: string) => await (await request(path)).text(),
    send: (
      path: string,
      fields: Record<string, string>,
      headers: Record<string, string> = { Origin: SITE },
    ) => request(path, { method: "POST", headers, body: new URLSearchParams(fields).toString() }),
    cookie: () => cookie,
  };
}
