import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { ActionCtx } from "../_generated/server";
import type { Caller } from "../wire/caller";
import { newServer } from "./server";
import type { ToolCall } from "./tool";

/** A request of JSON-RPC, parsed. */
type RpcRequest = { method?: string; id?: string | number | null };

/** Answers one request of the protocol, of the generation that it speaks. */
export async function serve(
  ctx: ActionCtx,
  caller: Caller,
  request: Request,
  message: RpcRequest,
): Promise<Response> {
  const call: ToolCall = { ctx, caller, now: Date.now() };
  if (message.method === STREAM) return methodNotFound(message);
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

function methodNotFound({ id = null }: RpcRequest): Response {
  const error = { code: -32601, message: "Method not found" };
  return Response.json({ jsonrpc: "2.0", id, error }, { status: 404 });
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
