import type * as z from "zod";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { AppError, ERROR_STATUS, readAppError, unauthorized, type AppErrorData } from "../errors";
import { faultOf } from "../wire/fields";
import type { Route } from "../wire/route";
import { authenticate, type Caller } from "./authenticate";
import { readJsonObject } from "./body";
import { errorResponse, finish, json, withLimit, type LimitState } from "./respond";

/** What a request is, for its line in the API log. Bodies and secrets are no part of it. */
export type RequestLine = {
  endpoint: string;
  method: string;
  requestId: string;
  startedAt: number;
};

/** A request whose caller is known and whose input is parsed. */
export type Call<Query, Body, Who> = {
  caller: Who;
  query: Query;
  body: Body;
  /** The decoded last segment of the path, where the route has one. */
  param: string;
  request: Request;
  line: RequestLine;
};

/** What a handler answers: a JSON body, or a whole response (streams, pages). */
export type Reply =
  | {
      body: unknown;
      headers?: Record<string, string>;
      /** Whether the handler's own mutation has written the log line, and counted the request. */
      logged?: boolean;
      limit?: LimitState | null;
    }
  | Response;

/** An endpoint: its declaration, and how to serve a request. */
export type Endpoint = {
  route: Route;
  serve: (ctx: ActionCtx, request: Request) => Promise<Response>;
};

type Handler<Query, Body, Who> = (
  ctx: ActionCtx,
  call: Call<Query, Body, Who>,
) => Promise<Reply> | Reply;

/** Writes the answer of a request that failed. */
export type ErrorWriter = (error: AppErrorData, requestId: string) => Response;

/**
 * An endpoint for callers with a key or token: everyone else gets 401 before anything is read.
 * `writeError` is for a protocol that words errors in its own form.
 */
export function endpoint<Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Query, Body>,
  handle: Handler<z.output<Query>, z.output<Body>, Caller>,
  writeError: ErrorWriter = errorResponse,
): Endpoint {
  return build(
    route,
    async (ctx, request) => ({ ...(await authenticate(ctx, request)), limit: route.limit }),
    async (ctx, call) => await withUser(ctx, call.caller, () => handle(ctx, call)),
    writeError,
  );
}

/**
 * Runs a handler. For a verified token whose person has no account yet, makes the account and runs it
 * again; all other strangers stay 401.
 */
async function withUser<Result>(
  ctx: ActionCtx,
  caller: Caller,
  run: () => Promise<Result> | Result,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const isStranger = readAppError(error)?.code === "UNAUTHORIZED";
    if (!isStranger || caller.kind !== "token") throw error;
    await ctx.runAction(internal.workos.ensureTokenUser, {});
    return await run();
  }
}

/** Looks the caller up before a large body is read: an unknown key must not cost reading and parsing it. */
function admission(ctx: ActionCtx, caller: Caller | null) {
  if (caller === null) return undefined;
  return () => withUser(ctx, caller, () => ctx.runQuery(internal.users.admit, { caller }));
}

/** An endpoint that needs no credentials. */
export function publicEndpoint<Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Query, Body>,
  handle: Handler<z.output<Query>, z.output<Body>, null>,
): Endpoint {
  return build(route, () => Promise.resolve(null), handle);
}

/** Serves every endpoint in the same order: caller, input, handler, answer, log line or count. */
function build<Query extends z.ZodType, Body extends z.ZodType, Who extends Caller | null>(
  route: Route<Query, Body>,
  identify: (ctx: ActionCtx, request: Request) => Promise<Who>,
  handle: Handler<z.output<Query>, z.output<Body>, Who>,
  writeError: ErrorWriter = errorResponse,
): Endpoint {
  return {
    route,
    serve: async (ctx, request) => {
      const line = lineOf(route.path, request);
      let caller: Who | null = null;
      try {
        caller = await identify(ctx, request);
        const input = await readInput(route, request, admission(ctx, caller));
        const reply = await handle(ctx, { caller, ...input, request, line });
        return finish(await settle(ctx, reply, caller, line), line.requestId);
      } catch (error) {
        return finish(await fail(ctx, error, caller, line, writeError), line.requestId);
      }
    },
  };
}

/** Answers a request that no handler takes, and counts it. */
export async function refuse(
  ctx: ActionCtx,
  request: Request,
  endpoint: string,
  error: AppError,
): Promise<Response> {
  const line = lineOf(endpoint, request);
  return finish(await fail(ctx, error, null, line), line.requestId);
}

function lineOf(endpoint: string, request: Request): RequestLine {
  return {
    endpoint,
    method: request.method,
    requestId: crypto.randomUUID().replace(/-/g, "").slice(0, 16),
    startedAt: Date.now(),
  };
}

async function readInput<Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Query, Body>,
  request: Request,
  beforeLarge: (() => Promise<unknown>) | undefined,
): Promise<{ query: z.output<Query>; body: z.output<Body>; param: string }> {
  const url = new URL(request.url);
  const param = readParam(route, url.pathname);
  const query = parse(route.query, Object.fromEntries(paramEntries(url.searchParams)));
  const body = parse(
    route.body,
    route.body ? await readJsonObject(request, route.listedItems, { beforeLarge }) : undefined,
  );
  return { query, body, param };
}

function paramEntries(params: URLSearchParams): [string, string][] {
  const entries: [string, string][] = [];
  params.forEach((value, name) => entries.push([name, value]));
  return entries;
}

/** Parses by the declaration; a route without a schema takes nothing. */
export function parse<Schema extends z.ZodType>(
  schema: Schema | undefined,
  value: unknown,
): z.output<Schema> {
  if (schema === undefined) return undefined as z.output<Schema>;
  const result = schema.safeParse(value, { error: faultOf });
  if (result.success) return result.data;
  const details = zodDetails(result.error);
  if (result.error.issues.some(({ code }) => code === "too_big")) {
    throw new AppError("PAYLOAD_TOO_LARGE", "The request is too large", { details });
  }
  throw new AppError("INVALID_REQUEST", "Invalid request", { details });
}

/** The fields at fault, in the form of error bodies. */
export function zodDetails(error: z.ZodError): { path: string; message: string }[] {
  return error.issues.flatMap((issue) => {
    const at = (path: readonly PropertyKey[]) => path.map(String).join(".");
    if (issue.code !== "unrecognized_keys")
      return [{ path: at(issue.path), message: issue.message }];
    return issue.keys.map((key) => ({ path: at([...issue.path, key]), message: "is not known" }));
  });
}

/** The last segment, decoded; what cannot be one of ours is 404 like everything unknown. */
function readParam(route: Route, pathname: string): string {
  const colon = route.path.indexOf(":");
  if (colon < 0) return "";
  const segment = pathname.replace(/^\/+/, "/").slice(colon);
  if (segment === "" || segment.includes("/")) throw new AppError("NOT_FOUND", "Not found");
  try {
    // Ids are trimmed when they are sent.
    return decodeURIComponent(segment).trim();
  } catch {
    throw new AppError("NOT_FOUND", "Not found");
  }
}

async function settle(
  ctx: ActionCtx,
  reply: Reply,
  caller: Caller | null,
  line: RequestLine,
): Promise<Response> {
  if (!(reply instanceof Response) && reply.logged) {
    return withLimit(json(200, reply.body, reply.headers), reply.limit ?? null);
  }
  const response = reply instanceof Response ? reply : json(200, reply.body, reply.headers);
  const { limit } = await log(ctx, caller, line, { statusCode: response.status });
  return withLimit(response, limit);
}

/**
 * Answers an error. A small body is read before the key is looked up, so the fault may be a stranger's:
 * the transaction that records the request finds out, and a stranger gets 401 whatever else was wrong.
 */
async function fail(
  ctx: ActionCtx,
  error: unknown,
  caller: Caller | null,
  line: RequestLine,
  writeError: ErrorWriter = errorResponse,
) {
  const expected = readAppError(error);
  if (expected === null) console.error(`${line.method} ${line.endpoint} ${line.requestId}`, error);
  const shown: AppErrorData = expected ?? { code: "INTERNAL", message: "Internal error" };
  const { code: errorCode, retryAfterMs } = shown;
  const outcome = { statusCode: ERROR_STATUS[errorCode], errorCode };
  const { isStranger, limit } = await log(ctx, caller, line, {
    ...outcome,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  const response = writeError(isStranger ? unauthorized().data : shown, line.requestId);
  return withLimit(response, limit);
}

type Outcome = { statusCode: number; errorCode?: string; retryAfterMs?: number };

/** Records the request. A failure here does not change the answer. */
async function log(
  ctx: ActionCtx,
  caller: Caller | null,
  line: RequestLine,
  outcome: Outcome,
): Promise<{ isStranger: boolean; limit: LimitState | null }> {
  const args = { caller, line, ...outcome };
  try {
    return await ctx.runMutation(internal.apiLogs.record, args);
  } catch {
    return await logUncounted(ctx, args);
  }
}

/** Retries without counting: parallel requests of one user can conflict on the count. */
async function logUncounted(
  ctx: ActionCtx,
  args: { caller: Caller | null; line: RequestLine } & Outcome,
): Promise<{ isStranger: boolean; limit: LimitState | null }> {
  try {
    return await ctx.runMutation(internal.apiLogs.record, { ...args, isUncounted: true });
  } catch (error) {
    console.error(`API log line lost: ${args.line.requestId}`, error);
    return { isStranger: false, limit: null };
  }
}
