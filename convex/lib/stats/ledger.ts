import type { Numbers } from "../numbers";

/**
 * One row of statistics: the sums of one (source, provider, model, project) over a day or a range.
 * Every statistic is a sum over rows. Costs are whole nano-dollars, so that sums are exact.
 */
export type LedgerRow = Grain & Sums & { lastActiveAt: number };

/** The key of a row. `""` means that the sessions of the row do not name one. */
export type Grain = { source: string; provider: string; model: string; project: string };

/** The numbers of a row that add up. Optional counts are missing if unknown for the whole row. */
export type Sums = {
  /** Sessions active in the range, each counted once. */
  sessions: number;
  messages: number;
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  cacheWrite1hTokens?: number;
  reasoningTokens?: number;
  /** Cost in nano-dollars reported by tools. */
  costNanos: number;
  /** Tokens without a reported cost. */
  uncostedTokens?: number;
  /** Cost in nano-dollars by the price table, and tokens without a known price. */
  computedNanos?: number;
  unpricedTokens?: number;
  /** The share of `totalTokens` and `costNanos` that only sessions' own totals report. */
  reportedTokens?: number;
  reportedNanos?: number;
  durationMs: number;
};

/** The name of the row that sums groups beyond a limit. */
export const OTHER = "(other)";

const NANOS = 1e9;
/**
 * The largest count of one message. No honest message has more, and a dishonest one must not exceed
 * the exact sums (2^53) of a day.
 */
const MAX_COUNT = 1e12;

const REQUIRED_SUMS = [
  "sessions",
  "messages",
  "promptTokens",
  "completionTokens",
  "totalTokens",
  "costNanos",
  "durationMs",
] as const;
export const OPTIONAL_SUMS = [
  "cacheReadTokens",
  "cacheWriteTokens",
  "cacheWrite1hTokens",
  "reasoningTokens",
  "uncostedTokens",
  "computedNanos",
  "unpricedTokens",
  "reportedTokens",
  "reportedNanos",
] as const;

/** What a day of version 1 holds of one session: all of it, on the day it started. */
export type WholeSession = { date: string; row: LedgerRow };

/** Whether two rows have the same source, provider, model and project. */
export function isSameGrain(a: Grain, b: Grain): boolean {
  return (
    a.source === b.source &&
    a.provider === b.provider &&
    a.model === b.model &&
    a.project === b.project
  );
}

/** Subtracts a row from the rows; rows without sessions are removed. */
export function subtractRow(rows: readonly LedgerRow[], row: LedgerRow): LedgerRow[] {
  return rows
    .map((other) => (isSameGrain(other, row) ? notNegative(combined(other, row, -1)) : other))
    .filter((other) => other.sessions > 0);
}

/** Converts nano-dollars to dollars. */
export function dollars(costNanos: number): number {
  return costNanos / NANOS;
}

/** Converts dollars to whole nano-dollars. */
export function nanos(cost: number | undefined): number {
  return wholeCount((cost ?? 0) * NANOS, MAX_COUNT * 1_000);
}

/**
 * The sum or difference of two rows; optional counts that become zero are removed. A count may be negative: a session's
 * own duration may be shorter than those of its messages, and is booked as a difference under one model.
 */
export function combined<T extends Sums>(a: T, b: Sums, sign: 1 | -1): T {
  return mapped(a, (key) => (a[key] ?? 0) + sign * (b[key] ?? 0));
}

/** The row with 0 instead of negative counts, for what is shown. */
export function notNegative<T extends Sums>(row: T): T {
  return mapped(row, (key) => Math.max(0, row[key] ?? 0));
}

function mapped<T extends Sums>(row: T, value: (key: keyof Sums) => number): T {
  const next: T = { ...row };
  for (const key of REQUIRED_SUMS) next[key] = value(key);
  for (const key of OPTIONAL_SUMS) {
    const count = value(key);
    if (count === 0) delete next[key];
    else next[key] = count;
  }
  return next;
}

/** All tokens of a message or session; undefined if unknown. */
export function totalOf({ promptTokens, completionTokens, totalTokens }: Numbers) {
  if (totalTokens !== undefined) return totalTokens;
  if (promptTokens === undefined && completionTokens === undefined) return undefined;
  return (promptTokens ?? 0) + (completionTokens ?? 0);
}

/** Limits a count to a whole, non-negative, bounded number. */
export function wholeCount(value: number | undefined, max = MAX_COUNT): number {
  if (value === undefined || !Number.isFinite(value)) return 0;
  return Math.min(Math.max(0, Math.round(value)), max);
}
