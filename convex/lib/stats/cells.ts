import { trimEndWhere } from "../text";
import { keysOf, record } from "../record";

/**
 * What happened in each quarter hour, as arithmetic. Sums are integers, so that what was added can be
 * subtracted and leaves exactly what was there before. Quarter hours, because every time zone in use
 * since 1972 differs from UTC by a multiple of them: the days of any zone can be put together.
 */

export const QUARTER_MS = 15 * 60_000;
export const QUARTERS_A_DAY = 96;

/** The numbers of a cell. Their order is the packed format: append new names, never reorder. */
const SUM_NAMES = [
  "messages",
  "promptTokens",
  "completionTokens",
  /** All tokens beyond `promptTokens` and `completionTokens`; negative where a tool sends less. */
  "extraTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "cacheWrite1hTokens",
  "reasoningTokens",
  /** Nano-dollars as reported by the tool. */
  "costNanos",
  /** Tokens for which the tool reported no cost. */
  "uncostedTokens",
  /** Nano-dollars as computed from the price table, for all tokens whose price is known. */
  "computedNanos",
  /** Tokens whose price is not known. */
  "unpricedTokens",
  /** The part of all tokens, and of `costNanos`, that only a session's own totals report. */
  "reportedTokens",
  "reportedNanos",
  "durationMs",
] as const;

type SumName = (typeof SUM_NAMES)[number];
export type CellSums = { [name in SumName]?: number };

/**
 * One quarter hour. `gaps` counts the sessions that were active in it, by the quarter hours since the
 * same session's last activity before (0: none before). A range counts each of its sessions once: where
 * the last activity before is outside of the range.
 */
export type Cell = { sums: CellSums; gaps: Map<number, number> };

/** Cells by the quarter hour of a UTC day, 0–95. */
export type Cells = Map<number, Cell>;

/** The quarter hour of a moment, counted from 1970. */
export const quarterOf = (at: number) => Math.floor(at / QUARTER_MS);

/** Adds `from` to `to`, or subtracts it; numbers and cells that come to nothing are removed. */
export function addCells(to: Cells, from: Cells, sign: 1 | -1): void {
  for (const [quarter, { sums, gaps }] of from) {
    const cell = cellAt(to, quarter);
    addSums(cell.sums, sums, sign);
    for (const [gap, count] of gaps) addGap(cell, gap, sign * count);
    dropEmpty(to, quarter);
  }
}

/** The cell of a quarter hour, made if there is none. */
export function cellAt(cells: Cells, quarter: number): Cell {
  const present = cells.get(quarter);
  if (present !== undefined) return present;
  const cell: Cell = { sums: {}, gaps: new Map() };
  cells.set(quarter, cell);
  return cell;
}

/** Adds sums to others in place; zeros are removed. */
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

/** Removes the cell if it holds nothing. */
export function dropEmpty(cells: Cells, quarter: number): void {
  const cell = cells.get(quarter);
  if (cell && keysOf(cell.sums).length === 0 && cell.gaps.size === 0) cells.delete(quarter);
}

/**
 * Cells as text: `quarter,sum,sum,…|gap*count.gap` in base 36, cells separated by `;`. A number in a
 * Convex document takes nine bytes, here one to six; most are 0 and take none.
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

/** Reads what `packCells` wrote. */
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

/** Sums with every number, 0 where there is none. */
export function fullSums(sums: CellSums): { [name in SumName]: number } {
  return record(SUM_NAMES, (name) => sums[name] ?? 0);
}
