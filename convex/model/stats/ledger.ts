import { withoutSystemFields } from "convex-helpers";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { QUARTERS_A_DAY } from "../../lib/stats/cells";
import {
  type Booking,
  isActive,
  lastQuarter,
  type SessionDay,
  toolsOf,
  withBookings,
} from "../../lib/stats/sessionDay";
import { DAY_MS } from "../../lib/time";
import { applyToLedger, findLedgerDay } from "./ledgerRows";

/** Rows that one day may have; further combinations of names are booked under `(other)`. */
const GRAINS_MAX = 1_000;
/** Tools that the rows of one day may have in all; further ones are booked under `(other)`. */
const DAY_TOOLS_MAX = 800;

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
      const takesNoTools = await this.#takesNoTools(stored.now, ofDay);
      stored.now = withBookings(stored.now, ofDay, { takesNoTools });
    }
  }

  /** Whether tools that are new to the session's day are booked under `(other)`. Reads only if there are any. */
  async #takesNoTools(day: SessionDay, bookings: readonly Booking[]): Promise<boolean> {
    const named = bookings.flatMap(({ tools }) => Array.from(tools?.keys() ?? []));
    if (named.length === 0) return false;
    const known = toolsOf(day);
    if (named.every((tool) => known.has(tool))) return false;
    const ledgerDay = await findLedgerDay(this.ctx, this.session.userId, day.day);
    return (ledgerDay?.tools ?? 0) >= DAY_TOOLS_MAX;
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
      day.entries.map((entry) => [
        entry.provider,
        entry.model,
        entry.isReported,
        entry.cells,
        entry.tools,
      ]),
    ]);
  return text(a) === text(b);
}

async function findDay(ctx: QueryCtx, sessionId: Id<"sessions">, day: number) {
  return await ctx.db
    .query("sessionDays")
    .withIndex("by_session_and_day", (q) => q.eq("sessionId", sessionId).eq("day", day))
    .unique();
}

/** Removes a day of a deleted session, and its contribution to the ledger. */
export async function removeSessionDay(ctx: MutationCtx, row: Doc<"sessionDays">): Promise<void> {
  await applyToLedger(ctx, row.userId, row.day, asDay(row), undefined);
  await ctx.db.delete("sessionDays", row._id);
}
