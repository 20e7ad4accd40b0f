import { internal } from "../../_generated/api";
import type { Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { addCells, type Cells, packCells, unpackCells } from "../../lib/stats/cells";
import {
  contributionOf,
  type GrainCells,
  packed,
  type SessionDay,
} from "../../lib/stats/sessionDay";
import {
  addToolCells,
  packToolCells,
  type ToolCells,
  unpackToolCells,
} from "../../lib/stats/toolCells";

/** The rows of the ledger: adds what sessions contribute to a day, and counts the rows of the day. */

/** Delay from a change to the copy of its day in `dailyWrapped`; longer for a day with many rows. */
const COPY_DELAY_MS = 30_000;
const COPY_DELAY_PER_GRAIN_MS = 100;

/** By how much the number of a day's rows grew, and the number of tools in all its rows. */
type Growth = { grains: number; tools: number };

export async function findLedgerDay(ctx: QueryCtx, userId: Id<"users">, day: number) {
  return await ctx.db
    .query("ledgerDays")
    .withIndex("by_user_and_day", (q) => q.eq("userId", userId).eq("day", day))
    .unique();
}

/** Replaces a session's contribution to the rows of a day. */
export async function applyToLedger(
  ctx: MutationCtx,
  userId: Id<"users">,
  day: number,
  before: SessionDay | undefined,
  after: SessionDay | undefined,
): Promise<void> {
  const contribution = (one: SessionDay | undefined): ReturnType<typeof contributionOf> =>
    one === undefined ? new Map<string, GrainCells>() : contributionOf(one);
  const old = contribution(before);
  const now = contribution(after);
  const growth = { grains: 0, tools: 0 };
  let isChanged = false;
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(key), now.get(key)];
    const grain = is?.grain ?? was?.grain;
    const change = differenceOf(is, was);
    if (grain === undefined || change.cells.size + change.tools.size === 0) continue;
    const changed = await changeGrain(ctx, { userId, day }, { grain, ...change });
    growth.grains += changed.grains;
    growth.tools += changed.tools;
    isChanged = true;
  }
  if (isChanged) await markDayChanged(ctx, userId, day, growth);
}

function differenceOf(is: GrainCells | undefined, was: GrainCells | undefined) {
  const cells: Cells = new Map();
  const tools: ToolCells = new Map();
  for (const [one, sign] of [[is, 1] as const, [was, -1] as const]) {
    if (one === undefined) continue;
    addCells(cells, one.cells, sign);
    addToolCells(tools, one.tools, sign);
  }
  return { cells, tools };
}

/** Adds cells to a row of the day; returns the change in the number of rows, and of the tools in them. */
async function changeGrain(
  ctx: MutationCtx,
  { userId, day }: { userId: Id<"users">; day: number },
  { grain, ...change }: GrainCells,
): Promise<Growth> {
  const row = await ctx.db
    .query("ledgerGrains")
    .withIndex("by_user_and_day_and_grain", (q) =>
      q
        .eq("userId", userId)
        .eq("day", day)
        .eq("source", grain.source)
        .eq("provider", grain.provider)
        .eq("model", grain.model)
        .eq("project", grain.project),
    )
    .unique();
  const cells = unpackCells(row?.cells ?? "");
  const tools = unpackToolCells(row?.tools);
  const before = tools.size;
  addCells(cells, change.cells, 1);
  addToolCells(tools, change.tools, 1);
  const growth = tools.size - before;
  const isEmpty = cells.size + tools.size === 0;
  if (row === null) {
    if (isEmpty) return { grains: 0, tools: 0 };
    const sums = { cells: packCells(cells), ...packed(tools) };
    await ctx.db.insert("ledgerGrains", { userId, day, ...grain, ...sums });
    return { grains: 1, tools: growth };
  }
  if (isEmpty) {
    await ctx.db.delete("ledgerGrains", row._id);
    return { grains: -1, tools: growth };
  }
  const sums = { cells: packCells(cells), tools: packToolCells(tools) };
  await ctx.db.patch("ledgerGrains", row._id, sums);
  return { grains: 0, tools: growth };
}

/** Marks the day's copy in `dailyWrapped` as out of date, and schedules a new copy unless one is scheduled. */
async function markDayChanged(
  ctx: MutationCtx,
  userId: Id<"users">,
  day: number,
  growth: Growth,
): Promise<void> {
  const stored = await findLedgerDay(ctx, userId, day);
  const grains = (stored?.grains ?? 0) + growth.grains;
  const tools = (stored?.tools ?? 0) + growth.tools || undefined;
  const isOpen = stored?.copyDueAt !== undefined;
  if (stored !== null && isOpen && growth.grains === 0 && growth.tools === 0) return;
  const delay = COPY_DELAY_MS + grains * COPY_DELAY_PER_GRAIN_MS;
  const copyDueAt = stored?.copyDueAt ?? Date.now() + delay;
  const counts = { grains, tools };
  if (stored === null) await ctx.db.insert("ledgerDays", { userId, day, ...counts, copyDueAt });
  else await ctx.db.patch("ledgerDays", stored._id, { ...counts, copyDueAt });
  if (!isOpen) await ctx.scheduler.runAfter(delay, internal.wrapped.copyDay, { userId, day });
}
