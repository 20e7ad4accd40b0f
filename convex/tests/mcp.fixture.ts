import { beforeAll } from "vitest";
import type { Person } from "../test.setup";

/** Speaks to `/mcp` as clients of each generation do. */

export const HANDSHAKE_VERSIONS = ["2025-06-18", "2025-11-25"] as const;
export const NEWEST = "2026-07-28";

export type Rpc = {
  jsonrpc: string;
  id: unknown;
  result?: { [name: string]: unknown };
  error?: { code: number; message: string; data?: { [name: string]: unknown } };
};

const ACCEPT = "application/json, text/event-stream";

/** Loads the protocol before the tests of a file, because the first time takes longer than a test may. */
export function loadProtocolFirst(): void {
  beforeAll(async () => void (await import("../mcp/serve")), 60_000);
}

/** Headers of a request that a client of the generation with a handshake sends. */
export function handshakeHeaders(version = "2025-11-25"): { [name: string]: string } {
  return { Accept: ACCEPT, "Content-Type": "application/json", "MCP-Protocol-Version": version };
}

type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** A client that sends what it is told, and reads what comes back. */
export function rpcClient(fetch: Fetch, { apiKey }: Pick<Person, "apiKey">) {
  const authorization = { Authorization: `Bearer ${apiKey}` };
  const post = (body: unknown, headers: { [name: string]: string }) =>
    fetch("/mcp", {
      method: "POST",
      headers: { ...authorization, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  /** A request of the generation with a handshake. */
  const request = (method: string, params: object = {}, version?: string) =>
    post({ jsonrpc: "2.0", id: 1, method, params }, handshakeHeaders(version));
  /** A request of the generation without one. */
  const modern = (
    method: string,
    params: { name?: string; uri?: string; cursor?: unknown } = {},
    more = {},
  ) => {
    const name = params.name ?? params.uri;
    return post(modernMessage(method, params), {
      ...handshakeHeaders(NEWEST),
      "Mcp-Method": method,
      ...(name === undefined ? {} : { "Mcp-Name": name }),
      ...more,
    });
  };
  /** Calls a tool; what it answers, and whether it is an error. */
  const call = async (name: string, args: object = {}) => {
    const response = await request("tools/call", { name, arguments: args });
    const body = await response.text();
    const { result, error } = JSON.parse(body) as Rpc;
    if (error !== undefined) throw new Error(error.message);
    const { content, isError = false } = result as {
      content: { text: string }[];
      isError?: boolean;
    };
    return {
      text: content.map(({ text }) => text).join("\n"),
      isError,
      bytes: new TextEncoder().encode(body).length,
    };
  };
  return { post, request, modern, call };
}

/** A request of the newest version: who asks stands in every request. */
export function modernMessage(method: string, params: object = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": NEWEST,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  };
  return { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } };
}
