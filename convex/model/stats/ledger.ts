import { withoutSystemFields } from "convex-helpers";
import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import {
  addCells,
  type Cells,
  packCells,
  QUARTERS_A_DAY,
  unpackCells,
} from "../../lib/stats/cells";
import type { Grain } from "../../lib/stats/ledger";
import {
  type Booking,
  contributionOf,
  isActive,
  lastQuarter,
  type SessionDay,
  withBookings,
  type GrainCells,
} from "../../lib/stats/sessionDay";
import { DAY_MS } from "../../lib/time";

/** Rows that one day may have; further combinations of names are booked under `(other)`. */
const GRAINS_MAX = 1_000;
/** Delay from a change to the copy of its day in `dailyWrapped`; longer for a day with many rows. */
const COPY_DELAY_MS = 30_000;
const COPY_DELAY_PER_GRAIN_MS = 100;

/** The names under which a session is booked. */
export type Names = Pick<SessionDay, "source" | "project" | "provider" | "model">;

type Session = { _id: Id<"sessions">; userId: Id<"users"> };
type StoredDay = { now: SessionDay; row: Doc<"sessionDays"> | null };

export const dayOf = (at: number) => Math.floor(at / DAY_MS);

/**
 * The days of one session during a refresh. Reads each day once; `save` writes the days that changed, and
 * their effect on the ledger.
 */
export class SessionDays {
  readonly #days = new Map<number, StoredDay>();
  constructor(
    readonly ctx: MutationCtx,
    readonly session: Session,
    readonly names: Names,
  ) {}

  /** Applies bookings to their days. */
  async book(bookings: readonly Booking[]): Promise<void> {
    const byDay = new Map<number, Booking[]>();
    for (const booking of bookings) {
      const day = dayOf(booking.at);
      const present = byDay.get(day);
      if (present === undefined) byDay.set(day, [booking]);
      else present.push(booking);
    }
    for (const [day, ofDay] of byDay) {
      const stored = await this.#day(day);
      stored.now = withBookings(stored.now, ofDay);
    }
  }

  /** Moves the start of the session from one quarter hour (since 1970) to another. */
  async setStart(before: number | undefined, start: number): Promise<void> {
    if (before === start) return;
    if (before !== undefined) {
      const stored = await this.#day(Math.floor(before / QUARTERS_A_DAY));
      stored.now = { ...stored.now, start: undefined };
    }
    const stored = await this.#day(Math.floor(start / QUARTERS_A_DAY));
    stored.now = { ...stored.now, start: start % QUARTERS_A_DAY };
  }

  /** Renames up to `count` days after a day; returns the last one renamed if there may be more. */
  async rename(after: number, count: number): Promise<number | undefined> {
    const rows = await this.ctx.db
      .query("sessionDays")
      .withIndex("by_session_and_day", (q) => q.eq("sessionId", this.session._id).gt("day", after))
      .take(count);
    for (const row of rows) {
      const stored = await this.#day(row.day, row);
      stored.now = { ...stored.now, ...this.names };
    }
    return rows.length === count ? rows.at(-1)?.day : undefined;
  }

  /** The session's latest days, newest first, from which decreased totals are subtracted. */
  async latest(count: number): Promise<SessionDay[]> {
    const rows = await this.ctx.db
      .query("sessionDays")
      .withIndex("by_session_and_day", (q) => q.eq("sessionId", this.session._id))
      .order("desc")
      .take(count);
    const days: SessionDay[] = [];
    for (const row of rows) days.push((await this.#day(row.day, row)).now);
    return days;
  }

  async save(): Promise<void> {
    await this.#linkDays();
    for (const { now, row } of this.#days.values()) {
      const before = row === null ? undefined : withoutSystemFields(row);
      const after = isActive(now) ? now : undefined;
      if (before !== undefined && after !== undefined && isSameDay(before, after)) continue;
      await applyToLedger(this.ctx, this.session.userId, now.day, before, after);
      const { _id: sessionId, userId } = this.session;
      if (row === null && after) {
        await this.ctx.db.insert("sessionDays", { sessionId, userId, ...after });
      } else if (row !== null && after) {
        await this.ctx.db.replace("sessionDays", row._id, { sessionId, userId, ...after });
      } else if (row !== null) await this.ctx.db.delete("sessionDays", row._id);
    }
  }

  async #day(day: number, known?: Doc<"sessionDays">): Promise<StoredDay> {
    const present = this.#days.get(day);
    if (present !== undefined) return present;
    const row = known ?? (await findDay(this.ctx, this.session._id, day));
    const stored = { row, now: row === null ? await this.#blank(day) : asDay(row) };
    this.#days.set(day, stored);
    return stored;
  }

  async #blank(day: number): Promise<SessionDay> {
    const ledgerDay = await findLedgerDay(this.ctx, this.session.userId, day);
    const isOther = (ledgerDay?.grains ?? 0) >= GRAINS_MAX;
    return { day, ...this.names, ...(isOther ? { isOther } : {}), entries: [] };
  }

  /** Updates `previous`, the session's last activity before a day, on the days that follow a changed one. */
  async #linkDays(): Promise<void> {
    for (const day of Array.from(this.#days.keys()).sort((a, b) => a - b)) {
      const stored = this.#days.get(day);
      if (stored === undefined) continue;
      const { row, now } = stored;
      if (row === null) now.previous = await this.#lastBefore(day);
      const last = isActive(now) ? lastQuarter(now) : now.previous;
      const lastThen = row === null ? now.previous : lastQuarter(asDay(row));
      if (last === lastThen) continue;
      const next = await this.#nextDay(day);
      if (next !== undefined) next.now = { ...next.now, previous: last };
    }
  }

  /** The next day after this one that is stored or about to be. */
  async #nextDay(day: number): Promise<StoredDay | undefined> {
    const row = await this.ctx.db
      .query("sessionDays")
      .withIndex("by_session_and_day", (q) => q.eq("sessionId", this.session._id).gt("day", day))
      .first();
    const stored = row === null ? undefined : await this.#day(row.day, row);
    const fresh = Array.from(this.#days.values())
      .filter(({ row: own, now }) => own === null && now.day > day && isActive(now))
      .sort((a, b) => a.now.day - b.now.day)[0];
    if (fresh === undefined || stored === undefined) return fresh ?? stored;
    return fresh.now.day < stored.now.day ? fresh : stored;
  }

  async #lastBefore(day: number): Promise<number | undefined> {
    const row = await this.ctx.db
      .query("sessionDays")
      .withIndex("by_session_and_day", (q) => q.eq("sessionId", this.session._id).lt("day", day))
      .order("desc")
      .first();
    const known = Array.from(this.#days.values()).filter(({ now }) => now.day < day);
    const candidates = [
      ...known.filter(({ now }) => isActive(now)).map(({ now }) => lastQuarter(now)),
      row === null || this.#days.has(row.day) ? undefined : lastQuarter(asDay(row)),
    ].filter((quarter) => quarter !== undefined);
    return candidates.length === 0 ? undefined : Math.max(...candidates);
  }
}

function asDay(row: Doc<"sessionDays">): SessionDay {
  const { sessionId, userId, ...day } = withoutSystemFields(row);
  return day;
}

function isSameDay(a: SessionDay, b: SessionDay): boolean {
  const text = (day: SessionDay) =>
    JSON.stringify([
      [day.source, day.project, day.provider, day.model, day.previous, day.start],
      day.entries.map((entry) => [entry.provider, entry.model, entry.isReported, entry.cells]),
    ]);
  return text(a) === text(b);
}

async function findDay(ctx: QueryCtx, sessionId: Id<"sessions">, day: number) {
  return await ctx.db
    .query("sessionDays")
    .withIndex("by_session_and_day", (q) => q.eq("sessionId", sessionId).eq("day", day))
    .unique();
}

async function findLedgerDay(ctx: QueryCtx, userId: Id<"users">, day: number) {
  return await ctx.db
    .query("ledgerDays")
    .withIndex("by_user_and_day", (q) => q.eq("userId", userId).eq("day", day))
    .unique();
}

/** Replaces a session's contribution to the rows of a day. */
async function applyToLedger(
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
  let grains = 0;
  let isChanged = false;
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const change: Cells = new Map();
    const [was, is] = [old.get(key), now.get(key)];
    if (is !== undefined) addCells(change, is.cells, 1);
    if (was !== undefined) addCells(change, was.cells, -1);
    const grain: Grain | undefined = is?.grain ?? was?.grain;
    if (change.size === 0 || grain === undefined) continue;
    grains += await changeGrain(ctx, userId, day, grain, change);
    isChanged = true;
  }
  if (isChanged) await markDayChanged(ctx, userId, day, grains);
}

/** Adds cells to a row of the day; returns the change in the number of rows. */
async function changeGrain(
  ctx: MutationCtx,
  userId: Id<"users">,
  day: number,
  grain: Grain,
  change: Cells,
): Promise<number> {
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
  addCells(cells, change, 1);
  if (row === null) {
    if (cells.size === 0) return 0;
    await ctx.db.insert("ledgerGrains", { userId, day, ...grain, cells: packCells(cells) });
    return 1;
  }
  if (cells.size === 0) {
    await ctx.db.delete("ledgerGrains", row._id);
    return -1;
  }
  await ctx.db.patch("ledgerGrains", row._id, { cells: packCells(cells) });
  return 0;
}

/** Marks the day's copy in `dailyWrapped` as out of date, and schedules a new copy unless one is scheduled. */
async function markDayChanged(
  ctx: MutationCtx,
  userId: Id<"users">,
  day: number,
  growth: number,
): Promise<void> {
  const stored = await findLedgerDay(ctx, userId, day);
  const grains = (stored?.grains ?? 0) + growth;
  const isOpen = stored?.foldDueAt !== undefined;
  if (stored !== null && isOpen && growth === 0) return;
  const delay = COPY_DELAY_MS + grains * COPY_DELAY_PER_GRAIN_MS;
  const foldDueAt = stored?.foldDueAt ?? Date.now() + delay;
  if (stored === null) await ctx.db.insert("ledgerDays", { userId, day, grains, foldDueAt });
  else await ctx.db.patch("ledgerDays", stored._id, { grains, foldDueAt });
  if (!isOpen) await ctx.scheduler.runAfter(delay, internal.wrapped.foldDay, { userId, day });
}

/** Removes a day of a deleted session, and its contribution to the ledger. */
export async function removeSessionDay(ctx: MutationCtx, row: Doc<"sessionDays">): Promise<void> {
  await applyToLedger(ctx, row.userId, row.day, asDay(row), undefined);
  await ctx.db.delete("sessionDays", row._id);
}
