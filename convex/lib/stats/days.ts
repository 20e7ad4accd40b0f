import { DAY_MS, dayStart, utcDate } from "../time";
import { addSums, type CellSums, fullSums, QUARTER_MS, QUARTERS_A_DAY, unpackCells } from "./cells";
import { type Grain, type LedgerRow, OPTIONAL_SUMS } from "./ledger";
import { grainKey } from "./sessionDay";
import { addCount, unpackToolCells } from "./toolCells";
import type { ToolCount } from "./tools";
import { grainFilter, type GrainNames } from "./totals";
import type { Zone } from "./zones";

/** Statistics for the days of a time zone, from the quarter hours of UTC days. Pure. */

/** A stored UTC day. `whole` are rows of version 1, which have no hours. */
export type StoredDay = {
  date: string;
  grains: readonly (Grain & { cells: string; tools?: string })[];
  whole: readonly LedgerRow[];
};

/** One day of a time zone. */
export type Day = { date: string; rows: LedgerRow[] };

/** Days newest first, rows over the whole range, rows by hour of the day, and counts by tool. */
export type Statistics = {
  days: Day[];
  rows: LedgerRow[];
  hours: Map<number, LedgerRow[]>;
  tools: Map<string, ToolCount>;
};

/** First and last day of a range in a time zone, both inclusive and optional. */
export type DateRange = { from?: string; to?: string };

/** The UTC days that contain the quarter hours of a range. */
export function utcRange(range: DateRange, zone: Zone): DateRange {
  const { from, to } = boundsOf(range, zone);
  return {
    ...(from === -Infinity ? {} : { from: utcDate(from * QUARTER_MS) }),
    ...(to === Infinity ? {} : { to: utcDate((to - 1) * QUARTER_MS) }),
  };
}

/** The range in quarter hours, `to` exclusive. */
function boundsOf({ from, to }: DateRange, zone: Zone): Bounds {
  return {
    from: from === undefined ? -Infinity : zone.startOf(from),
    to: to === undefined ? Infinity : zone.startOf(utcDate(dayStart(to) + DAY_MS)),
  };
}

export type Bounds = { from: number; to: number };

/** The time zone of the days, and the names of the rows that count. */
type Selection = { zone: Zone; names?: GrainNames };

/** Statistics over the days of a range. */
export function statisticsOf(
  stored: readonly StoredDay[],
  range: DateRange,
  { zone, names }: Selection,
): Statistics {
  return statisticsWithin(stored, boundsOf(range, zone), { zone, names });
}

/** Statistics between two quarter hours. */
export function statisticsWithin(
  stored: readonly StoredDay[],
  bounds: Bounds,
  { zone, names = {} }: Selection,
): Statistics {
  const byDay = new Map<string, Rows>();
  const byHour = new Map<number, Rows>();
  const all = new Rows();
  const tools = new Map<string, ToolCount>();
  const isWanted = grainFilter(names);
  for (const { date, grains, whole } of stored) {
    const first = dayStart(date) / QUARTER_MS;
    for (const grain of grains.filter(isWanted)) {
      addToolsWithin(tools, grain.tools, { from: bounds.from - first, to: bounds.to - first });
      for (const [at, { sums, gaps }] of unpackCells(grain.cells)) {
        const quarter = first + at;
        if (quarter < bounds.from || quarter >= bounds.to) continue;
        const day = zone.dateOf(quarter);
        const begun = (start: number) => sessionsSince(gaps, quarter, start);
        all.add(grain, quarter, sums, begun(bounds.from));
        rowsAt(byDay, day).add(grain, quarter, sums, begun(zone.startOf(day)));
        rowsAt(byHour, zone.hourOf(quarter)).add(grain, quarter, sums, begun(quarter));
      }
    }
    if (whole.length === 0 || !isWhole(date, bounds, zone)) continue;
    for (const row of whole.filter(isWanted)) {
      all.addWhole(row);
      rowsAt(byDay, date).addWhole(row);
    }
  }
  const days = Array.from(byDay, ([date, rows]) => ({ date, rows: rows.list() }));
  return {
    days: days.sort((a, b) => (a.date < b.date ? 1 : -1)),
    rows: all.list(),
    hours: new Map(Array.from(byHour, ([hour, rows]) => [hour, rows.list()])),
    tools,
  };
}

/** Adds the tools of a row in a range of quarter hours of its day. */
function addToolsWithin(
  to: Map<string, ToolCount>,
  packed: string | undefined,
  { from, to: end }: Bounds,
): void {
  for (const [tool, quarters] of unpackToolCells(packed)) {
    for (const [quarter, count] of quarters)
      if (quarter >= from && quarter < end) addCount(to, tool, count);
  }
}

/** Whether a day without hours lies in the range: its noon decides. */
function isWhole(date: string, { from, to }: Bounds, zone: Zone): boolean {
  const noon = zone.startOf(date) + QUARTERS_A_DAY / 2;
  return noon >= from && noon < to;
}

/**
 * The sessions of a cell that were not active between `start` and the cell, so that the range
 * counts them here.
 */
function sessionsSince(gaps: ReadonlyMap<number, number>, quarter: number, start: number): number {
  let sessions = 0;
  for (const [gap, count] of gaps) if (gap === 0 || quarter - gap < start) sessions += count;
  return sessions;
}

function rowsAt<K>(groups: Map<K, Rows>, key: K): Rows {
  const present = groups.get(key) ?? new Rows();
  groups.set(key, present);
  return present;
}

type OpenRow = { grain: Grain; sums: CellSums; sessions: number; lastQuarter: number };

/** Accumulates rows. */
export class Rows {
  readonly #rows = new Map<string, OpenRow>();
  readonly #whole: LedgerRow[] = [];

  add(grain: Grain, quarter: number, sums: CellSums, sessions: number): void {
    const key = grainKey(grain);
    const row = this.#rows.get(key) ?? { grain, sums: {}, sessions: 0, lastQuarter: 0 };
    this.#rows.set(key, row);
    addSums(row.sums, sums, 1);
    row.sessions += sessions;
    row.lastQuarter = Math.max(row.lastQuarter, quarter);
  }

  addWhole(row: LedgerRow): void {
    this.#whole.push(row);
  }

  list(): LedgerRow[] {
    return [...Array.from(this.#rows.values(), asRow), ...this.#whole];
  }
}

function asRow({ grain, sums, sessions, lastQuarter }: OpenRow): LedgerRow {
  const { source, provider, model, project } = grain;
  const { extraTokens, ...full } = fullSums(sums);
  const totalTokens = full.promptTokens + full.completionTokens + extraTokens;
  const row: LedgerRow = {
    ...{ source, provider, model, project, sessions },
    messages: full.messages,
    promptTokens: full.promptTokens,
    completionTokens: full.completionTokens,
    totalTokens,
    costNanos: full.costNanos,
    durationMs: full.durationMs,
    lastActiveAt: lastQuarter * QUARTER_MS,
  };
  for (const key of OPTIONAL_SUMS) if (full[key] !== 0) row[key] = full[key];
  return row;
}
