import { relative } from "node:path";
import type { RequestLine } from "../http/server.ts";
import type { LogLine } from "../runtime.ts";

/** What a new person needs first: where it is, the key, and three requests to try. */
export function greeting(at: { url: string; key: string; data: string; ms: number }): string {
  const auth = `-H "Authorization: Bearer ${at.key}"`;
  const json = `-H "Content-Type: application/json"`;
  const file = relative(process.cwd(), at.data);
  return `OpenSync is ready in ${(at.ms / 1000).toFixed(1)} s

  Address   ${at.url}
  API key   ${at.key}
  Data      ${file.startsWith("..") ? at.data : file}

Try it:

  curl ${at.url}/health
  curl -X POST ${at.url}/sync/message ${auth} ${json} -d '{"sessionExternalId":"first","externalId":"m1","role":"user","textContent":"hello from curl"}'
  curl -X POST ${at.url}/search ${auth} ${json} -d '{"query":"hello"}'

Requests (Ctrl-C ends):`;
}

/** One answered request in one line. */
export function requestLine({ method, path, status, ms, functionCalls }: RequestLine): string {
  const calls = `${functionCalls} function call${functionCalls === 1 ? "" : "s"}`;
  return `${method.padEnd(7)} ${path}  ${status}  ${ms.toFixed(0)} ms  ${calls}`;
}

/** A line that a function wrote, with its name before it. */
export function printLog({ level, function: name, words }: LogLine): void {
  console[level](`[${name}]`, ...words);
}
