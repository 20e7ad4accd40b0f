import { internal } from "../../_generated/api";
import type { ActionCtx } from "../../_generated/server";
import { AppError, ERROR_STATUS, readAppError, type AppErrorData } from "../../errors";
import type { LimitClass } from "../../lib/enums";
import { address } from "../../pages/components";
import { errorPage, type Viewer } from "../../pages/layout";
import { route } from "../../wire/route";
import type { Caller } from "../authenticate";
import type { Endpoint } from "../endpoint";
import { errorResponse as errorJson, finish } from "../respond";
import { browserOf, requireSameOrigin } from "./browser";
import { pageResponse, pagePolicy, redirect } from "./respond";

/** A request for a page. */
export type Visit<Who> = {
  /** The caller signed in by the cookie. */
  caller: Who;
  /** The decoded last segment of the path, if it is a parameter. */
  param: string;
  query: URLSearchParams;
  request: Request;
  requestId: string;
};

/** The declaration of a page. */
type Page = { method: "GET" | "POST"; path: `/${string}`; limit?: LimitClass | "none" };

type Handler<Who> = (ctx: ActionCtx, visit: Visit<Who>) => Promise<Response>;

/** A page for the signed-in owner. Strangers are redirected to the sign-in page and back afterwards. */
export function ownerPage(page: Page, handle: Handler<Caller>): Endpoint {
  return build(page, async (ctx, visit) => {
    const { caller } = visit;
    if (caller === null) throw signInNeeded();
    const startedAt = Date.now();
    const response = await handle(ctx, { ...visit, caller });
    await log(ctx, page, { ...visit, caller }, { startedAt, statusCode: response.status });
    return response;
  });
}

/** A page for everyone. `caller` is null for strangers, and its token is not verified here. */
export function openPage(page: Page, handle: Handler<Caller | null>): Endpoint {
  return build(page, handle);
}

const signInNeeded = () => new AppError("UNAUTHORIZED", "Sign in to see this page.");

function build(page: Page, handle: Handler<Caller | null>): Endpoint {
  const { limit = "read" } = page;
  return {
    route: route({
      ...page,
      name: `page ${page.method} ${page.path}`,
      summary: "A page for people",
      access: "public",
      limit,
    }),
    serve: async (ctx, request) => {
      const requestId = crypto.randomUUID().replace(/-/g, "").slice(0, 16);
      try {
        if (page.method === "POST") requireSameOrigin(request);
        const url = new URL(request.url);
        const browser = await browserOf(request);
        const caller = browser && { ...browser, limit };
        const param = paramOf(page.path, url.pathname);
        return await handle(ctx, { caller, param, query: url.searchParams, request, requestId });
      } catch (error) {
        return await failure(request, requestId, error);
      }
    },
  };
}

/** Counts the request against the owner's limit, and logs it like an API request. */
async function log(
  ctx: ActionCtx,
  { method, path }: Page,
  { caller, requestId }: Visit<Caller>,
  { startedAt, statusCode }: { startedAt: number; statusCode: number },
): Promise<void> {
  const line = { endpoint: path, method, requestId, startedAt };
  try {
    await ctx.runMutation(internal.apiLogs.record, { caller, line, statusCode });
  } catch (error) {
    console.error(`API log entry lost: ${requestId}`, error);
  }
}

/**
 * Answers an error: people get a page, or are redirected to the sign-in page where needed; programs,
 * which do not accept HTML, get JSON.
 */
async function failure(request: Request, requestId: string, error: unknown): Promise<Response> {
  const known = readAppError(error);
  if (known === null) console.error(`${request.method} ${request.url} ${requestId}`, error);
  const isPerson = acceptsHtml(request);
  if (known?.code === "UNAUTHORIZED" && isPerson) return signInFirst(request);
  const shown: AppErrorData = known ?? {
    code: "INTERNAL",
    message:
      "The page could not be rendered. Try again; if it keeps failing, report the request id.",
  };
  return isPerson
    ? await errorResponse(request, { requestId, ...shown })
    : finish(errorJson(shown, requestId), requestId);
}

/** Whether a browser is asking: it accepts HTML, which programs rarely do. */
export function wantsPage(request: Request): boolean {
  const isReading = request.method === "GET" || request.method === "HEAD";
  return isReading && acceptsHtml(request);
}

const acceptsHtml = (request: Request) =>
  (request.headers.get("Accept") ?? "").includes("text/html");

/** Renders an error as a page. */
export async function errorResponse(
  request: Request,
  { code, message, details = [], requestId }: AppErrorData & { requestId?: string },
): Promise<Response> {
  const status = ERROR_STATUS[code];
  const why = details.map(({ path, message: fault }) => `${path} ${fault}`).join("; ");
  const text = why === "" ? message : `${message}: ${why}.`;
  const policy = await pagePolicy();
  const viewer: Viewer = { kind: (await browserOf(request)) === null ? "stranger" : "owner" };
  const body = errorPage({ viewer, policy }, { status, message: text, requestId });
  return pageResponse(body, policy, { status });
}

/** The parameter of the sign-in page that says that a form was not accepted. */
export const LOST_CHANGE = "lost";

/** Redirects to the sign-in page, and back afterwards. A form was sent from the page at its own address. */
function signInFirst(request: Request): Response {
  const { pathname, search } = new URL(request.url);
  const isReading = request.method === "GET" || request.method === "HEAD";
  const to = isReading ? pathname + search : pathname;
  return redirect(address("/sign-in", { to, [LOST_CHANGE]: isReading ? undefined : "yes" }));
}

/** The decoded last segment of the path. */
function paramOf(path: string, pathname: string): string {
  const colon = path.indexOf(":");
  if (colon < 0) return "";
  const segment = pathname.replace(/^\/+/, "/").slice(colon);
  try {
    if (segment !== "" && !segment.includes("/")) return decodeURIComponent(segment).trim();
  } catch {
    // Falls through: an address that cannot be decoded does not exist.
  }
  throw new AppError("NOT_FOUND", "There is no page at this address.");
}
