import { v, type Infer } from "convex/values";
import type { Id } from "../_generated/dataModel";
import { env, type MutationCtx } from "../_generated/server";
import { findCaller, type Caller } from "./users";

/** What a request was, said by the HTTP door. */
export const vRequestLine = v.object({
  endpoint: v.string(),
  method: v.string(),
  requestId: v.string(),
  startedAt: v.number(),
});
export type RequestLine = Infer<typeof vRequestLine>;

type Outcome = { statusCode: number; errorCode?: string };

/** Writes the line of a request whose user is known. */
export async function write(
  ctx: MutationCtx,
  who: { userId?: Id<"users">; caller: Caller | null },
  { startedAt, ...line }: RequestLine,
  outcome: Outcome,
): Promise<void> {
  await ctx.db.insert("apiLogs", {
    ...line,
    ...outcome,
    durationMs: Math.max(0, Date.now() - startedAt),
    ...(who.userId ? { userId: who.userId } : {}),
    ...(who.caller?.kind === "key" ? { keyPrefix: who.caller.prefix } : {}),
  });
}

/**
 * Writes the line of any request. A caller whose key or token is nobody's is a stranger: the line
 * says 401, and so does the answer (true).
 */
export async function record(
  ctx: MutationCtx,
  caller: Caller | null,
  line: RequestLine,
  outcome: Outcome,
): Promise<boolean> {
  const user = caller && (await findCaller(ctx, caller));
  const isStranger = caller !== null && user === null;
  const written = isStranger ? { statusCode: 401, errorCode: "UNAUTHORIZED" } : outcome;
  await write(ctx, { ...(user ? { userId: user._id } : {}), caller }, line, written);
  return isStranger;
}

/** Lines deleted by one mutation: small documents, far from every limit. */
const PRUNE_BATCH = 1_000;
const DEFAULT_RETENTION_DAYS = 30;
const DAY_MS = 86_400_000;

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
