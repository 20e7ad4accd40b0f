import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { contributionOf, type LedgerRow } from "../../lib/stats/ledger";
import { rowsMatching, type Day } from "../../lib/stats/totals";
import { DAY_MS, dayStart, utcDate } from "../../lib/time";
import { takeWithin } from "../readBudget";

/** What one statistic reads of the ledger: 30 years of days, ten of busy ones (2 kB each). */
const DAYS = { rows: 11_000, bytes: 8 * 1024 * 1024 };

/**
 * The user's days from one UTC day to another, both included and each optional, newest first. Days
 * beyond what one statistic reads are left out, the oldest first.
 */
export async function days(
  ctx: QueryCtx,
  user: User,
  range: { from?: string; to?: string },
): Promise<Day[]> {
  const inOrder = ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) =>
      q
        .eq("userId", user._id)
        .gte("date", range.from ?? "")
        .lte("date", range.to ?? "9999-12-31"),
    )
    .order("desc");
  const found = await takeWithin(inOrder, { ...DAYS });
  return found.map(({ date, stats }) => ({ date, rows: stats.rows }));
}

/** The rows of these days, of one source or of all. */
export function rowsOf(days: readonly Day[], source: string | undefined): LedgerRow[] {
  return rowsMatching(
    days.flatMap(({ rows }) => rows),
    { source },
  );
}

/** What is read of single sessions, where days are too coarse. */
const SESSIONS = { rows: 1_000, bytes: 4 * 1024 * 1024 };

/** What the ledger would say of the sessions that started from a moment on, until before another. */
async function rowsBetween(
  ctx: QueryCtx,
  user: User,
  { from, to = Infinity }: { from: number; to?: number },
): Promise<LedgerRow[]> {
  const sessions = ctx.db
    .query("sessions")
    .withIndex("by_user_and_created_at", (q) =>
      q.eq("userId", user._id).gte("createdAt", from).lt("createdAt", to),
    )
    .order("desc");
  const found = await takeWithin(sessions, { ...SESSIONS });
  return found.map((session) => contributionOf(session).row);
}

/** What the ledger would say of the sessions that started in the last 24 hours. */
export async function lastDayRows(ctx: QueryCtx, user: User, now: number): Promise<LedgerRow[]> {
  return await rowsBetween(ctx, user, { from: now - DAY_MS });
}

/**
 * The user's days from a moment on, newest first. The ledger knows whole days: of the one in which
 * the moment lies, the sessions that started later are read.
 */
export async function daysSince(ctx: QueryCtx, user: User, from: number): Promise<Day[]> {
  const date = utcDate(from);
  const to = dayStart(date) + DAY_MS;
  const whole = await days(ctx, user, { from: utcDate(to) });
  return [...whole, { date, rows: await rowsBetween(ctx, user, { from, to }) }];
}
