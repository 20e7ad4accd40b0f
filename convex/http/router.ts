import type { HttpRouter } from "convex/server";
import { httpAction, type ActionCtx } from "../_generated/server";
import { AppError } from "../errors";
import type { Method } from "../wire/route";
import type { Endpoint } from "./endpoint";
import { errorResponse, finish } from "./respond";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const satisfies readonly Method[];

/**
 * Registers endpoints and what surrounds them: preflight for every path, 405 with `Allow` where only
 * the method is wrong (Convex would say 404), JSON 404 for the rest, and paths with a doubled leading
 * slash, which plugins send when their configured URL ends in one.
 */
export function serve(http: HttpRouter, endpoints: readonly Endpoint[]): void {
  for (const { route, serve: run } of endpoints) {
    const where = route.path.includes(":")
      ? { pathPrefix: route.path.slice(0, route.path.indexOf(":")) }
      : { path: route.path };
    http.route({ ...where, method: route.method, handler: httpAction(run) });
  }
  const fallback = httpAction((ctx: ActionCtx, request) => {
    const found = find(endpoints, request);
    return found ? found.serve(ctx, request) : Promise.resolve(refuse(endpoints, request));
  });
  for (const method of METHODS) http.route({ pathPrefix: "/", method, handler: fallback });
  http.route({ pathPrefix: "/", method: "OPTIONS", handler: httpAction(preflight) });
}

function preflight(): Promise<Response> {
  return Promise.resolve(finish(new Response(null, { status: 204 }), crypto.randomUUID()));
}

/** Convex runs the GET handler for HEAD. */
function methodOf(request: Request): string {
  return request.method === "HEAD" ? "GET" : request.method;
}

function find(endpoints: readonly Endpoint[], request: Request): Endpoint | undefined {
  const path = pathOf(request);
  const matching = endpoints.filter(
    ({ route }) => route.method === methodOf(request) && matches(route.path, path),
  );
  return matching.find(({ route }) => route.path === path) ?? matching[0];
}

function pathOf(request: Request): string {
  return new URL(request.url).pathname.replace(/^\/+/, "/");
}

function matches(pattern: string, path: string): boolean {
  const colon = pattern.indexOf(":");
  return colon < 0 ? pattern === path : path.startsWith(pattern.slice(0, colon));
}

function refuse(endpoints: readonly Endpoint[], request: Request): Response {
  const path = pathOf(request);
  const allowed = endpoints.filter(({ route }) => matches(route.path, path));
  const requestId = crypto.randomUUID();
  if (allowed.length === 0) {
    return finish(
      errorResponse(new AppError("NOT_FOUND", "No such endpoint").data, requestId),
      requestId,
    );
  }
  const error = new AppError("METHOD_NOT_ALLOWED", `${request.method} is not allowed here`);
  const response = errorResponse(error.data, requestId);
  response.headers.set("Allow", allowed.map(({ route }) => route.method).join(", "));
  return finish(response, requestId);
}
