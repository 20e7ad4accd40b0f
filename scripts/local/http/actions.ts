import type { Identity } from "../auth/identity.ts";
import { runAs, sampleHeap, type Call, type RequestMetadata } from "../functions/context.ts";
import { toFunctionError } from "../functions/errors.ts";
import { TooManyConcurrentError } from "../limits/permits.ts";
import { newRecord, type Trace } from "../callRecord.ts";
import type { Engine } from "../runtime.ts";
import { jsonResponse } from "./messages.ts";

interface HttpAction {
  invokeHttpAction(request: Request): Promise<Response>;
}

/** The router of `http.ts`, as `httpRouter()` of `convex/server` makes it. */
interface Router {
  lookup(path: string, method: string): readonly [HttpAction, string, string] | null;
}

function isRouter(value: unknown): value is Router {
  return typeof value === "object" && value !== null && "isRouter" in value;
}

interface Route {
  action: HttpAction;
  component: string;
  name: string;
}

/** The route of a request: the app's own router first, then components mounted under a prefix. */
function find(engine: Engine, pathname: string, method: string): Route | "no http.ts" | null {
  let hasRouter = false;
  for (const { path, modules, httpPrefix } of engine.registry.components) {
    if (path !== "" && httpPrefix === null) continue;
    const router = modules["http"]?.()["default"];
    if (!isRouter(router)) continue;
    hasRouter = true;
    const prefix = (httpPrefix ?? "").replace(/\/$/, "");
    if (!pathname.startsWith(`${prefix}/`)) continue;
    const match = router.lookup(pathname.slice(prefix.length), method);
    if (match !== null)
      return { action: match[0], component: path, name: `${method} ${prefix}${match[2]}` };
  }
  return hasRouter ? null : "no http.ts";
}

/**
 * Evaluates `http.ts` and all that it imports, which otherwise the first request waits for (a quarter of a
 * second). A module that throws does so again on that request.
 */
export function loadRoutes(engine: Engine): void {
  try {
    find(engine, "/", "GET");
  } catch {
    // The first request reports it.
  }
}

function text(status: number, message: string): Response {
  return new Response(message, { status, headers: { "Content-Type": "text/plain" } });
}

function newCall(
  engine: Engine,
  route: Route,
  who: { identity: Identity; request: RequestMetadata; trace: Trace },
): Call {
  return {
    engine,
    component: route.component,
    path: route.name,
    type: "httpAction",
    transaction: null,
    identity: who.identity,
    request: who.request,
    trace: who.trace,
    parent: null,
    isOpen: true,
    depth: 0,
    paginated: false,
    scans: new Map(),
    heapBytes: null,
    nested: null,
  };
}

/** Answers a request with the project's own routes, by Convex's rules. */
export async function serveHttpAction(
  engine: Engine,
  request: Request,
  who: { identity: Identity; request: RequestMetadata; trace: Trace },
): Promise<Response> {
  const route = find(engine, new URL(request.url).pathname, request.method);
  if (route === "no http.ts")
    return text(404, "This Convex deployment does not have HTTP actions enabled.");
  if (route === null) return text(404, "No matching routes found");
  const call = newCall(engine, route, who);
  try {
    return await engine.runAction(route.name, () => run(engine, route, call, request));
  } catch (error) {
    if (!(error instanceof TooManyConcurrentError)) throw error;
    const { message } = error;
    return jsonResponse(503, { code: "TooManyConcurrentRequests", message });
  }
}

/** Runs an HTTP action and records the call. */
async function run(engine: Engine, route: Route, call: Call, request: Request): Promise<Response> {
  const { component, name, action } = route;
  const record = newRecord({ name, component, type: "httpAction", isNested: false });
  const start = performance.now();
  try {
    const answer = await runAs(call, () => action.invokeHttpAction(request));
    if (!(answer instanceof Response)) throw new Error("The HTTP action did not return a Response");
    return answer;
  } catch (thrown) {
    const { message, stack, data } = toFunctionError(thrown);
    record.error = message;
    engine.log({ level: "error", function: name, words: [stack ?? message] });
    const code = `[Request ID: ${call.request.requestId}] Server Error: ${message}`;
    return jsonResponse(500, { code, trace: stack, ...(data === undefined ? {} : { data }) });
  } finally {
    record.ms = performance.now() - start;
    sampleHeap(call);
    record.heapBytes = call.heapBytes;
    record.endedAt = performance.now();
    engine.meter.record(record, call.trace);
  }
}
