import type { ServerProcess } from "./server.ts";

/** Sends a request with the server's key and a JSON body; rejects unless the answer is successful. */
export async function ask(
  server: Pick<ServerProcess, "url" | "key">,
  path: string,
  { method, body }: { method?: string; body?: unknown } = {},
): Promise<Response> {
  const answer = await fetch(server.url + path, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { Authorization: `Bearer ${server.key}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}
