import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { sampleWeight } from "../../lib/accounts/sampledCount";

const HOUR_MS = 3_600_000;

/**
 * Counts requests whose caller has no account, in one row per hour. Writes the row less often the higher its
 * count (sampling), because a flood must neither fill tables nor make its requests conflict.
 */
export async function countStranger(ctx: MutationCtx, statusCode: number): Promise<void> {
  const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const latest = await ctx.db.query("strangerRequests").order("desc").first();
  const status = String(statusCode);
  if (latest?.hour !== hour) {
    await ctx.db.insert("strangerRequests", { hour, counts: { [status]: 1 } });
    return;
  }
  const weight = sampleWeight(totalOf(latest));
  if (weight > 1 && Math.random() >= 1 / weight) return;
  const counts = { ...latest.counts, [status]: (latest.counts[status] ?? 0) + weight };
  await ctx.db.patch("strangerRequests", latest._id, { counts });
}

function totalOf({ counts }: Doc<"strangerRequests">): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Rows deleted by one mutation; a month has about 700. */
const PRUNE_BATCH = 1_000;

/** Deletes a batch of counts of hours before `until` (ms). */
export async function pruneStrangers(ctx: MutationCtx, until: number): Promise<void> {
  const old = await ctx.db
    .query("strangerRequests")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", until))
    .take(PRUNE_BATCH);
  for (const { _id } of old) await ctx.db.delete("strangerRequests", _id);
}
