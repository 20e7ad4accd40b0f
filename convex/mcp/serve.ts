import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { ActionCtx } from "../_generated/server";
import type { Caller } from "../wire/caller";
import { faultOfParams } from "./params";
import { newServer } from "./server";
import type { ToolCall } from "./tool";

/** A request of JSON-RPC, parsed. */
type RpcRequest = {
  method?: string;
  id?: string | number | null;
  params?: { [name: string]: unknown };
};

/** Answers one request of the protocol, of the generation that it speaks. */
export async function serve(
  ctx: ActionCtx,
  caller: Caller,
  request: Request,
  message: RpcRequest,
): Promise<Response> {
  if (message.method === STREAM) return errorOf(message, 404, -32601, "Method not found");
  const response = await answer({ ctx, caller, now: Date.now() }, request, message);
  // Headers and versions come first: what they are refused for has another status.
  const fault = response.status === 200 ? faultOfParams(message) : undefined;
  return fault === undefined ? response : errorOf(message, 200, -32602, fault);
}

async function answer(call: ToolCall, request: Request, message: RpcRequest): Promise<Response> {
  if (await isLegacyRequest(request, message)) return await serveHandshake(call, request, message);
  let cause: Error | undefined;
  const handler = createMcpHandler(() => newServer(call), {
    legacy: "reject",
    onerror: (error) => (cause = error),
  });
  const response = await handler.fetch(request, { parsedBody: message });
  // What a client did wrong is in the API log by its status.
  if (response.status >= 500) console.error("The MCP server failed", cause);
  return response;
}

/** The one method that is a stream without end; nothing that clients could listen to changes. */
const STREAM = "subscriptions/listen";

function errorOf({ id = null }: RpcRequest, status: number, code: number, text: string): Response {
  return Response.json({ jsonrpc: "2.0", id, error: { code, message: text } }, { status });
}

/** The generation that begins with `initialize`: the answer is JSON, because nothing comes before it. */
async function serveHandshake(call: ToolCall, request: Request, message: RpcRequest) {
  const server = newServer(call);
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  });
  await server.connect(transport);
  try {
    return await transport.handleRequest(request, { parsedBody: message });
  } finally {
    await server.close();
  }
}
