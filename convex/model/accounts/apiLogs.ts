import { v, type Infer } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import { env, type MutationCtx } from "../../_generated/server";
import { readAppError } from "../../errors";
import { DAY_MS } from "../../lib/time";
import { count, refusedState, vLimitState, type LimitState } from "./rateLimits";
import { ensureViewer, findCaller, type Caller } from "./users";

/** What a request was, said by the HTTP door. */
export const vRequestLine = v.object({
  endpoint: v.string(),
  method: v.string(),
  requestId: v.string(),
  startedAt: v.number(),
});
type RequestLine = Infer<typeof vRequestLine>;

type Outcome = { statusCode: number; errorCode?: string };
type Refusal = { retryAfterMs?: number; isUncounted?: boolean };

/** Writes the line of a request whose user is known, and counts it; answers what is left. */
export async function writeCounted(
  ctx: MutationCtx,
  who: { user: Doc<"users">; caller: Caller },
  line: RequestLine,
  outcome: Outcome,
): Promise<LimitState | null> {
  const { user, caller } = who;
  const limit = await count(ctx, user, caller.limit ?? "none");
  const counted = limit && { limitClass: limit.class, remaining: limit.remaining };
  await write(ctx, { userId: user._id, caller }, line, { ...outcome, ...counted });
  return limit;
}

async function write(
  ctx: MutationCtx,
  who: { userId?: Id<"users">; caller: Caller | null },
  { startedAt, ...line }: RequestLine,
  outcome: Outcome & { limitClass?: string; remaining?: number },
): Promise<void> {
  await ctx.db.insert("apiLogs", {
    ...line,
    ...outcome,
    durationMs: Math.max(0, Date.now() - startedAt),
    ...(who.userId ? { userId: who.userId } : {}),
    ...(who.caller?.kind === "key" ? { keyPrefix: who.caller.prefix } : {}),
  });
}

/** What the door learns from the log line: whether the caller is nobody, and what is left of a limit. */
export const vRecorded = v.object({
  isStranger: v.boolean(),
  limit: v.union(vLimitState, v.null()),
});

/**
 * Writes the line of any request. A caller whose key or token is nobody's is a stranger: the line
 * says 401, and so does the answer. A known one's request counts against the limit of its class,
 * whatever came of it, unless it was refused for that limit. (`isUncounted`: parallel requests of one
 * user wait for each other to be counted; a line must not be lost over that.)
 */
export async function record(
  ctx: MutationCtx,
  caller: Caller | null,
  line: RequestLine,
  { retryAfterMs, isUncounted, ...outcome }: Outcome & Refusal,
): Promise<Infer<typeof vRecorded>> {
  if (caller === null) {
    await write(ctx, { caller }, line, outcome);
    return { isStranger: false, limit: null };
  }
  const user = await admitted(ctx, caller);
  if (user === null) {
    await write(ctx, { caller }, line, { statusCode: 401, errorCode: "UNAUTHORIZED" });
    return { isStranger: true, limit: null };
  }
  const known = { userId: user._id, caller };
  if (outcome.errorCode === "RATE_LIMITED") {
    await write(ctx, known, line, outcome);
    const limit = refusedState(caller.limit ?? "none", retryAfterMs ?? 0);
    return { isStranger: false, limit };
  }
  if (isUncounted) {
    await write(ctx, known, line, outcome);
    return { isStranger: false, limit: null };
  }
  const limit = await writeCounted(ctx, { user, caller }, line, outcome);
  return { isStranger: false, limit };
}

/** The user of a caller, made at first sight of a WorkOS token; null for strangers. */
async function admitted(ctx: MutationCtx, caller: Caller): Promise<Doc<"users"> | null> {
  const known = await findCaller(ctx, caller);
  if (known !== null || caller.kind === "key") return known;
  try {
    return await ensureViewer(ctx);
  } catch (error) {
    if (readAppError(error)?.code === "UNAUTHORIZED") return null;
    throw error;
  }
}

/** Lines deleted by one mutation: small documents, far from every limit. */
const PRUNE_BATCH = 1_000;
const DEFAULT_RETENTION_DAYS = 30;

/** Deletes a batch of lines older than the retention; true if there may be more. */
export async function pruneBatch(ctx: MutationCtx, now: number): Promise<boolean> {
  const days = Number(env.API_LOG_RETENTION_DAYS ?? DEFAULT_RETENTION_DAYS);
  const keep = Number.isFinite(days) && days > 0 ? days : DEFAULT_RETENTION_DAYS;
  const old = await ctx.db
    .query("apiLogs")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", now - keep * DAY_MS))
    .take(PRUNE_BATCH);
  for (const line of old) await ctx.db.delete("apiLogs", line._id);
  return old.length === PRUNE_BATCH;
}
