import { bodyOf, type Reader, type Step } from "./steps.ts";

/** Reads a session as a person in a browser, and as an agent over MCP. */

/** The pages for people, signed in with the key. */
export function readPages({ engine, key }: Reader, session: string): Step[] {
  const id = encodeURIComponent(session);
  const page = async (path: string) => {
    const cookie = await signIn(engine().url, key);
    return await bodyOf(
      await fetch(engine().url + path, { headers: { Cookie: cookie, Accept: "text/html" } }),
    );
  };
  return ["/", "/?q=word1", `/sessions/${id}`, `/download?format=markdown&id=${id}`].map(
    (path) => ({
      name: `page ${path.replace(id, ":id")}`,
      run: () => page(path),
    }),
  );
}

/** Exchanges the key for the cookie of a browser. */
export async function signIn(url: string, key: string): Promise<string> {
  const answer = await fetch(`${url}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: url },
    body: new URLSearchParams({ key }).toString(),
  });
  return answer.headers.get("Set-Cookie")?.split(";")[0] ?? "";
}

/** The tools and resources of MCP. */
export function readByAgent(reader: Reader, session: string): Step[] {
  const tools: [string, object][] = [
    ["get_session", { session }],
    ["get_messages", { session, limit: 30 }],
    ["get_messages", { session, limit: 1, from_char: 900_000 }],
    ["search_sessions", { query: "word1 message" }],
    ["recall_context", { question: "what does word1 say about lorem?" }],
    ["sessions_for_file", { path: "src/word1.ts" }],
  ];
  const called = tools.map(([name, args]) => ({
    name: `MCP ${name} ${JSON.stringify(args).length > 200 ? "" : Object.keys(args).join(", ")}`,
    run: () => rpc(reader, "tools/call", { name, arguments: args }),
  }));
  const uri = `opensync://sessions/${encodeURIComponent(session)}`;
  const read = { name: "MCP resource", run: () => rpc(reader, "resources/read", { uri }) };
  return [...called, read];
}

async function rpc({ engine, key }: Reader, method: string, params: object) {
  const answer = await engine().request("/mcp", {
    key,
    headers: { Accept: "application/json, text/event-stream" },
    json: { jsonrpc: "2.0", id: 1, method, params },
  });
  const text = await answer.text();
  if (answer.status !== 200) return `${answer.status} ${text.slice(0, 200)}`;
  return /"isError":true|"error":\{/.test(text) ? text.slice(0, 200) : null;
}
