import { runAs, sampleHeap, type Origin, type RunningCall } from "../functions/context.ts";
import { toFunctionError } from "../functions/errors.ts";
import type { FunctionHost } from "../runtime.ts";
import { answerOf, type Answer } from "./answers.ts";
import { jsonResponse, toRequest, type Incoming } from "./messages.ts";

/**
 * Runs HTTP actions, the project's routes: in the thread of the engine, or in one of their own (`actionThread/`). This
 * module knows only what both have.
 */

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

/** A route as calls are recorded: `METHOD /path`. */
export interface RouteName {
  component: string;
  name: string;
}

interface Route extends RouteName {
  action: HttpAction;
}

/** The route of a request: the app's own router first, then components mounted under a prefix. */
function find(host: FunctionHost, pathname: string, method: string): Route | "no http.ts" | null {
  let hasRouter = false;
  for (const { path, modules, httpPrefix } of host.registry.components) {
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
export function loadRoutes(host: FunctionHost): void {
  try {
    find(host, "/", "GET");
  } catch {
    // The first request reports it.
  }
}

function text(status: number, message: string): Response {
  return new Response(message, { status, headers: { "Content-Type": "text/plain" } });
}

/** How an HTTP action answered. */
export interface Served {
  answer: Answer;
  /** Null if the project has no such route. */
  route: RouteName | null;
  /** The message of what it threw; null if it answered itself. */
  error: string | null;
  /** The highest memory use seen while it ran; null unless the engine measures memory. */
  heapBytes: number | null;
}

/** Answers a request with the project's own routes, by Convex's rules. `begin` makes the call of the route that is found. */
export async function runHttpAction(
  host: FunctionHost,
  incoming: Incoming,
  begin: (route: RouteName) => RunningCall,
): Promise<Served> {
  const request = toRequest(incoming);
  const route = find(host, incoming.pathname, request.method);
  if (route === "no http.ts" || route === null) {
    const why =
      route === null
        ? "No matching routes found"
        : "This Convex deployment does not have HTTP actions enabled.";
    return { answer: await answerOf(text(404, why)), route: null, error: null, heapBytes: null };
  }
  const call = begin(route);
  const { response, error } = await run(host, route, call, request);
  sampleHeap(call);
  const { component, name } = route;
  const { heapBytes } = call;
  return { answer: await answerOf(response), route: { component, name }, error, heapBytes };
}

async function run(
  host: FunctionHost,
  { action, name }: Route,
  call: RunningCall,
  request: Request,
): Promise<{ response: Response; error: string | null }> {
  try {
    const response = await runAs(call, () => action.invokeHttpAction(request));
    if (!(response instanceof Response))
      throw new Error("The HTTP action did not return a Response");
    return { response, error: null };
  } catch (thrown) {
    const { message, stack, data } = toFunctionError(thrown);
    host.log({ level: "error", function: name, words: [stack ?? message] });
    const code = `[Request ID: ${call.request.requestId}] Server Error: ${message}`;
    const body = { code, trace: stack, ...(data === undefined ? {} : { data }) };
    return { response: jsonResponse(500, body), error: message };
  }
}

/** The call of an HTTP action. */
export function newRunningCall(
  engine: FunctionHost,
  { component, name }: RouteName,
  { identity, request }: Origin,
): RunningCall {
  return {
    ...{ engine, component, path: name, type: "httpAction", transaction: null },
    ...{ identity, request, heapBytes: null },
  };
}
