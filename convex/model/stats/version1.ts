import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { subtractRow } from "../../lib/stats/ledger";
import { claimedOf } from "../../lib/sync/sessionTotals";

/** Bookings of version 1: each session as a whole, on the day it started, in `dailyWrapped.stats.rows`. */

/** Removes a session from the day in which version 1 booked it. */
export async function removeVersion1Row(ctx: MutationCtx, session: Doc<"sessions">): Promise<void> {
  const { userId, ledger } = session;
  if (ledger === undefined) return;
  const day = await ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) => q.eq("userId", userId).eq("date", ledger.date))
    .unique();
  if (day === null) return;
  const rows = subtractRow(day.stats.rows ?? [], ledger.row);
  const { grains } = day.stats;
  if (rows.length === 0 && grains === undefined) await ctx.db.delete("dailyWrapped", day._id);
  else {
    const stats = { ...(rows.length > 0 ? { rows } : {}), ...(grains ? { grains } : {}) };
    await ctx.db.patch("dailyWrapped", day._id, { stats });
  }
}

/** Whether version 1 counted the session as a whole, not message by message. */
export function isOfVersion1({ booked, messageCount, ledger }: Doc<"sessions">): boolean {
  return booked === undefined && (messageCount > 0 || ledger !== undefined);
}

/** Fields that reset the counts of such a session, so that the refresh counts all of its messages again. */
export function resetCounts(session: Doc<"sessions">) {
  return {
    claimed: claimedOf(session),
    ledger: undefined,
    messageCount: 0,
    counted: undefined,
    modelOrderKey: undefined,
    secrets: undefined,
    foldedThrough: 0,
    adoptedThrough: undefined,
  };
}
