import { internal } from "../_generated/api";
import { ERROR_STATUS, type AppErrorData } from "../errors";
import * as routes from "../wire/mcp";
import { readText } from "./body";
import { endpoint, type Endpoint } from "./endpoint";
import { requireOwnAddress } from "./mcpAddress";
import { type Fault, isRequest, readRpc, type RpcId } from "./mcpMessage";
import { errorResponse, json } from "./respond";

/** The largest message, in bytes: the largest argument is a query of 64 KiB. */
const MESSAGE_MAX_BYTES = 256 * 1024;

/**
 * The Model Context Protocol over stateless Streamable HTTP. The protocol's server is imported only
 * by requests that need it, because its 336 kB would add a third to what every other request evaluates.
 */
export const mcp: Endpoint = endpoint(
  routes.mcp,
  async (ctx, { caller, request }) => {
    requireOwnAddress(request);
    // Before the body is read: the first request of a token creates its account, then runs this
    // handler again.
    await ctx.runQuery(internal.users.admit, { caller });
    const read = readRpc(await readText(request, { maxBytes: MESSAGE_MAX_BYTES }));
    if (!read.ok) return faultResponse(read.fault);
    // Notifications and answers change nothing, because no state is kept between requests.
    if (!isRequest(read.message)) return new Response(null, { status: 202 });
    const { serve } = await import("../mcp/serve");
    return await serve(ctx, caller, request, read.message);
  },
  writeError,
);

function faultResponse({ code, message, id }: Fault): Response {
  return json(400, rpcError(id, code, message));
}

const rpcError = (id: RpcId, code: number, message: string, data?: object) => ({
  jsonrpc: "2.0",
  id,
  error: { code, message, ...(data === undefined ? {} : { data }) },
});

/** JSON-RPC's code for an internal error, and the first code reserved for servers. */
const INTERNAL_ERROR = -32603;
const SERVER_ERROR = -32000;

/** An error of the HTTP layer as a JSON-RPC error, with its usual status and headers. */
function writeError(error: AppErrorData, requestId: string): Response {
  const { headers } = errorResponse(error, requestId);
  const { code, message, details } = error;
  const rpcCode = code === "INTERNAL" ? INTERNAL_ERROR : SERVER_ERROR;
  const body = rpcError(null, rpcCode, message, { code, details, requestId });
  return json(ERROR_STATUS[code], body, Object.fromEntries(headerEntries(headers)));
}

function headerEntries(headers: Headers): [string, string][] {
  const entries: [string, string][] = [];
  headers.forEach((value, name) => entries.push([name, value]));
  return entries;
}
