import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import {
  addRow,
  type Contribution,
  isSameContribution,
  isSameGrain,
  type LedgerRow,
  placeRow,
  subtractRow,
} from "../lib/ledger";
import { DAY_MS, dayStart } from "../lib/time";

/**
 * Sessions looked at when the most recently active one of a row leaves it. A day with more keeps
 * the later time until the cron that closes days has recomputed it.
 */
const LAST_ACTIVE_SCAN = 200;

/**
 * Brings the ledger of days from what it holds of a session (`before`: the session's `ledger` field)
 * to what it shall hold (`after`; `undefined` when the session goes). Call it in the mutation that
 * changes the session, before writing the session, and store what it answers in `ledger`: that is
 * exactly what the day holds now. Nothing is written when both are the same.
 */
export async function applyToLedger(
  ctx: MutationCtx,
  userId: Id<"users">,
  before: Contribution | undefined,
  after: Contribution | undefined,
): Promise<Contribution | undefined> {
  if (before !== undefined && after !== undefined && isSameContribution(before, after)) {
    return before;
  }
  if (before !== undefined && after !== undefined && before.date === after.date) {
    return await moveWithinDay(ctx, userId, before, after);
  }
  if (before !== undefined) {
    const day = await findDay(ctx, userId, before.date);
    await saveDay(ctx, userId, before.date, day, await without(ctx, userId, day, before));
  }
  if (after === undefined) return undefined;
  const day = await findDay(ctx, userId, after.date);
  const rows = day === null ? [] : day.stats.rows;
  const row = placeRow(rows, after.row);
  await saveDay(ctx, userId, after.date, day, addRow(rows, row));
  return { date: after.date, row };
}

async function moveWithinDay(
  ctx: MutationCtx,
  userId: Id<"users">,
  before: Contribution,
  after: Contribution,
): Promise<Contribution> {
  const day = await findDay(ctx, userId, before.date);
  const staysInRow =
    isSameGrain(before.row, after.row) && after.row.lastActiveAt >= before.row.lastActiveAt;
  const rest = staysInRow
    ? subtractRow(day === null ? [] : day.stats.rows, before.row)
    : await without(ctx, userId, day, before);
  const row = placeRow(rest, after.row);
  await saveDay(ctx, userId, after.date, day, addRow(rest, row));
  return { date: after.date, row };
}

/** The day's rows without this contribution, the latest activity of the rest found again. */
async function without(
  ctx: QueryCtx,
  userId: Id<"users">,
  day: Doc<"dailyWrapped"> | null,
  before: Contribution,
): Promise<LedgerRow[]> {
  const rows = day === null ? [] : day.stats.rows;
  const present = rows.find((row) => isSameGrain(row, before.row));
  if (present === undefined || present.sessions <= before.row.sessions) {
    return subtractRow(rows, before.row);
  }
  if (present.lastActiveAt > before.row.lastActiveAt) return subtractRow(rows, before.row);
  return subtractRow(rows, before.row, await lastActiveOfOthers(ctx, userId, before));
}

async function lastActiveOfOthers(
  ctx: QueryCtx,
  userId: Id<"users">,
  before: Contribution,
): Promise<number | undefined> {
  const start = dayStart(before.date);
  const sessions = await ctx.db
    .query("sessions")
    .withIndex("by_user_and_created_at", (q) =>
      q
        .eq("userId", userId)
        .gte("createdAt", start)
        .lt("createdAt", start + DAY_MS),
    )
    .take(LAST_ACTIVE_SCAN + 1);
  if (sessions.length > LAST_ACTIVE_SCAN) return undefined;
  const others = sessions
    .map((session) => session.ledger)
    .filter((ledger) => ledger !== undefined)
    .filter(({ date, row }) => date === before.date && isSameGrain(row, before.row));
  // The session that leaves is still stored with `before`; any equal one stands for it.
  const leaving = others.findIndex((other) => isSameContribution(other, before));
  const staying = others.filter((_, index) => index !== leaving);
  const latest = Math.max(...staying.map(({ row }) => row.lastActiveAt));
  return Number.isFinite(latest) ? latest : undefined;
}

async function findDay(
  ctx: QueryCtx,
  userId: Id<"users">,
  date: string,
): Promise<Doc<"dailyWrapped"> | null> {
  return await ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) => q.eq("userId", userId).eq("date", date))
    .unique();
}

/** An empty day has no row. A changed day is open again, until the cron has checked it. */
async function saveDay(
  ctx: MutationCtx,
  userId: Id<"users">,
  date: string,
  day: Doc<"dailyWrapped"> | null,
  rows: LedgerRow[],
): Promise<void> {
  if (day === null) {
    if (rows.length > 0) await ctx.db.insert("dailyWrapped", { userId, date, stats: { rows } });
  } else if (rows.length === 0) {
    await ctx.db.delete("dailyWrapped", day._id);
  } else {
    await ctx.db.patch("dailyWrapped", day._id, { stats: { rows }, closedAt: undefined });
  }
}
