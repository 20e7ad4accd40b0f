import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { addCells, type Cells, packCells, unpackCells } from "../../lib/stats/cells";
import { OTHER } from "../../lib/stats/ledger";
import { packed } from "../../lib/stats/sessionDay";
import {
  addToolCells,
  mergedTools,
  type ToolCells,
  unpackToolCells,
} from "../../lib/stats/toolCells";
import { RECENT_DAYS, recentTokens, wrappedStats } from "../../lib/stats/wrapped";
import type { WrappedPicture } from "../../lib/stats/wrappedSvg";
import { UTC } from "../../lib/stats/zones";
import { DAY_MS, dayStart, utcDate } from "../../lib/time";
import { defined } from "../../lib/record";
import type { User } from "../accounts/user";
import { takeWithin } from "../readBudget";
import { grainsOf, statistics } from "./dashboardDays";

/** Minutes after midnight UTC at which yesterday is closed; must match `crons.ts`. */
const CLOSE_MINUTE = 20;

/** A user's day as the Wrapped picture shows it, and whether it had any activity. */
export async function picture(
  ctx: QueryCtx,
  user: User,
  { date, tz = UTC }: { date: string; tz?: string },
): Promise<{ picture: WrappedPicture; isActive: boolean }> {
  const from = utcDate(dayStart(date) - (RECENT_DAYS - 1) * DAY_MS);
  const { days: recent } = await statistics(ctx, user, { from, to: date, tz });
  const day = recent.find((one) => one.date === date) ?? { date, rows: [] };
  return {
    picture: { date, stats: wrappedStats(day.rows), recent: recentTokens(recent, date) },
    isActive: day.rows.length > 0,
  };
}

/** Returns when the current day will be closed. */
export function nextCloseAt(now: number): number {
  const today = dayStart(utcDate(now)) + CLOSE_MINUTE * 60_000;
  return now < today ? today : today + DAY_MS;
}

/** Enough for all rows of a day: the ledger starts no new row at 1,000, except those of one session. */
const GRAINS_BUDGET = { rows: 3_000, bytes: 6 * 1024 * 1024 };
/** Largest copy of a day; a document may have 1 MiB. */
const COPY_MAX_BYTES = 700_000;

/** Copies a day of the ledger to `dailyWrapped`, where statistics read it. */
export async function copyDay(
  ctx: MutationCtx,
  { userId, day, now }: { userId: Id<"users">; day: number; now: number },
): Promise<void> {
  const open = await ctx.db
    .query("ledgerDays")
    .withIndex("by_user_and_day", (q) => q.eq("userId", userId).eq("day", day))
    .unique();
  if (open?.copyDueAt === undefined) return;
  const found = await takeWithin(grainsOf(ctx, userId, day), { ...GRAINS_BUDGET });
  const grains = fitToDocument(
    found.map(({ source, provider, model, project, cells, tools }) => {
      return { source, provider, model, project, cells, ...defined({ tools }) };
    }),
  );
  const date = utcDate(day * DAY_MS);
  const stored = await ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) => q.eq("userId", userId).eq("date", date))
    .unique();
  const rows = stored?.stats.rows;
  const stats = { ...(rows ? { rows } : {}), ...(grains.length > 0 ? { grains } : {}) };
  const isEmpty = rows === undefined && grains.length === 0;
  if (stored === null && !isEmpty) {
    await ctx.db.insert("dailyWrapped", { userId, date, stats, closedAt: now });
  } else if (stored !== null && isEmpty) await ctx.db.delete("dailyWrapped", stored._id);
  else if (stored !== null) {
    await ctx.db.patch("dailyWrapped", stored._id, { stats, closedAt: now });
  }
  if (found.length === 0) await ctx.db.delete("ledgerDays", open._id);
  else await ctx.db.patch("ledgerDays", open._id, { copyDueAt: undefined, grains: found.length });
}

type PackedGrain = NonNullable<Doc<"dailyWrapped">["stats"]["grains"]>[number];

/** Keeps the largest rows that fit one document, and merges the rest into `(other)`. */
function fitToDocument(grains: PackedGrain[]): PackedGrain[] {
  const bytes = (grain: PackedGrain) => 100 + JSON.stringify(grain).length * 2;
  let used = grains.reduce((sum, grain) => sum + bytes(grain), 0);
  if (used <= COPY_MAX_BYTES) return grains;
  const kept = [...grains].sort((a, b) => b.cells.length - a.cells.length);
  const other: Cells = new Map();
  const tools: ToolCells = new Map();
  // Leaves room for the cells of `(other)` itself.
  while (used > COPY_MAX_BYTES - 100_000) {
    const last = kept.pop();
    if (last === undefined) break;
    used -= bytes(last);
    addCells(other, unpackCells(last.cells), 1);
    addToolCells(tools, mergedTools(unpackToolCells(last.tools)), 1);
  }
  const names = { source: OTHER, provider: OTHER, model: OTHER, project: OTHER };
  return [...kept, { ...names, cells: packCells(other), ...packed(tools) }];
}

/** Days that the cron schedules at a time. */
const LOST_MAX = 200;

/** Schedules lost copies again; true if there may be more. */
export async function closeDays(ctx: MutationCtx, now: number): Promise<boolean> {
  const due = await ctx.db
    .query("ledgerDays")
    .withIndex("by_copy_due_at", (q) => q.gt("copyDueAt", 0).lt("copyDueAt", now))
    .take(LOST_MAX);
  for (const { _id, userId, day } of due) {
    // Moves the due time, so that the next call finds other days.
    await ctx.db.patch("ledgerDays", _id, { copyDueAt: now + DAY_MS });
    await ctx.scheduler.runAfter(0, internal.wrapped.copyDay, { userId, day });
  }
  return due.length === LOST_MAX;
}
