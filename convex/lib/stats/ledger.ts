import type { Numbers } from "../numbers";
import { shownProvider } from "../sessions/providers";
import { utcDate } from "../time";

/**
 * The ledger of days, as arithmetic. A day is a list of rows, one for each (source, provider, model,
 * project); every statistic is a sum over rows. All numbers are integers, so that adding a session
 * and taking it out again leaves exactly what was there before.
 */
export type LedgerRow = Grain & Sums & { lastActiveAt: number };

/** What tells one row of a day from another. `""` means that no session of the row names one. */
export type Grain = { source: string; provider: string; model: string; project: string };

/** What adds up. The three optional counts are absent while no session of the row knows them. */
export type Sums = {
  sessions: number;
  messages: number;
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  reasoningTokens?: number;
  /** Whole nano-dollars. */
  costNanos: number;
  durationMs: number;
};

/** What a day holds of one session. */
export type Contribution = { date: string; row: LedgerRow };

/** The fields of a session that its contribution follows from. */
export type LedgerSession = Numbers & {
  source: string;
  provider?: string;
  model?: string;
  projectName?: string;
  projectPath?: string;
  messageCount: number;
  createdAt: number;
  updatedAt: number;
};

/** Row for what a day has no room to tell apart. */
export const OTHER = "(other)";

/** Room for the rows of a day; a document may have 1 MiB. About 3,000 rows with ordinary names. */
export const DAY_MAX_BYTES = 700_000;

/** Names are cut to this many UTF-16 units: a name is a label here, the session keeps it whole. */
const NAME_MAX_LENGTH = 200;
/** Numbers and keys of a row, in Convex's own measure, rounded up. */
const ROW_BASE_BYTES = 330;
/** No honest session has more; a dishonest one must not spoil exact sums (2^53) of a whole day. */
const MAX_COUNT = 1e12;
const NANOS = 1e9;

const REQUIRED_SUMS = [
  "sessions",
  "messages",
  "promptTokens",
  "completionTokens",
  "totalTokens",
  "costNanos",
  "durationMs",
] as const;
const OPTIONAL_SUMS = ["cacheReadTokens", "cacheWriteTokens", "reasoningTokens"] as const;

/** What the ledger shall hold for this session: it counts on the UTC day of its source time. */
export function contributionOf(session: LedgerSession): Contribution {
  const row: LedgerRow = {
    source: grainName(session.source),
    provider: grainName(shownProvider(session.provider, session.model)),
    model: grainName(session.model),
    project: grainName(session.projectName) || grainName(session.projectPath),
    sessions: 1,
    messages: count(session.messageCount),
    promptTokens: count(session.promptTokens),
    completionTokens: count(session.completionTokens),
    totalTokens: count(session.totalTokens),
    costNanos: count((session.cost ?? 0) * NANOS, MAX_COUNT * 1_000),
    durationMs: count(session.durationMs),
    lastActiveAt: session.updatedAt,
  };
  for (const key of OPTIONAL_SUMS) {
    const value = count(session[key]);
    if (value > 0) row[key] = value;
  }
  return { date: utcDate(session.createdAt), row };
}

/** Whether a day would hold the same for both. */
export function isSameContribution(a: Contribution, b: Contribution): boolean {
  return (
    a.date === b.date &&
    isSameGrain(a.row, b.row) &&
    a.row.lastActiveAt === b.row.lastActiveAt &&
    [...REQUIRED_SUMS, ...OPTIONAL_SUMS].every((key) => (a.row[key] ?? 0) === (b.row[key] ?? 0))
  );
}

/** Whether two rows tell of the same source, provider, model and project. */
export function isSameGrain(a: Grain, b: Grain): boolean {
  return (
    a.source === b.source &&
    a.provider === b.provider &&
    a.model === b.model &&
    a.project === b.project
  );
}

/**
 * The row as a day can take it: itself, or under `(other)` when the day is full of other rows. What
 * is answered here is what must be taken out again later.
 */
export function placeRow(rows: readonly LedgerRow[], row: LedgerRow): LedgerRow {
  if (rows.some((other) => isSameGrain(other, row))) return row;
  const used = rows.reduce((bytes, other) => bytes + rowBytes(other), 0);
  if (used + rowBytes(row) <= DAY_MAX_BYTES) return row;
  return { ...row, source: OTHER, provider: OTHER, model: OTHER, project: OTHER };
}

/** The day's rows with this one added. */
export function addRow(rows: readonly LedgerRow[], row: LedgerRow): LedgerRow[] {
  const at = rows.findIndex((other) => isSameGrain(other, row));
  const present = rows[at];
  if (present === undefined) return [...rows, row];
  const lastActiveAt = Math.max(present.lastActiveAt, row.lastActiveAt);
  return replaced(rows, at, { ...combined(present, row, 1), lastActiveAt });
}

/**
 * The day's rows with this one taken out; a row without sessions disappears. `lastActiveAt` of what
 * remains is given by the caller: a latest time cannot be subtracted.
 */
export function subtractRow(
  rows: readonly LedgerRow[],
  row: LedgerRow,
  lastActiveAt?: number,
): LedgerRow[] {
  const at = rows.findIndex((other) => isSameGrain(other, row));
  const present = rows[at];
  if (present === undefined) return [...rows];
  const rest = {
    ...combined(present, row, -1),
    lastActiveAt: lastActiveAt ?? present.lastActiveAt,
  };
  return rest.sessions > 0 ? replaced(rows, at, rest) : rows.filter((_, index) => index !== at);
}

/** The rows of a day recomputed from the contributions it should hold. */
export function rowsOf(contributions: readonly Contribution[]): LedgerRow[] {
  return contributions.reduce<LedgerRow[]>(
    (rows, { row }) => addRow(rows, placeRow(rows, row)),
    [],
  );
}

/** Dollars of a sum of nano-dollars. */
export function dollars(costNanos: number): number {
  return costNanos / NANOS;
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

function replaced(rows: readonly LedgerRow[], at: number, row: LedgerRow): LedgerRow[] {
  return rows.map((other, index) => (index === at ? row : other));
}

function rowBytes(row: LedgerRow): number {
  const letters = row.source + row.provider + row.model + row.project;
  return ROW_BASE_BYTES + new TextEncoder().encode(letters).length;
}

/** A name as the ledger keeps it; empty for none. */
export function grainName(text: string | undefined): string {
  const trimmed = (text ?? "").trim();
  // A cut through a surrogate pair would leave text that Convex refuses.
  return trimmed.length <= NAME_MAX_LENGTH
    ? trimmed
    : trimmed.slice(0, NAME_MAX_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}

function count(value: number | undefined, max = MAX_COUNT): number {
  if (value === undefined || !Number.isFinite(value)) return 0;
  return Math.min(Math.max(0, Math.round(value)), max);
}
