import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { isSameGrain, type LedgerRow, rowsOf } from "../../lib/stats/ledger";
import type { Day } from "../../lib/stats/totals";
import { DAY_MS, dayStart, utcDate } from "../../lib/time";
import { RECENT_DAYS, recentTokens, wrappedStats } from "../../lib/stats/wrapped";
import type { WrappedPicture } from "../../lib/stats/wrappedSvg";
import { days } from "./dashboardDays";
import { type Budget, hasRoom, takeWithin } from "../readBudget";
import { contributionsOn } from "./ledger";

/** Minutes after midnight UTC at which yesterday is closed; `crons.ts` says the same. */
const CLOSE_MINUTE = 20;

/** A user's day as the picture shows it, and whether anything happened on it. */
export async function picture(
  ctx: QueryCtx,
  user: User,
  date: string,
): Promise<{ picture: WrappedPicture; isActive: boolean }> {
  const from = utcDate(dayStart(date) - (RECENT_DAYS - 1) * DAY_MS);
  const recent = await days(ctx, user, { from, to: date });
  const day: Day = recent.find((one) => one.date === date) ?? { date, rows: [] };
  return {
    picture: { date, stats: wrappedStats(day.rows), recent: recentTokens(recent, date) },
    isActive: day.rows.length > 0,
  };
}

/** When the next day is closed. */
export function nextCloseAt(now: number): number {
  const today = dayStart(utcDate(now)) + CLOSE_MINUTE * 60_000;
  return now < today ? today : today + DAY_MS;
}

/**
 * What one run reads: open days, of which a very full one has 700 kB, and sessions of theirs. It
 * begins no further day once it has read so much; the last may take as much again, and more.
 */
const OPEN_DAYS = { rows: 20, bytes: 2 * 1024 * 1024 };
const SESSIONS = { rows: 2_000, bytes: 2 * 1024 * 1024 };
/** A day with more sessions is closed as its refreshes made it: one transaction cannot read it. */
const RECONCILE_MAX = { rows: 4_001, bytes: 6 * 1024 * 1024 };

/**
 * Closes days before today that have changed since they were last closed: recomputes each from what
 * its sessions say it holds, and stamps it. True if more are open.
 */
export async function closeDays(ctx: MutationCtx, now: number): Promise<boolean> {
  const stillOpen = ctx.db
    .query("dailyWrapped")
    .withIndex("by_closed_at", (q) => q.eq("closedAt", undefined).lt("date", utcDate(now)));
  const days = { ...OPEN_DAYS };
  const sessions = { ...SESSIONS };
  for (const day of await takeWithin(stillOpen, days)) {
    if (!hasRoom(sessions)) return true;
    await closeDay(ctx, day, now, sessions);
  }
  return !hasRoom(days);
}

async function closeDay(
  ctx: MutationCtx,
  day: Doc<"dailyWrapped">,
  now: number,
  run: Budget,
): Promise<void> {
  const own = { ...RECONCILE_MAX };
  const held = await contributionsOn(ctx, day.userId, day.date, own);
  run.rows -= RECONCILE_MAX.rows - own.rows;
  run.bytes -= RECONCILE_MAX.bytes - own.bytes;
  const before = day.stats.rows;
  const rows = hasRoom(own) ? inOrderOf(before, rowsOf(held)) : before;
  if (rows.length === 0) await ctx.db.delete("dailyWrapped", day._id);
  else await ctx.db.patch("dailyWrapped", day._id, { stats: { rows }, closedAt: now });
}

/** The same rows in the order they stood in, so that a right day is written back unchanged. */
function inOrderOf(before: readonly LedgerRow[], rows: readonly LedgerRow[]): LedgerRow[] {
  const place = (row: LedgerRow) => {
    const index = before.findIndex((other) => isSameGrain(other, row));
    return index < 0 ? before.length : index;
  };
  return [...rows].sort((a, b) => place(a) - place(b));
}
