import { combined, dollars, type Grain, type LedgerRow, type Sums } from "./ledger";

/** One UTC day of the ledger. */
export type Day = { date: string; rows: readonly LedgerRow[] };

/** Sums over rows, in the units that people and programs read: dollars, milliseconds, tokens. */
export type Totals = Omit<Sums, "costNanos"> & { cost: number };

/** Sums of the rows that share a source, provider, model or project; `key` is `""` for none. */
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
  return view(rows.reduce<Sums>((sum, row) => combined(sum, row, 1), NOTHING));
}

/** Sums by one name, most tokens first, then most sessions, then by name. */
export function splitBy(rows: readonly LedgerRow[], name: keyof Grain): Split[] {
  const groups = new Map<string, LedgerRow[]>();
  for (const row of rows) {
    const group = groups.get(row[name]);
    if (group === undefined) groups.set(row[name], [row]);
    else group.push(row);
  }
  return Array.from(groups, ([key, group]) => ({
    key,
    ...totalsOf(group),
    lastActiveAt: group.reduce((latest, row) => Math.max(latest, row.lastActiveAt), 0),
  })).sort(byTokens);
}

/** The first `max` splits, and one more that adds up the others, named for how many they are. */
export function withOthers(splits: readonly Split[], max: number): Split[] {
  const others = splits.slice(max);
  if (others.length === 0) return [...splits];
  const rest = others.reduce(addedTotals);
  return [...splits.slice(0, max), { ...rest, key: `(${others.length} others)` }];
}

function addedTotals(a: Split, b: Split): Split {
  const optional = (name: "cacheReadTokens" | "cacheWriteTokens" | "reasoningTokens") =>
    a[name] === undefined && b[name] === undefined
      ? {}
      : { [name]: (a[name] ?? 0) + (b[name] ?? 0) };
  return {
    key: a.key,
    sessions: a.sessions + b.sessions,
    messages: a.messages + b.messages,
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    ...optional("cacheReadTokens"),
    ...optional("cacheWriteTokens"),
    ...optional("reasoningTokens"),
    cost: Math.round((a.cost + b.cost) * 1e9) / 1e9,
    durationMs: a.durationMs + b.durationMs,
    lastActiveAt: Math.max(a.lastActiveAt, b.lastActiveAt),
  };
}

/** The rows that carry these names; an absent name matches every row. */
export function rowsMatching(
  rows: readonly LedgerRow[],
  names: { [name in keyof Grain]?: string },
): LedgerRow[] {
  const wanted = Object.entries(names).filter(([, value]) => value !== undefined);
  return rows.filter((row) => wanted.every(([name, value]) => grainOf(row)[name] === value));
}

/** Distinct names, sessions that name none left out. */
export function distinct(rows: readonly LedgerRow[], name: keyof Grain): number {
  return new Set(rows.map((row) => row[name]).filter((value) => value !== "")).size;
}

function grainOf(row: LedgerRow): { [name: string]: string } {
  return { source: row.source, provider: row.provider, model: row.model, project: row.project };
}

function byTokens(a: Split, b: Split): number {
  return b.totalTokens - a.totalTokens || b.sessions - a.sessions || (a.key < b.key ? -1 : 1);
}

function view(sums: Sums): Totals {
  const { costNanos, ...rest } = sums;
  return {
    sessions: rest.sessions,
    messages: rest.messages,
    promptTokens: rest.promptTokens,
    completionTokens: rest.completionTokens,
    totalTokens: rest.totalTokens,
    ...(rest.cacheReadTokens === undefined ? {} : { cacheReadTokens: rest.cacheReadTokens }),
    ...(rest.cacheWriteTokens === undefined ? {} : { cacheWriteTokens: rest.cacheWriteTokens }),
    ...(rest.reasoningTokens === undefined ? {} : { reasoningTokens: rest.reasoningTokens }),
    cost: dollars(costNanos),
    durationMs: rest.durationMs,
  };
}
