import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import {
  addRow,
  type Contribution,
  isSameContribution,
  isSameGrain,
  type LedgerRow,
  placeRow,
  subtractRow,
} from "../../lib/stats/ledger";
import { DAY_MS, dayStart } from "../../lib/time";
import { type Budget, hasRoom, takeWithin } from "../readBudget";

/**
 * What is looked at when the most recently active session of a row leaves it: 200 others. A day with
 * more keeps the later time until the cron that closes days has recomputed it.
 */
const LAST_ACTIVE_SCAN = { rows: 201, bytes: 512 * 1024 };

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
  if (before !== undefined && after !== undefined) {
    if (isSameContribution(before, after)) return before;
    if (before.date === after.date) return await moveWithinDay(ctx, userId, before, after);
  }
  if (before !== undefined) {
    const day = await findDay(ctx, userId, before.date);
    await saveDay(ctx, day, await without(ctx, day, before));
  }
  return after && (await addTo(ctx, await findDay(ctx, userId, after.date), after));
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
  const rest = staysInRow ? subtractRow(day.rows, before.row) : await without(ctx, day, before);
  return await addTo(ctx, { ...day, rows: rest }, after);
}

/** Saves a day with this contribution added; answers what the day holds of it. */
async function addTo(
  ctx: MutationCtx,
  day: Day,
  { date, row }: Contribution,
): Promise<Contribution> {
  const placed = placeRow(day.rows, row);
  await saveDay(ctx, day, addRow(day.rows, placed));
  return { date, row: placed };
}

/** The day's rows without this contribution, the latest activity of the rest found again. */
async function without(ctx: QueryCtx, day: Day, before: Contribution): Promise<LedgerRow[]> {
  const present = day.rows.find((row) => isSameGrain(row, before.row));
  if (present === undefined || present.sessions <= before.row.sessions) {
    return subtractRow(day.rows, before.row);
  }
  if (present.lastActiveAt > before.row.lastActiveAt) return subtractRow(day.rows, before.row);
  return subtractRow(day.rows, before.row, await lastActiveOfOthers(ctx, day.userId, before));
}

async function lastActiveOfOthers(
  ctx: QueryCtx,
  userId: Id<"users">,
  before: Contribution,
): Promise<number | undefined> {
  const scan = { ...LAST_ACTIVE_SCAN };
  const held = await contributionsOn(ctx, userId, before.date, scan);
  if (!hasRoom(scan)) return undefined;
  const others = held.filter(({ row }) => isSameGrain(row, before.row));
  // The session that leaves is still stored with `before`; any equal one stands for it.
  const leaving = others.findIndex((other) => isSameContribution(other, before));
  const staying = others.filter((_, index) => index !== leaving);
  const latest = Math.max(...staying.map(({ row }) => row.lastActiveAt));
  return Number.isFinite(latest) ? latest : undefined;
}

/**
 * What the sessions of a UTC day say that it holds of them, as far as the budget goes: while it has
 * room afterwards, these are all.
 */
export async function contributionsOn(
  ctx: QueryCtx,
  userId: Id<"users">,
  date: string,
  budget: Budget,
): Promise<Contribution[]> {
  const start = dayStart(date);
  const sessions = ctx.db.query("sessions").withIndex("by_user_and_created_at", (q) =>
    q
      .eq("userId", userId)
      .gte("createdAt", start)
      .lt("createdAt", start + DAY_MS),
  );
  return (await takeWithin(sessions, budget))
    .map((session) => session.ledger)
    .filter((ledger) => ledger !== undefined)
    .filter((ledger) => ledger.date === date);
}

/** A day as it is stored, or as it would be. */
type Day = {
  userId: Id<"users">;
  date: string;
  rows: LedgerRow[];
  stored: Doc<"dailyWrapped"> | null;
};

async function findDay(ctx: QueryCtx, userId: Id<"users">, date: string): Promise<Day> {
  const stored = await ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) => q.eq("userId", userId).eq("date", date))
    .unique();
  return { userId, date, rows: stored?.stats.rows ?? [], stored };
}

/** An empty day has no row. A changed day is open again, until the cron has checked it. */
async function saveDay(
  ctx: MutationCtx,
  { userId, date, stored }: Day,
  rows: LedgerRow[],
): Promise<void> {
  if (stored === null) {
    if (rows.length > 0) await ctx.db.insert("dailyWrapped", { userId, date, stats: { rows } });
  } else if (rows.length === 0) {
    await ctx.db.delete("dailyWrapped", stored._id);
  } else {
    await ctx.db.patch("dailyWrapped", stored._id, { stats: { rows }, closedAt: undefined });
  }
}
