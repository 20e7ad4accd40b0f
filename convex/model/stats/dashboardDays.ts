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
import type { GrainNames } from "../../lib/stats/totals";
import { UTC, Zone } from "../../lib/stats/zones";
import { DAY_MS, utcDate } from "../../lib/time";
import type { User } from "../accounts/user";
import { hasRoom, takeWithin } from "../readBudget";

/** Read budget of one statistic: 30 years of days, or ten years of busy ones (2 kB each). */
const DAYS_BUDGET = { rows: 11_000, bytes: 7 * 1024 * 1024 };
/** Open days read per user. A day is copied seconds after it changes, but an import opens many at once. */
const OPEN_DAYS_MAX = 400;
/** Read budget for rows of open days; days beyond it are read from their last copy in `dailyWrapped`. */
const GRAINS_BUDGET = { rows: 3_000, bytes: 3 * 1024 * 1024 };

/** A query of the ledger: days in a time zone (UTC if absent), and the names of the rows that count. */
export type StatisticsQuery = DateRange & GrainNames & { tz?: string };

/** Statistics of a user. Omits the oldest days if they exceed the read budget. */
export async function statistics(
  ctx: QueryCtx,
  user: User,
  { tz = UTC, from, to, ...names }: StatisticsQuery,
): Promise<Statistics> {
  const zone = new Zone(tz);
  const range = { from, to };
  const stored = await storedDays(ctx, user, utcRange(range, zone));
  return statisticsOf(stored, range, { zone, names });
}

/** Statistics of a user since a time, rounded to the nearest quarter hour. */
export async function statisticsSince(
  ctx: QueryCtx,
  user: User,
  { since, source }: { since: number; source?: string },
): Promise<Statistics> {
  const bounds = { from: Math.round(since / QUARTER_MS), to: Infinity };
  const stored = await storedDays(ctx, user, { from: utcDate(bounds.from * QUARTER_MS) });
  return statisticsWithin(stored, bounds, { zone: new Zone(UTC), names: { source } });
}

/** Reads the UTC days of a range: open days from the ledger itself, the others from their copies. */
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
  for (const { date, stats } of await takeWithin(inOrder, { ...DAYS_BUDGET })) {
    days.set(date, { date, grains: stats.grains ?? [], whole: stats.rows ?? [] });
  }
  const budget = { ...GRAINS_BUDGET };
  for (const day of await openDays(ctx, user)) {
    const date = utcDate(day * DAY_MS);
    if ((from !== undefined && date < from) || (to !== undefined && date > to)) continue;
    const grains = await takeWithin(grainsOf(ctx, user._id, day), budget);
    if (!hasRoom(budget)) break;
    days.set(date, { date, grains, whole: days.get(date)?.whole ?? [] });
  }
  return Array.from(days.values());
}

/** Days that have changed since they were last copied, newest first. */
async function openDays(ctx: QueryCtx, user: User): Promise<number[]> {
  const open = await ctx.db
    .query("ledgerDays")
    .withIndex("by_user_and_copy_due_at", (q) => q.eq("userId", user._id).gt("copyDueAt", 0))
    .order("desc")
    .take(OPEN_DAYS_MAX);
  return open.map(({ day }) => day).sort((a, b) => b - a);
}

/** Rows of one day of the ledger. */
export function grainsOf(ctx: QueryCtx, userId: Id<"users">, day: number) {
  return ctx.db
    .query("ledgerGrains")
    .withIndex("by_user_and_day_and_grain", (q) => q.eq("userId", userId).eq("day", day));
}
