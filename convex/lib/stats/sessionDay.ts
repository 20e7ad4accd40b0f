import { shownProvider } from "../sessions/providers";
import {
  addCells,
  addGap,
  addSums,
  cellAt,
  type Cells,
  type CellSums,
  dropEmpty,
  packCells,
  QUARTERS_A_DAY,
  unpackCells,
} from "./cells";
import { grainName } from "./names";
import { type Grain, OTHER } from "./ledger";
import { addTool, addToolCells, packToolCells, type ToolCells, unpackToolCells } from "./toolCells";
import type { ToolCount } from "./tools";

/**
 * What one session contributes to one UTC day of the ledger. A rewrite, a deletion or a new project
 * name subtracts exactly what was added, because this row records it.
 */
export type SessionDay = {
  /** Days since 1970. */
  day: number;
  /** As booked for the session; `provider` and `model` apply to messages that name none. */
  source: string;
  project: string;
  provider: string;
  model: string;
  /** The session's last active quarter hour (from 1970) before this day. */
  previous?: number;
  /** The quarter hour of the day (0–95) in which the session started, on its first day. */
  start?: number;
  /** The day had too many groups when the session was added: all of it is under `(other)`. */
  isOther?: boolean;
  entries: Entry[];
};

/**
 * Cells of one model, `""` for messages that name none, and the tools that its messages called
 * (`packToolCells`). `isReported` marks sums that only the session reports.
 */
export type Entry = {
  provider: string;
  model: string;
  isReported?: boolean;
  cells: string;
  tools?: string;
};

/** An addition to, or subtraction from, one time of a session. */
export type Booking = {
  at: number;
  provider: string;
  model: string;
  isReported?: boolean;
  sums: CellSums;
  tools?: ReadonlyMap<string, ToolCount>;
  sign: 1 | -1;
};

/** The most models that one session distinguishes per day; the others are summed as `(other)`. */
const ENTRIES_MAX = 40;
/** The most tools that one session distinguishes per day; the others are summed as `(other)`. */
const TOOLS_MAX = 60;

/**
 * Applies bookings to a day. All of them must be on that day. If `takesNoTools`, tools that the session
 * did not use before on the day are summed as `(other)`.
 */
export function withBookings(
  day: SessionDay,
  bookings: readonly Booking[],
  { takesNoTools = false } = {},
): SessionDay {
  const open = day.entries.map(({ tools, ...entry }) => ({
    ...entry,
    cells: unpackCells(entry.cells),
    tools: unpackToolCells(tools),
  }));
  const known = toolsOf(day);
  for (const booking of bookings) {
    const entry = entryOf(open, booking);
    const quarter = Math.floor(booking.at / 900_000) - day.day * QUARTERS_A_DAY;
    addSums(cellAt(entry.cells, quarter).sums, booking.sums, booking.sign);
    dropEmpty(entry.cells, quarter);
    for (const [name, count] of booking.tools ?? []) {
      // Once some tools are under `(other)`, an unknown name may be one of them, so it is booked there too.
      const isFull = takesNoTools || known.has(OTHER) || known.size >= TOOLS_MAX;
      const tool = !known.has(name) && isFull ? OTHER : name;
      known.add(tool);
      addTool(entry.tools, { tool, quarter }, count, booking.sign);
    }
  }
  const entries = open
    .filter(({ cells, tools }) => cells.size > 0 || tools.size > 0)
    .map(({ tools, ...entry }) => ({ ...entry, cells: packCells(entry.cells), ...packed(tools) }));
  return { ...day, entries };
}

/** The tools that a session used on a day. */
export function toolsOf({ entries }: SessionDay): Set<string> {
  return new Set(entries.flatMap(({ tools }) => Array.from(unpackToolCells(tools).keys())));
}

/** The field of a row that holds its tools, if it has any. */
export function packed(cells: ToolCells): { tools?: string } {
  const tools = packToolCells(cells);
  return tools === undefined ? {} : { tools };
}

type OpenEntry = Omit<Entry, "cells" | "tools"> & { cells: Cells; tools: ToolCells };

function entryOf(open: OpenEntry[], booking: Booking): OpenEntry {
  const isReported = booking.isReported ?? false;
  const find = (provider: string, model: string) =>
    open.find(
      (entry) =>
        entry.provider === provider &&
        entry.model === model &&
        (entry.isReported ?? false) === isReported,
    );
  const { provider, model } = booking;
  const other = find(OTHER, OTHER);
  const present = find(provider, model) ?? other;
  if (present !== undefined) return present;
  const isFull = open.length >= ENTRIES_MAX;
  const names = isFull ? { provider: OTHER, model: OTHER } : { provider, model };
  const marked = { ...names, ...(isReported ? { isReported } : {}) };
  const entry: OpenEntry = { ...marked, cells: new Map(), tools: new Map() };
  open.push(entry);
  return entry;
}

/** Whether the session was active on the day. */
export function isActive(day: SessionDay): boolean {
  return day.entries.length > 0 || day.start !== undefined;
}

/** The last quarter hour (from 1970) in which the session was active on the day. */
export function lastQuarter(day: SessionDay): number | undefined {
  const last = activeQuarters(day).at(-1);
  return last === undefined ? undefined : day.day * QUARTERS_A_DAY + last;
}

function activeQuarters(day: SessionDay): number[] {
  const active = new Set<number>(day.start === undefined ? [] : [day.start]);
  for (const { cells } of day.entries) for (const q of unpackCells(cells).keys()) active.add(q);
  return Array.from(active).sort((a, b) => a - b);
}

/** Cells of one grain. */
export type GrainCells = { grain: Grain; cells: Cells; tools: ToolCells };

/** What the session contributes to the ledger on this day, by grain. */
export function contributionOf(day: SessionDay): Map<string, GrainCells> {
  const byGrain = new Map<string, GrainCells>();
  const rowOf = (grain: Grain) => {
    const key = grainKey(grain);
    const present: GrainCells = byGrain.get(key) ?? { grain, cells: new Map(), tools: new Map() };
    byGrain.set(key, present);
    return present;
  };
  const inherited = inheritedModel(day);
  for (const entry of day.entries) {
    const model = entry.model === "" ? inherited : entry;
    const row = rowOf(grainOf(day, model));
    addCells(row.cells, unpackCells(entry.cells), 1);
    addToolCells(row.tools, unpackToolCells(entry.tools), 1);
  }
  let previous = day.previous;
  for (const quarter of activeQuarters(day)) {
    const holders = Array.from(byGrain.entries()).filter(([, { cells }]) => cells.has(quarter));
    // The smallest key, so that the result does not depend on the order of arrival.
    const [holder] = holders.sort(([a], [b]) => (a < b ? -1 : 1));
    const cells = holder?.[1].cells ?? rowOf(grainOf(day, inherited)).cells;
    const absolute = day.day * QUARTERS_A_DAY + quarter;
    addGap(cellAt(cells, quarter), previous === undefined ? 0 : absolute - previous, 1);
    previous = absolute;
  }
  return byGrain;
}

type Model = { provider: string; model: string };

/**
 * The model of messages that name none: the one with the most messages on this day, otherwise the
 * session's.
 */
function inheritedModel(day: SessionDay): Model {
  let best: (Model & { messages: number }) | undefined;
  for (const { provider, model, cells } of day.entries) {
    if (model === "") continue;
    const counts = Array.from(unpackCells(cells).values(), ({ sums }) => sums.messages ?? 0);
    const messages = counts.reduce((sum, count) => sum + count, 0);
    const isBetter =
      best === undefined ||
      messages > best.messages ||
      (messages === best.messages && model + "\0" + provider < best.model + "\0" + best.provider);
    if (isBetter) best = { provider, model, messages };
  }
  return best ?? { provider: day.provider, model: day.model };
}

function grainOf(day: SessionDay, { provider, model }: Model): Grain {
  if (day.isOther) return { source: OTHER, provider: OTHER, model: OTHER, project: OTHER };
  const own = provider || (model === day.model || model === "" ? day.provider : "");
  return {
    source: day.source,
    provider: model === OTHER ? OTHER : grainName(shownProvider(own, model)),
    model,
    project: day.project,
  };
}

export function grainKey({ source, provider, model, project }: Grain): string {
  return JSON.stringify([source, provider, model, project]);
}
