import {
  combined,
  dollars,
  type Grain,
  type LedgerRow,
  notNegative,
  OTHER,
  type Sums,
} from "./ledger";
import { pick } from "../record";
import { grainName, modelKey } from "./names";

/** Sums over rows in the units of the API: dollars, milliseconds, tokens. */
export type Totals = Omit<Sums, "costNanos" | "computedNanos" | "reportedNanos"> & {
  cost: number;
  computedCost?: number;
  reportedCost?: number;
};

/**
 * The sums of rows that share a source, provider, model or project; `key` is `""` if they name
 * none.
 */
type Split = Totals & { key: string; lastActiveAt: number };

const NOTHING: Sums = {
  sessions: 0,
  messages: 0,
  promptTokens: 0,
  completionTokens: 0,
  totalTokens: 0,
  costNanos: 0,
  durationMs: 0,
};

/** Sums over all rows. */
export function totalsOf(rows: readonly Sums[]): Totals {
  return view(notNegative(rows.reduce<Sums>((sum, row) => combined(sum, row, 1), NOTHING)));
}

/** The most groups of a split; the others are summed as `(other)`. */
const SPLIT_MAX = 1_000;

/** Sums grouped by one name, ordered by tokens, then sessions, then name. */
export function splitBy(rows: readonly LedgerRow[], name: keyof Grain): Split[] {
  const groups = new Map<string, LedgerRow[]>();
  for (const row of rows) {
    const key = groupKey(name, row[name]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  const all = Array.from(groups, ([key, group]) => splitOf(shownName(key, name, group), group));
  all.sort(byTokens);
  if (all.length <= SPLIT_MAX) return all;
  const isShown = new Set(all.filter(({ key }) => key !== OTHER).slice(0, SPLIT_MAX - 1));
  const rest = all.filter((split) => !isShown.has(split));
  return [...isShown, other(rest)];
}

function splitOf(key: string, rows: readonly LedgerRow[]): Split {
  const lastActiveAt = rows.reduce((latest, row) => Math.max(latest, row.lastActiveAt), 0);
  return { key, ...totalsOf(rows), lastActiveAt };
}

function other(rest: readonly Split[]): Split {
  const lastActiveAt = rest.reduce((latest, split) => Math.max(latest, split.lastActiveAt), 0);
  return { key: OTHER, ...sumOf(rest), lastActiveAt };
}

/** Adds up totals in whole nano-dollars, so that the sum is exact. */
function sumOf(parts: readonly Totals[]): Totals {
  const nanos = (cost: number | undefined) => Math.round((cost ?? 0) * 1e9);
  const sums = parts.map((part) => ({
    ...part,
    costNanos: nanos(part.cost),
    computedNanos: nanos(part.computedCost),
    reportedNanos: nanos(part.reportedCost),
  }));
  return totalsOf(sums);
}

/** The group of a name: spellings of one model or provider share it. */
function groupKey(name: keyof Grain, value: string): string {
  if (/^(unknown)?$/i.test(value)) return "";
  if (name === "model") return modelKey(value);
  return name === "provider" ? value.toLowerCase() : value;
}

/** The spelling with the most tokens, as it was sent. */
function shownName(key: string, name: keyof Grain, rows: readonly LedgerRow[]): string {
  if (key === "" || key === OTHER) return key;
  const tokens = new Map<string, number>();
  for (const row of rows) tokens.set(row[name], (tokens.get(row[name]) ?? 0) + row.totalTokens);
  const spellings = Array.from(tokens).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return spellings[0]?.[0] ?? key;
}

/** The rows with these names, in any spelling; a missing name matches every row. */
export function rowsMatching(rows: readonly LedgerRow[], names: GrainNames): LedgerRow[] {
  return rows.filter(grainFilter(names));
}

/** Names that rows must have, in any spelling; a missing name matches every row. */
export type GrainNames = { [name in keyof Grain]?: string };

/** Returns whether a row has these names. */
export function grainFilter(names: GrainNames): (row: Grain) => boolean {
  const wanted = (["source", "provider", "model", "project"] as const).flatMap((name) => {
    const value = names[name];
    return value === undefined ? [] : [{ name, key: groupKey(name, grainName(value)) }];
  });
  return (row) => wanted.every(({ name, key }) => groupKey(name, row[name]) === key);
}

/** The number of distinct names; sessions without one are not counted. */
export function distinct(rows: readonly LedgerRow[], name: keyof Grain): number {
  return new Set(rows.map((row) => groupKey(name, row[name])).filter((key) => key !== "")).size;
}

function byTokens(a: Split, b: Split): number {
  return b.totalTokens - a.totalTokens || b.sessions - a.sessions || (a.key < b.key ? -1 : 1);
}

const OPTIONAL_COUNTS = [
  "cacheReadTokens",
  "cacheWriteTokens",
  "cacheWrite1hTokens",
  "reasoningTokens",
  "uncostedTokens",
  "unpricedTokens",
  "reportedTokens",
] as const;

function view(sums: Sums): Totals {
  const { sessions, messages, promptTokens, completionTokens, totalTokens } = sums;
  return {
    ...{ sessions, messages, promptTokens, completionTokens, totalTokens },
    ...pick(sums, OPTIONAL_COUNTS),
    cost: dollars(sums.costNanos),
    ...(sums.computedNanos ? { computedCost: dollars(sums.computedNanos) } : {}),
    ...(sums.reportedNanos ? { reportedCost: dollars(sums.reportedNanos) } : {}),
    durationMs: sums.durationMs,
  };
}
