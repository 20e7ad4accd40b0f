import type { Numbers } from "../numbers";

/**
 * Rows of statistics: the sums of one (source, provider, model, project) over a day or a range. Every
 * statistic is a sum over rows. Costs are whole nano-dollars, so that sums are exact.
 */
export type LedgerRow = Grain & Sums & { lastActiveAt: number };

/** What tells one row from another. `""` means that the sessions of the row name none. */
export type Grain = { source: string; provider: string; model: string; project: string };

/** What adds up. The optional counts are absent while nothing of the row knows them. */
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
  /** Nano-dollars that tools reported. */
  costNanos: number;
  /** Tokens for which no tool reported a cost. */
  uncostedTokens?: number;
  /** Nano-dollars by the price table, and tokens that have no known price. */
  computedNanos?: number;
  unpricedTokens?: number;
  /** The part of `totalTokens` and `costNanos` that only totals of sessions report. */
  reportedTokens?: number;
  reportedNanos?: number;
  durationMs: number;
};

/** The row for what is not told apart. */
export const OTHER = "(other)";

const NANOS = 1e9;
/** No honest message has more; a dishonest one must not spoil exact sums (2^53) of a whole day. */
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

/** What a day of version 1 holds of one session: all of it, on the day it began. */
export type WholeSession = { date: string; row: LedgerRow };

/** Whether two rows tell of the same source, provider, model and project. */
export function isSameGrain(a: Grain, b: Grain): boolean {
  return (
    a.source === b.source &&
    a.provider === b.provider &&
    a.model === b.model &&
    a.project === b.project
  );
}

/** The rows with this one subtracted; a row without sessions disappears. */
export function subtractRow(rows: readonly LedgerRow[], row: LedgerRow): LedgerRow[] {
  return rows
    .map((other) => (isSameGrain(other, row) ? combined(other, row, -1) : other))
    .filter((other) => other.sessions > 0);
}

/** Dollars of a sum of nano-dollars. */
export function dollars(costNanos: number): number {
  return costNanos / NANOS;
}

/** Whole nano-dollars of dollars. */
export function nanos(cost: number | undefined): number {
  return wholeCount((cost ?? 0) * NANOS, MAX_COUNT * 1_000);
}

/** Sum of two rows or of their difference; counts that come to nothing are unknown again. */
export function combined<T extends Sums>(a: T, b: Sums, sign: 1 | -1): T {
  const sum: T = { ...a };
  for (const key of REQUIRED_SUMS) sum[key] = Math.max(0, a[key] + sign * b[key]);
  for (const key of OPTIONAL_SUMS) {
    const value = Math.max(0, (a[key] ?? 0) + sign * (b[key] ?? 0));
    if (value > 0) sum[key] = value;
    else delete sum[key];
  }
  return sum;
}

/** All tokens of a message or a session; undefined while none are known. */
export function totalOf({ promptTokens, completionTokens, totalTokens }: Numbers) {
  if (totalTokens !== undefined) return totalTokens;
  if (promptTokens === undefined && completionTokens === undefined) return undefined;
  return (promptTokens ?? 0) + (completionTokens ?? 0);
}

/** A count as the ledger takes it: whole, not negative, bounded. */
export function wholeCount(value: number | undefined, max = MAX_COUNT): number {
  if (value === undefined || !Number.isFinite(value)) return 0;
  return Math.min(Math.max(0, Math.round(value)), max);
}
