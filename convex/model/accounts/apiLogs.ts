import { v, type Infer } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import { env, type MutationCtx } from "../../_generated/server";
import { ERROR_STATUS } from "../../errors";
import { DAY_MS } from "../../lib/time";
import { noteUse } from "./keyUse";
import { count, refusedState, vLimitState, type LimitState } from "./rateLimits";
import { countStranger, pruneStrangers } from "./strangers";
import { findCaller, findNewcomer, type Caller } from "./users";

/** A request as the HTTP layer describes it. */
export const vRequestLine = v.object({
  endpoint: v.string(),
  method: v.string(),
  requestId: v.string(),
  startedAt: v.number(),
});
type RequestLine = Infer<typeof vRequestLine>;

type Outcome = { statusCode: number; errorCode?: string };
type Refusal = { retryAfterMs?: number; isUncounted?: boolean };

/** Writes the log line of a request whose user is known, and counts it; returns the state of its limit. */
export async function writeCounted(
  ctx: MutationCtx,
  who: { user: Doc<"users">; caller: Caller },
  line: RequestLine,
  outcome: Outcome,
): Promise<LimitState | null> {
  const { user, caller } = who;
  const limit = await count(ctx, user, caller.limit ?? "none");
  const counted = limit && { limitClass: limit.class, remaining: limit.remaining };
  await write(ctx, who, line, { ...outcome, ...counted });
  return limit;
}

async function write(
  ctx: MutationCtx,
  who: { user: Doc<"users">; caller: Caller },
  { startedAt, ...line }: RequestLine,
  outcome: Outcome & { limitClass?: string; remaining?: number },
): Promise<void> {
  if (who.caller.kind === "key") await noteUse(ctx, who.user, who.caller.prefix, Date.now());
  await ctx.db.insert("apiLogs", {
    ...line,
    ...outcome,
    durationMs: Math.max(0, Date.now() - startedAt),
    userId: who.user._id,
    ...(who.caller.kind === "key" ? { keyPrefix: who.caller.prefix } : {}),
  });
}

/** Whether the caller has no account, and the state of the limit. */
export const vRecorded = v.object({
  isStranger: v.boolean(),
  limit: v.union(vLimitState, v.null()),
});

/**
 * Records a request: a log line for callers with an account, a count for all others. A key or token
 * without an account gets 401 whatever else was wrong, except a WorkOS token that may still create its
 * account. A known caller's request counts against the limit of its class, unless that limit refused it.
 * `isUncounted` writes only the log line, because parallel requests of one user can conflict on the count.
 */
export async function record(
  ctx: MutationCtx,
  caller: Caller | null,
  line: RequestLine,
  { retryAfterMs, isUncounted, ...outcome }: Outcome & Refusal,
): Promise<Infer<typeof vRecorded>> {
  const user = caller && (await findCaller(ctx, caller));
  if (caller === null || user === null) {
    const isNewcomer = caller?.kind === "token" && (await findNewcomer(ctx)) !== null;
    const isStranger = caller !== null && !isNewcomer;
    await countStranger(ctx, isStranger ? ERROR_STATUS.UNAUTHORIZED : outcome.statusCode);
    return { isStranger, limit: null };
  }
  const known = { user, caller };
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

/** Lines deleted by one mutation: small documents, far below every limit. */
const PRUNE_BATCH = 1_000;
const DEFAULT_RETENTION_DAYS = 7;

/** Deletes a batch of lines older than the retention; true if there may be more. */
export async function pruneBatch(ctx: MutationCtx, now: number): Promise<boolean> {
  const days = Number(env.API_LOG_RETENTION_DAYS ?? DEFAULT_RETENTION_DAYS);
  const keep = Number.isFinite(days) && days > 0 ? days : DEFAULT_RETENTION_DAYS;
  const old = await ctx.db
    .query("apiLogs")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", now - keep * DAY_MS))
    .take(PRUNE_BATCH);
  for (const line of old) await ctx.db.delete("apiLogs", line._id);
  await pruneStrangers(ctx, now - keep * DAY_MS);
  return old.length === PRUNE_BATCH;
}
