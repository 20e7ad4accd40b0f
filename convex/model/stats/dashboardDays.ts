import type { Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { QUARTER_MS } from "../../lib/stats/cells";
import {
  type DateRange,
  type Statistics,
  statisticsOf,
  statisticsWithin,
  type StoredDay,
  utcRange,
} from "../../lib/stats/days";
import { UTC, Zone } from "../../lib/stats/zones";
import { DAY_MS, utcDate } from "../../lib/time";
import type { User } from "../accounts/user";
import { hasRoom, takeWithin } from "../readBudget";

/** What one statistic reads: 30 years of days, ten of busy ones (2 kB each). */
const DAYS = { rows: 11_000, bytes: 7 * 1024 * 1024 };
/** Open days of one user: a day is copied seconds after it changed, but an import opens many. */
const OPEN_DAYS_MAX = 400;
/** Rows of open days; what is beyond them is as `dailyWrapped` last copied it. */
const GRAINS = { rows: 3_000, bytes: 3 * 1024 * 1024 };

/** What is asked of the ledger: days of a zone (UTC if absent), of one source or of all. */
export type StatisticsQuery = DateRange & { source?: string; tz?: string };

/** Statistics of a user. Days beyond what one statistic reads are left out, the oldest first. */
export async function statistics(
  ctx: QueryCtx,
  user: User,
  { source, tz = UTC, ...range }: StatisticsQuery,
): Promise<Statistics> {
  const zone = new Zone(tz);
  const stored = await storedDays(ctx, user, utcRange(range, zone));
  return statisticsOf(stored, range, { zone, source });
}

/** The same from a moment on, to the nearest quarter hour. */
export async function statisticsSince(
  ctx: QueryCtx,
  user: User,
  { since, source }: { since: number; source?: string },
): Promise<Statistics> {
  const bounds = { from: Math.round(since / QUARTER_MS), to: Infinity };
  const stored = await storedDays(ctx, user, { from: utcDate(bounds.from * QUARTER_MS) });
  return statisticsWithin(stored, bounds, { zone: new Zone(UTC), source });
}

/** The UTC days of a range: open ones from the ledger itself, the others from their copies. */
export async function storedDays(
  ctx: QueryCtx,
  user: User,
  { from, to }: DateRange,
): Promise<StoredDay[]> {
  const inOrder = ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) =>
      q
        .eq("userId", user._id)
        .gte("date", from ?? "")
        .lte("date", to ?? "9999-12-31"),
    )
    .order("desc");
  const days = new Map<string, StoredDay>();
  for (const { date, stats } of await takeWithin(inOrder, { ...DAYS })) {
    days.set(date, { date, grains: stats.grains ?? [], whole: stats.rows ?? [] });
  }
  const budget = { ...GRAINS };
  for (const day of await openDays(ctx, user)) {
    const date = utcDate(day * DAY_MS);
    if ((from !== undefined && date < from) || (to !== undefined && date > to)) continue;
    const grains = await takeWithin(grainsOf(ctx, user._id, day), budget);
    if (!hasRoom(budget)) break;
    days.set(date, { date, grains, whole: days.get(date)?.whole ?? [] });
  }
  return Array.from(days.values());
}

/** The days that have changed since they were copied, newest first. */
async function openDays(ctx: QueryCtx, user: User): Promise<number[]> {
  const open = await ctx.db
    .query("ledgerDays")
    .withIndex("by_user_and_fold_due_at", (q) => q.eq("userId", user._id).gt("foldDueAt", 0))
    .order("desc")
    .take(OPEN_DAYS_MAX);
  return open.map(({ day }) => day).sort((a, b) => b - a);
}

/** The rows of a day of the ledger. */
export function grainsOf(ctx: QueryCtx, userId: Id<"users">, day: number) {
  return ctx.db
    .query("ledgerGrains")
    .withIndex("by_user_and_day_and_grain", (q) => q.eq("userId", userId).eq("day", day));
}
