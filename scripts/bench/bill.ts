import type { Indexes } from "./indexes.ts";
import type { Stored } from "./storage.ts";

/** The bill of a developer's month, by Convex's rules. Pure. */

/** An active developer: sessions per month, messages per session, searches per month. */
export const SESSIONS_PER_MONTH = 300;
export const MESSAGES_PER_SESSION = 150;
const SEARCHES_PER_MONTH = 22 * 10;
/** Memory that an action of the default runtime is billed for, and how long actions usually run. */
const ACTION_GB = 0.064;
const HTTP_ACTION_SECONDS = 0.05;
const EMBEDDING_ACTION_SECONDS = 1;
/** How many days rows are kept: log lines by default a week, counted changes until the second run of their cron. */
const KEPT_DAYS: { readonly [table: string]: number } = { apiLogs: 7, messageChanges: 2 / 24 };
/** Tables that grow with sessions, whatever the length of a session. */
const BY_SESSION = new Set(["sessions", "sessionEmbeddings", "sessionDays", "callLinks"]);
/** Tables that grow with days; a working day has about three combinations of source, model and project. */
const ROWS_A_DAY: { readonly [table: string]: number } = {
  dailyWrapped: 1,
  ledgerDays: 1,
  ledgerGrains: 3,
};

/** Included in the Free plan, per month and team (GB = 10^9 bytes); docs: production/state/limits. */
export const FREE_PLAN = {
  functionCalls: 1_000_000,
  storageBytes: 0.5e9,
  ioBytes: 1e9,
  searchStorageBytes: 0.5e9,
  queryGb: 3_000,
  actionGbHours: 20,
} as const;

/** Starter's charges beyond that, in US dollars per unit. */
const STARTER_DOLLARS: { readonly [what in keyof typeof FREE_PLAN]: number } = {
  functionCalls: 2.2e-6,
  storageBytes: 0.22e-9,
  ioBytes: 0.22e-9,
  searchStorageBytes: 0.55e-9,
  queryGb: 0.0001,
  actionGbHours: 0.33,
};

/** The measured use of a live session. */
export type Use = {
  messages: number;
  functionCalls: number;
  httpActions: number;
  embeddingActions: number;
  bytesRead: number;
  bytesWritten: number;
  /** Index entries; each counts as a copy of its row. */
  indexBytesWritten: number;
  embeddingTokens: number;
  stored: Stored;
};

/** One table on the bill: its bytes once, and with every index. */
export type TableLine = {
  table: string;
  rows: number;
  bytes: number;
  copies: number;
  billed: number;
};

export type Bill = { readonly [what in keyof typeof FREE_PLAN]: number } & {
  tables: TableLine[];
  /** Rows and all indexes, including search and vector indexes. */
  billedBytes: number;
  embeddingTokens: number;
  dollarsStarter: number;
  /** Months until one developer fills the storage, or search storage, of the Free plan. */
  monthsFree: number;
};

/** The basis of each number of the bill. */
export const BASIS: { readonly [what in keyof typeof FREE_PLAN]: string } = {
  functionCalls: "measured",
  storageBytes: "measured: rows and ordered indexes as copies",
  ioBytes: "documents measured; index entries written counted as copies, entries read not counted",
  searchStorageBytes: "measured rows, each search and vector index as a copy of its table",
  queryGb: `estimated: ${SEARCHES_PER_MONTH} searches over one month's index`,
  actionGbHours: `calls measured; seconds estimated (${HTTP_ACTION_SECONDS} s, embedding ${EMBEDDING_ACTION_SECONDS} s)`,
};

/** Computes the bill of a month of sessions like the measured one. */
export function billOf(use: Use, indexes: { readonly [table: string]: Indexes }): Bill {
  const times = (SESSIONS_PER_MONTH * MESSAGES_PER_SESSION) / use.messages;
  const tables: TableLine[] = [];
  let storageBytes = 0;
  let searchStorageBytes = 0;
  let textBytes = 0;
  for (const [table, stored] of Object.entries(use.stored)) {
    const { ordered = 0, text = 0, vector = 0 } = indexes[table] ?? {};
    // A session is one row, however long the measured one was.
    const factor = monthsOf(table, times);
    const bytes = stored.bytes * factor;
    const copies = 1 + ordered + text + vector;
    storageBytes += bytes * (1 + ordered);
    searchStorageBytes += bytes * (text + vector);
    textBytes += bytes * text;
    const line = { table, rows: stored.rows * factor, bytes, copies, billed: bytes * copies };
    if (bytes > 0) tables.push(line);
  }
  const amounts = {
    functionCalls: times * use.functionCalls,
    storageBytes,
    ioBytes: times * (use.bytesRead + use.bytesWritten + use.indexBytesWritten),
    searchStorageBytes,
    queryGb: (SEARCHES_PER_MONTH * textBytes) / 1e9,
    actionGbHours: (ACTION_GB * times * actionSeconds(use)) / 3_600,
  };
  return {
    ...amounts,
    tables: tables.sort((a, b) => b.billed - a.billed),
    billedBytes: storageBytes + searchStorageBytes,
    embeddingTokens: times * use.embeddingTokens,
    dollarsStarter: dollarsOf(amounts),
    monthsFree: Math.min(
      FREE_PLAN.storageBytes / storageBytes,
      FREE_PLAN.searchStorageBytes / searchStorageBytes,
    ),
  };
}

function monthsOf(table: string, times: number): number {
  const days = KEPT_DAYS[table];
  if (days !== undefined) return (times * days) / 30;
  if (BY_SESSION.has(table)) return SESSIONS_PER_MONTH;
  const aDay = ROWS_A_DAY[table];
  return aDay === undefined ? times : 30 * aDay;
}

function actionSeconds({ httpActions, embeddingActions }: Use): number {
  return httpActions * HTTP_ACTION_SECONDS + embeddingActions * EMBEDDING_ACTION_SECONDS;
}

function dollarsOf(amounts: { readonly [what in keyof typeof FREE_PLAN]: number }): number {
  let dollars = 0;
  for (const what of Object.keys(STARTER_DOLLARS) as (keyof typeof FREE_PLAN)[]) {
    dollars += amounts[what] * STARTER_DOLLARS[what];
  }
  return dollars;
}
