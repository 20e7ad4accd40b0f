import type { JSONValue } from "convex/values";
import type { Identity } from "../auth/identity.ts";
import { argumentsOf } from "../functions/arguments.ts";
import { runFunction } from "../functions/call.ts";
import type { RequestMetadata } from "../functions/context.ts";
import { toClientError, toFunctionError } from "../functions/errors.ts";
import type { ResolvedFunction } from "../functions/registry.ts";
import type { Trace } from "../callRecord.ts";
import type { Engine } from "../runtime.ts";
import { parseJson, type JsonObject } from "../values/json.ts";
import { jsonResponse } from "./messages.ts";

/** The status that `ConvexHttpClient` expects for a failed function. */
const STATUS_FUNCTION_FAILED = 560;

const TYPES: Record<string, ResolvedFunction["type"]> = {
  "/api/query": "query",
  "/api/query_at_ts": "query",
  "/api/mutation": "mutation",
  "/api/action": "action",
};

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Allow-Headers": "Content-Type, Authorization, Convex-Client",
  "Access-Control-Max-Age": "86400",
};

/** Whether the engine serves this path itself; other paths belong to the project. */
export function isClientApi(path: string): boolean {
  return Object.hasOwn(TYPES, path) || path === "/api/query_ts";
}

async function readCall(request: Request): Promise<{ path: string; args: JSONValue } | string> {
  try {
    const body = parseJson<JsonObject>(await request.text());
    const { path, args } = body;
    if (typeof path !== "string") return "`path` must be a string";
    return { path, args: (Array.isArray(args) ? args[0] : args) ?? {} };
  } catch (error) {
    return `Invalid JSON: ${String(error)}`;
  }
}

/** Serves `POST /api/query`, `/api/mutation` and `/api/action`, as `ConvexHttpClient` calls them. */
export async function serveClientApi(
  engine: Engine,
  request: Request,
  who: { identity: Identity; request: RequestMetadata; trace: Trace },
): Promise<Response> {
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: CORS });
  if (request.method !== "POST")
    return new Response("Method Not Allowed", { status: 405, headers: CORS });
  const { pathname } = new URL(request.url);
  if (pathname === "/api/query_ts") return jsonResponse(200, { ts: String(engine.clock.now()) });
  if (who.identity.kind === "invalid")
    return jsonResponse(401, { code: "InvalidAuthHeader", message: who.identity.reason });
  const call = await readCall(request);
  if (typeof call === "string") return jsonResponse(400, { code: "BadJsonBody", message: call });
  try {
    const fn = engine.registry.resolvePublic(call.path, TYPES[pathname] ?? "query");
    const value = await runFunction(engine, fn, argumentsOf(call.args), { ...who, depth: 0 });
    return new Response(`{"status":"success","value":${value},"logLines":[]}`, {
      headers: { "Content-Type": "application/json", ...CORS },
    });
  } catch (thrown) {
    const error = toFunctionError(thrown);
    engine.log({ level: "error", function: call.path, words: [error.stack ?? error.message] });
    return jsonResponse(STATUS_FUNCTION_FAILED, {
      status: "error",
      ...toClientError(error, who.request.requestId),
      logLines: [],
    });
  }
}
