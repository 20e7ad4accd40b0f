import type { HttpRouter } from "convex/server";
import { httpAction, type ActionCtx } from "../_generated/server";
import { AppError } from "../errors";
import { nearestName } from "../lib/nearest";
import type { Method } from "../wire/route";
import { type Endpoint, refuse } from "./endpoint";
import { errorResponse as errorPageResponse, wantsPage } from "./pages/endpoint";
import { finish } from "./respond";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const satisfies readonly Method[];

/**
 * Registers endpoints and the general handlers: preflight for every path, 405 with `Allow` if only
 * the method is wrong (Convex would answer 404), JSON 404 for the rest, and paths with a doubled
 * leading slash, which plugins send when their configured URL ends with one.
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
    return found ? found.serve(ctx, request) : refuseUnserved(endpoints, ctx, request);
  });
  for (const method of METHODS) http.route({ pathPrefix: "/", method, handler: fallback });
  http.route({ pathPrefix: "/", method: "OPTIONS", handler: httpAction(preflight) });
}

function preflight(): Promise<Response> {
  return Promise.resolve(finish(new Response(null, { status: 204 }), crypto.randomUUID()));
}

/** The method to match, because Convex runs the GET handler for HEAD. */
function methodOf(request: Request): string {
  return request.method === "HEAD" ? "GET" : request.method;
}

function find(endpoints: readonly Endpoint[], request: Request): Endpoint | undefined {
  const path = withoutEndSlash(pathOf(request));
  const matching = endpoints.filter(
    ({ route }) => route.method === methodOf(request) && matches(route.path, path),
  );
  return matching.find(({ route }) => route.path === path) ?? matching[0];
}

function pathOf(request: Request): string {
  return new URL(request.url).pathname.replace(/^\/+/, "/");
}

/** A path as people mean it who type a slash at its end. */
function withoutEndSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function matches(pattern: string, path: string): boolean {
  const colon = pattern.indexOf(":");
  return colon < 0 ? pattern === path : path.startsWith(pattern.slice(0, colon));
}

async function refuseUnserved(
  endpoints: readonly Endpoint[],
  ctx: ActionCtx,
  request: Request,
): Promise<Response> {
  const path = pathOf(request);
  const [route, ...others] = endpoints
    .map((endpoint) => endpoint.route)
    .filter((one) => matches(one.path, path));
  if (route === undefined && wantsPage(request)) {
    return await errorPageResponse(request, NO_PAGE);
  }
  if (route === undefined) {
    return await refuse(ctx, request, shown(path), noEndpoint(endpoints, path));
  }
  const methods = Array.from(new Set([route, ...others].map(({ method }) => method)));
  const hint = `${route.path} takes ${methods.join(", ")}`;
  const error = new AppError(
    "METHOD_NOT_ALLOWED",
    `${request.method} is not allowed here: ${hint}`,
  );
  const response = await refuse(ctx, request, route.path, error);
  response.headers.set("Allow", methods.join(", "));
  return response;
}

/** The error for an unknown path, with the nearest known one. */
function noEndpoint(endpoints: readonly Endpoint[], path: string): AppError {
  const known = Array.from(new Set(endpoints.map(({ route }) => route.path)));
  const near = nearestName(path, known);
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return new AppError("NOT_FOUND", `No such endpoint.${hint} /openapi.json lists all of them`);
}

const NO_PAGE = { code: "NOT_FOUND", message: "There is no page at this address." } as const;

/** The most characters of an unknown path that are logged. */
const SHOWN_PATH_MAX_CHARS = 100;

/** A path for the log: shortened, and with any API key in it masked. */
function shown(path: string): string {
  return path.replace(/osk_[\w-]+/g, "osk_…").slice(0, SHOWN_PATH_MAX_CHARS);
}
