import { relative } from "node:path";
import { format } from "node:util";
import type { RequestLine } from "../http/server.ts";
import type { LogLine } from "../logLine.ts";
import { isLoopback } from "./options.ts";
import { printable, printableLine } from "./terminal.ts";

/** The text printed at the start: addresses, the key, and three requests to try. */
export function greeting(at: {
  url: string;
  key: string;
  /** An address that signs in a browser once. */
  signIn: string;
  data: string;
  texts: string;
  ms: number;
}): string {
  const auth = `-H "Authorization: Bearer ${at.key}"`;
  const json = `-H "Content-Type: application/json"`;
  const file = relative(process.cwd(), at.data);
  return `OpenSync is ready in ${(at.ms / 1000).toFixed(1)} s

  Address   ${at.url}
  API key   ${at.key}
  Data      ${file.startsWith("..") ? at.data : file}
  Texts     ${at.texts}

Open it in a browser (the link signs in once, within the hour):

  ${at.signIn}

Or try it from here:

  curl ${at.url}/health
  curl -X POST ${at.url}/sync/message ${auth} ${json} -d '{"sessionExternalId":"first","externalId":"m1","role":"user","textContent":"hello from curl"}'
  curl -X POST ${at.url}/search ${auth} ${json} -d '{"query":"hello"}'

Requests (Ctrl-C ends):`;
}

/** Formats an answered request as one line. */
export function requestLine({ method, path, status, ms, functionCalls }: RequestLine): string {
  const calls = `${functionCalls} function call${functionCalls === 1 ? "" : "s"}`;
  return `${method.padEnd(7)} ${printableLine(path)}  ${status}  ${ms.toFixed(0)} ms  ${calls}`;
}

/** Prints a line that a function logged, after the function's name. */
export function printLog({ level, function: name, words }: LogLine): void {
  const text = printable(format(...words)).replaceAll("\n", "\n  ");
  console[level](`[${printableLine(name)}] ${text}`);
}

/** States where the texts of sessions are sent. */
export function whereTextsGo(
  { embeddings, openai }: { embeddings: boolean; openai: boolean },
  env: Record<string, string | undefined>,
): string {
  if (openai && env["OPENAI_API_KEY"])
    return `are sent to ${env["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1"} for semantic search`;
  const search = embeddings ? "semantic search by a simple model of its own" : "no semantic search";
  const ask = env["OPENAI_API_KEY"] ? "; --openai uses the key in OPENAI_API_KEY" : "";
  return `stay on this machine (${search}${ask})`;
}

/** Returns a warning if other machines can reach the server; else null. */
export function exposureWarning(host: string): string | null {
  if (isLoopback(host)) return null;
  return `Warning: ${host} can be reached from other machines, and requests with their keys travel unencrypted. Put a proxy with TLS before it, or listen on 127.0.0.1.`;
}
