import type * as z from "zod";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import {
  type AppError,
  ERROR_STATUS,
  readAppError,
  unauthorized,
  type AppErrorData,
} from "../errors";
import type { Route } from "../wire/route";
import type { Warning } from "../wire/warnings";
import { authenticate, type Caller } from "./authenticate";
import { readInput } from "./input";
import {
  errorResponse,
  finish,
  jsonText,
  markDeprecated,
  type LimitState,
  taggedText,
  unlessKnown,
  withLimit,
} from "./respond";

/** The description of a request for the API log, without bodies and secrets. */
export type RequestLine = {
  endpoint: string;
  method: string;
  requestId: string;
  startedAt: number;
};

/** A request with a known caller and parsed input. */
export type Call<Query, Body, Who> = {
  caller: Who;
  query: Query;
  body: Body;
  /** The decoded last segment of the path, if it is a parameter. */
  param: string;
  /** Fields of the body that are ignored, and whether the client wants that to be an error. */
  warnings: Warning[];
  isStrict: boolean;
  request: Request;
  line: RequestLine;
};

/** The answer of a handler: a body, as a value or as the text of its JSON, or a whole response (streams, pages). */
export type Reply =
  | (({ body: unknown } | { json: string }) & {
      headers?: Record<string, string>;
      /** Whether the handler's own mutation has already logged and counted the request. */
      logged?: boolean;
      limit?: LimitState | null;
    })
  | Response;

/** An endpoint: its declaration and its implementation. */
export type Endpoint = {
  route: Route;
  serve: (ctx: ActionCtx, request: Request) => Promise<Response>;
};

type Handler<Query, Body, Who> = (
  ctx: ActionCtx,
  call: Call<Query, Body, Who>,
) => Promise<Reply> | Reply;

/** Writes the response of a failed request. */
export type ErrorWriter = (error: AppErrorData, requestId: string) => Response;

/**
 * An endpoint for callers with a key or token. Everyone else gets 401 before any data is read.
 * `writeError` is for protocols with their own form of errors.
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
 * Runs a handler. If a verified token belongs to a person without an account, creates the account
 * and runs the handler again; all other unknown callers get 401.
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

/**
 * Looks up the caller before a large body is read, so that an unknown key cannot make us read and
 * parse it.
 */
function admission(ctx: ActionCtx, caller: Caller | null) {
  if (caller === null) return undefined;
  return () => withUser(ctx, caller, () => ctx.runQuery(internal.users.admit, { caller }));
}

/** An endpoint without credentials. */
export function publicEndpoint<Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Query, Body>,
  handle: Handler<z.output<Query>, z.output<Body>, null>,
): Endpoint {
  return build(route, () => Promise.resolve(null), handle);
}

/** Serves every endpoint in the same order: caller, input, handler, answer, log. */
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
        const response = await settle(ctx, reply, { caller, line, route, request });
        if (route.deprecated || input.usesOldNames) markDeprecated(response);
        return finish(response, line.requestId);
      } catch (error) {
        return finish(await fail(ctx, error, caller, line, writeError), line.requestId);
      }
    },
  };
}

/** Answers and counts a request without a matching handler. */
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

type Settled = { caller: Caller | null; line: RequestLine; route: Route; request: Request };
type JsonReply = Exclude<Reply, Response>;

const textOf = (reply: JsonReply) => ("json" in reply ? reply.json : JSON.stringify(reply.body));

async function answerOf({ isTagged }: Route, reply: JsonReply): Promise<Response> {
  const text = textOf(reply);
  return isTagged ? await taggedText(text, reply.headers) : jsonText(200, text, reply.headers);
}

async function settle(
  ctx: ActionCtx,
  reply: Reply,
  { caller, line, route, request }: Settled,
): Promise<Response> {
  if (!(reply instanceof Response) && reply.logged) {
    return withLimit(jsonText(200, textOf(reply), reply.headers), reply.limit ?? null);
  }
  const answer = reply instanceof Response ? reply : await answerOf(route, reply);
  const response = unlessKnown(request, answer);
  const { limit } = await log(ctx, caller, line, { statusCode: response.status });
  return withLimit(response, limit);
}

/**
 * Answers an error. A small body is read before the key is looked up, so the caller may be unknown:
 * the transaction that logs the request finds out, and an unknown caller gets 401 whatever else is
 * wrong.
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

/** Logs the request. A failure here does not change the answer. */
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

/** Retries without counting: parallel requests of one user can conflict on the counter. */
async function logUncounted(
  ctx: ActionCtx,
  args: { caller: Caller | null; line: RequestLine } & Outcome,
): Promise<{ isStranger: boolean; limit: LimitState | null }> {
  try {
    return await ctx.runMutation(internal.apiLogs.record, { ...args, isUncounted: true });
  } catch (error) {
    console.error(`API log entry lost: ${args.line.requestId}`, error);
    return { isStranger: false, limit: null };
  }
}
