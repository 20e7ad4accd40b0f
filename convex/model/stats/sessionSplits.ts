import type { Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { type SessionSplits, sessionSplits } from "../../lib/stats/sessionSplits";

/** Days of a session that its usage is split over; of a longer one the latest. */
const DAYS_MAX = 100;

/** Splits a session's usage by model and by day. Reads one document a day, about 200 bytes each. */
export async function usageSplits(
  ctx: QueryCtx,
  sessionId: Id<"sessions">,
): Promise<SessionSplits> {
  const days = await ctx.db
    .query("sessionDays")
    .withIndex("by_session_and_day", (q) => q.eq("sessionId", sessionId))
    .order("desc")
    .take(DAYS_MAX);
  return sessionSplits(days);
}
