import { trimEndWhere } from "../text";
import { keysOf, record } from "../record";

/**
 * Sums per quarter hour. All sums are integers, so that subtracting what was added restores the
 * exact previous value. Quarter hours, because every time zone in use since 1972 differs from UTC
 * by a multiple of them, so the days of any zone can be assembled.
 */

export const QUARTER_MS = 15 * 60_000;
export const QUARTERS_A_DAY = 96;

/** The numbers of a cell. Their order defines the packed format: append new names, never reorder. */
const SUM_NAMES = [
  "messages",
  "promptTokens",
  "completionTokens",
  /**
   * All tokens beyond `promptTokens` and `completionTokens`; negative if a tool reports fewer in
   * total.
   */
  "extraTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "cacheWrite1hTokens",
  "reasoningTokens",
  /** Cost in nano-dollars as reported by the tool. */
  "costNanos",
  /** Tokens without a reported cost. */
  "uncostedTokens",
  /** Cost in nano-dollars computed from the price table, for all tokens with a known price. */
  "computedNanos",
  /** Tokens without a known price. */
  "unpricedTokens",
  /** The share of all tokens, and of `costNanos`, that only the session's own totals report. */
  "reportedTokens",
  "reportedNanos",
  "durationMs",
] as const;

type SumName = (typeof SUM_NAMES)[number];
export type CellSums = { [name in SumName]?: number };

/**
 * One quarter hour. `gaps` counts the sessions active in it by the number of quarter hours since
 * the same session's previous activity (0: none). A range counts each of its sessions once: in the
 * cell whose previous activity lies outside of the range.
 */
export type Cell = { sums: CellSums; gaps: Map<number, number> };

/** Cells by quarter hour of a UTC day, 0–95. */
export type Cells = Map<number, Cell>;

/** The quarter hour of a time, counted from 1970. */
export const quarterOf = (at: number) => Math.floor(at / QUARTER_MS);

/** Adds `from` to `to`, or subtracts it. Removes numbers and cells that become zero. */
export function addCells(to: Cells, from: Cells, sign: 1 | -1): void {
  for (const [quarter, { sums, gaps }] of from) {
    const cell = cellAt(to, quarter);
    addSums(cell.sums, sums, sign);
    for (const [gap, count] of gaps) addGap(cell, gap, sign * count);
    dropEmpty(to, quarter);
  }
}

/** The cell of a quarter hour, created if missing. */
export function cellAt(cells: Cells, quarter: number): Cell {
  const present = cells.get(quarter);
  if (present !== undefined) return present;
  const cell: Cell = { sums: {}, gaps: new Map() };
  cells.set(quarter, cell);
  return cell;
}

/** Adds sums in place; removes zeros. */
export function addSums(to: CellSums, from: CellSums, sign: 1 | -1): void {
  for (const name of keysOf(from)) {
    const sum = (to[name] ?? 0) + sign * (from[name] ?? 0);
    if (sum === 0) delete to[name];
    else to[name] = sum;
  }
}

export function addGap(cell: Cell, gap: number, count: number): void {
  const sum = (cell.gaps.get(gap) ?? 0) + count;
  if (sum === 0) cell.gaps.delete(gap);
  else cell.gaps.set(gap, sum);
}

/** Removes the cell if it is empty. */
export function dropEmpty(cells: Cells, quarter: number): void {
  const cell = cells.get(quarter);
  if (cell && keysOf(cell.sums).length === 0 && cell.gaps.size === 0) cells.delete(quarter);
}

/**
 * Serialises cells as `quarter,sum,sum,…|gap*count.gap` in base 36, separated by `;`. A number
 * takes nine bytes in a Convex document and one to six here; most are 0 and take none.
 */
export function packCells(cells: Cells): string {
  const quarters = Array.from(cells.entries()).sort(([a], [b]) => a - b);
  return quarters.map(([quarter, cell]) => packCell(quarter, cell)).join(";");
}

function packCell(quarter: number, { sums, gaps }: Cell): string {
  const numbers = [quarter, ...SUM_NAMES.map((name) => sums[name] ?? 0)];
  const text = numbers.map((value, index) => (value === 0 && index > 0 ? "" : value.toString(36)));
  const packedGaps = Array.from(gaps.entries())
    .sort(([a], [b]) => a - b)
    .map(([gap, count]) => gap.toString(36) + (count === 1 ? "" : `*${count.toString(36)}`));
  const packed = trimEndWhere(text.join(","), (character) => character === ",");
  return packedGaps.length === 0 ? packed : `${packed}|${packedGaps.join(".")}`;
}

/** Parses the output of `packCells`. */
export function unpackCells(text: string): Cells {
  const cells: Cells = new Map();
  if (text === "") return cells;
  for (const packed of text.split(";")) {
    const [numbers = "", gaps] = packed.split("|");
    const [quarter = "0", ...values] = numbers.split(",");
    const cell = cellAt(cells, parseInt(quarter, 36));
    values.forEach((value, index) => {
      const name = SUM_NAMES[index];
      if (name !== undefined && value !== "") cell.sums[name] = parseInt(value, 36);
    });
    for (const one of gaps?.split(".") ?? []) {
      const [gap = "0", count = "1"] = one.split("*");
      addGap(cell, parseInt(gap, 36), parseInt(count, 36));
    }
  }
  return cells;
}

/** All sums, with 0 for missing ones. */
export function fullSums(sums: CellSums): { [name in SumName]: number } {
  return record(SUM_NAMES, (name) => sums[name] ?? 0);
}
