import type { Cost, Measurement } from "./cost.ts";

/**
 * What each operation may cost, however much is stored.
 *
 * - *function calls*: the HTTP action and each query or mutation it runs.
 * - *documents and bytes read*: everything that was scanned, sized as Convex measures documents; a row that is
 *   read and then written counts twice, because the write reads it again.
 * - *bytes written beyond the payload*: all rows written, less the body that the client sent to be stored (no
 *   deduction if it was stored before).
 * - *content*: bytes of request and answer bodies. A row is larger than its JSON by ids, keys and hashes that
 *   are not returned, at most `ROW`.
 */
type Budget = {
  functionCalls?: Amount;
  documentsRead: Amount;
  bytesRead: Amount;
  bytesWrittenBeyondPayload?: Amount;
};

/** A fixed amount, an amount per item (message, row or day), and one per byte of content. */
type Amount = { base: number; perItem?: number; perContentByte?: number };

/** A kilobyte, in the stricter of its two meanings. */
const KB = 1_000;
/** Bytes of a message or part beyond its content: ids, order key, hash, field names. */
const ROW = 300;
/** The line in the API log, with the count against a limit: the only write of a read request. */
const LOG_LINE = { base: 300 };
/** A session row, which a message may write once per burst. */
const SESSION_ROW = 2 * KB;

const newMessage = {
  functionCalls: { base: 2 },
  documentsRead: { base: 4 },
  bytesRead: { base: 3 * KB },
  bytesWrittenBeyondPayload: { base: 1 * KB },
} satisfies Budget;
const session: Budget = {
  functionCalls: { base: 2 },
  documentsRead: { base: 4 },
  bytesRead: { base: 6 * KB },
  bytesWrittenBeyondPayload: { base: 2 * KB },
};
/** Reads the session, its day and its ledger row, each twice because of the write, and whether the day is open. */
const refresh: Budget = {
  functionCalls: { base: 1 },
  documentsRead: { base: 8, perItem: 1 },
  bytesRead: { base: 10 * KB, perItem: ROW, perContentByte: 1 },
  bytesWrittenBeyondPayload: { base: 8 * KB },
};

/** Questions write only their log line; with vectors, an action runs in between. */
const question = { functionCalls: { base: 5 }, bytesWrittenBeyondPayload: LOG_LINE };
const fulltext = { documentsRead: { base: 120 }, bytesRead: { base: 400 * KB } };
/** Hits until there are enough sessions (several hits may have the same session), and the sessions shown. */
const semantic = { documentsRead: { base: 60 }, bytesRead: { base: 300 * KB } };
/** Where one session fills what is read by meaning, a search reads on to find others: at most 256 hits of a kilobyte. */
const LOUD_HITS = 256;
/** Both searches; semantic search reads twice as many results as the merged list has. */
const hybrid = {
  ...question,
  documentsRead: { base: 200 },
  bytesRead: { base: 500 * KB },
};
/** What a full-text search reads, and then each item with its exchange of at most nine messages. */
const context = {
  ...question,
  documentsRead: { base: 80, perItem: 12 },
  bytesRead: { base: 400 * KB },
};

/** The same, and one item that is read and left out, because its session just changed and may be the asking agent's. */
const recall = { ...context, documentsRead: { base: 92, perItem: 12 } };

/** A tool of MCP costs what its HTTP request costs, and a call that admits the caller before the body is read. */
function called(budget: Budget & { functionCalls: Amount }): Budget {
  return { ...budget, functionCalls: { base: budget.functionCalls.base + 1 } };
}

function pastLoud(budget: Budget, further: number): Budget {
  const more = ({ base, ...amount }: Amount, by: number) => ({ ...amount, base: base + by });
  return {
    ...budget,
    documentsRead: more(budget.documentsRead, further),
    bytesRead: more(budget.bytesRead, further * KB),
  };
}

const list: Budget = {
  functionCalls: { base: 3 },
  documentsRead: { base: 4, perItem: 1 },
  bytesRead: { base: 20 * KB },
  bytesWrittenBeyondPayload: LOG_LINE,
};

/** Budgets by the name of the operation. */
export const BUDGETS: Readonly<Record<string, Budget>> = {
  "message, new": newMessage,
  // The first message of a burst marks the session as due: its row is read again and written.
  "message, new, first of its burst": {
    ...newMessage,
    bytesRead: { base: 3 * KB + SESSION_ROW },
    bytesWrittenBeyondPayload: { base: 1 * KB + SESSION_ROW },
  },
  "burst of 5 messages": {
    functionCalls: { base: 0, perItem: newMessage.functionCalls.base },
    documentsRead: { base: 0, perItem: newMessage.documentsRead.base },
    bytesRead: { base: 0, perItem: newMessage.bytesRead.base },
    // The session's row, written once a burst, also says whose ids its messages have.
    bytesWrittenBeyondPayload: { base: 250, perItem: newMessage.bytesWrittenBeyondPayload.base },
  },
  "message, delivered again": {
    ...newMessage,
    bytesRead: { base: 3 * KB, perContentByte: 1 },
    bytesWrittenBeyondPayload: LOG_LINE,
  },
  "session, new": session,
  "session, updated": session,
  "batch of 100 messages": {
    functionCalls: { base: 3 },
    documentsRead: { base: 10, perItem: 1 },
    bytesRead: { base: 3 * KB, perItem: ROW },
    bytesWrittenBeyondPayload: { base: 0, perItem: 500 },
  },
  "refresh after a burst of 1": refresh,
  "refresh after a burst of 20": refresh,
  "refresh on a crowded day": refresh,
  "list of 10 sessions": list,
  "list of 10 sessions by tokens": list,
  "10 changes": list,
  "page of 100 messages with parts": {
    functionCalls: { base: 3 },
    documentsRead: { base: 5, perItem: 1 },
    bytesRead: { base: 3 * KB, perItem: ROW, perContentByte: 1 },
    bytesWrittenBeyondPayload: LOG_LINE,
  },
  // Reads the message to find it, and again with its neighbours.
  "message with 3 neighbours on each side": {
    functionCalls: { base: 3 },
    documentsRead: { base: 6, perItem: 1 },
    bytesRead: { base: 6 * KB, perItem: ROW, perContentByte: 1 },
    bytesWrittenBeyondPayload: LOG_LINE,
  },
  "check of a key": {
    functionCalls: { base: 3 },
    documentsRead: { base: 4 },
    bytesRead: { base: 3 * KB },
    bytesWrittenBeyondPayload: LOG_LINE,
  },
  "stats of 10 days": {
    functionCalls: { base: 3 },
    documentsRead: { base: 5, perItem: 1 },
    bytesRead: { base: 0, perItem: 2 * KB },
    bytesWrittenBeyondPayload: LOG_LINE,
  },
  // Reads each message once, and writes vectors. It takes two runs of 5 documents more than their units
  // each: the last turn is embedded once it has been quiet for half a minute. A run reads the session's row
  // three times, 5.6 kB; DESIGN asks for 5 kB, so the row has to shrink.
  "embedding of 10 new units": {
    documentsRead: { base: 2 * 5, perItem: 1 },
    bytesRead: { base: 2 * 6 * KB, perItem: ROW, perContentByte: 1 },
  },
  "full-text search, limit 10": {
    ...question,
    ...fulltext,
    functionCalls: { base: 3 },
  },
  "semantic search, limit 10": { ...question, ...semantic },
  "hybrid search, limit 10": hybrid,
  "full-text search past a loud session": {
    ...question,
    ...fulltext,
    functionCalls: { base: 3 },
  },
  "semantic search past a loud session": pastLoud({ ...question, ...semantic }, LOUD_HITS),
  "hybrid search past a loud session": pastLoud(hybrid, LOUD_HITS),
  "context past a loud session": context,
  "context past a loud session, with embeddings": pastLoud(context, LOUD_HITS),
  "context of 5 passages": context,
  "context of 5 passages, with embeddings": context,
  "tools/call search_sessions": called({ ...question, ...fulltext, functionCalls: { base: 3 } }),
  "tools/call search_sessions, with embeddings": called(hybrid),
  "tools/call recall_context": called(recall),
  "tools/call recall_context, with embeddings": called(recall),
  // Reads the rows of each session and message, however much else is stored.
  "export of 10 sessions": {
    functionCalls: { base: 3 },
    documentsRead: { base: 5, perItem: 1 },
    bytesRead: { base: 3 * KB, perItem: ROW, perContentByte: 1 },
    bytesWrittenBeyondPayload: LOG_LINE,
  },
};

/** The measures that a budget limits, in the order of the report. */
export const MEASURES = [
  "functionCalls",
  "documentsRead",
  "bytesRead",
  "bytesWrittenBeyondPayload",
] as const satisfies readonly (keyof Budget)[];

/** One line of the comparison: what was used, and what was allowed. */
type Line = { what: keyof Budget; used: number; allowed: number };

/** Compares a measurement with its budget; null if the operation has none. */
export function compare(measured: Measurement): Line[] | null {
  const budget = BUDGETS[measured.name];
  if (budget === undefined) return null;
  const { cost, items, bytesSent, bytesReturned, bytesWrittenBeyondPayload } = measured;
  const { functionCalls, documentsRead, bytesRead } = cost;
  const used = { functionCalls, documentsRead, bytesRead, bytesWrittenBeyondPayload };
  const lines: Line[] = [];
  for (const what of MEASURES) {
    const amount = budget[what];
    if (amount === undefined) continue;
    const { base, perItem = 0, perContentByte = 0 } = amount;
    const allowed = base + perItem * items + perContentByte * (bytesSent + bytesReturned);
    lines.push({ what, used: used[what], allowed: Math.floor(allowed) });
  }
  return lines;
}

/** The largest exponent with which a cost may grow with history; costs may fall. */
export const SLOPE_MAX = 0.05;

/**
 * Index ranges of operations that read a fixed number of documents whatever is stored. How many of these
 * are rows of sessions, each a range of its own, depends on what the words find: bounded, not constant.
 */
export const RANGES_MAX: Readonly<Record<string, number>> = {
  "full-text search, limit 10": 40,
  "context of 5 passages": 50,
  "tools/call search_sessions": 40,
  "tools/call recall_context": 50,
};

/** Costs that must not depend on how much is stored. */
export const CONSTANT = [
  "functionCalls",
  "indexRanges",
  "documentsRead",
  "bytesRead",
  "documentsWritten",
  "bytesWritten",
] as const satisfies readonly (keyof Cost)[];

/** Exponent of growth: the least-squares slope of log(cost) over log(size). 0 is constant. */
export function slope(points: readonly { size: number; value: number }[]): number {
  const logs = points.map(({ size, value }) => [Math.log(size), Math.log(Math.max(1, value))]);
  const mean = (at: 0 | 1) => logs.reduce((sum, log) => sum + (log[at] ?? 0), 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  let covariance = 0;
  let variance = 0;
  for (const [logSize = 0, logValue = 0] of logs) {
    covariance += (logSize - x) * (logValue - y);
    variance += (logSize - x) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}
