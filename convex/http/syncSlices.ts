import { internal } from "../_generated/api";
import { type ActionCtx, env } from "../_generated/server";
import { AppError, isPassing, isTooMuch, readAppError } from "../errors";
import { pause } from "../lib/pause";
import { retrying } from "../lib/retry";
import type { SecretCount } from "../lib/secrets/finding";
import { pauseAfter, writeWindow } from "../lib/sync/writeCost";
import type { Caller } from "./authenticate";
import type { RequestLine } from "./endpoint";
import { type ItemReader, type Row, SliceReader } from "./syncRows";

/**
 * Stores the items of a sync request slice by slice: items are parsed, split into rows and hashed
 * until a slice is full; one mutation stores it, and it is released. So memory is bounded by a
 * slice, and no request fills the deployment's write window (PLATFORM 8).
 */

/** How long a client should wait before it resends items that could not be stored. */
const RETRY_AFTER_MS = 5_000;

type Stored = (typeof internal.sync.upsertMany)["_returnType"];
export type Tally = { inserted: number; updated: number; skipped: number; deleted?: number };
/** The outcome of the items; `refused` names those too large for any transaction. */
type Results = {
  sessions: Tally;
  messages: Tally;
  /** Ids of the last stored item, for requests with a single item. */
  last: { sessionId?: string; messageId?: string; outcome?: string };
  refused: Refused[];
  /** The secrets in messages, also in those that were stored already. */
  secrets: SecretCount[];
  logged: boolean;
  limit: Stored["limit"];
};

/**
 * Stores all items in as few mutations as slices allow: one for the request of a hook. The last
 * mutation also writes the log entry, unless the items after it turned out to be invalid
 * (`logged`). Only the mutation knows what a message replaces. It may stop early, and the next one
 * continues there; if it rejects a slice as too much, the halves are tried, down to a single item,
 * which is refused.
 */
export async function storeItems(
  ctx: ActionCtx,
  caller: Caller,
  line: RequestLine,
  items: ItemReader,
): Promise<Results> {
  const common = { caller, receivedAt: Date.now() };
  const results = noResults();
  const input = new SliceReader(items);
  const waiting: Row[][] = [];
  for (let isFirst = true; ; isFirst = false) {
    const slice = waiting.shift() ?? (await input.next());
    results.secrets = input.secrets;
    // A request without items also needs one mutation, which writes the log entry.
    if (slice === null && !isFirst) return results;
    const rows = slice ?? [];
    const isLast = waiting.length === 0 && input.isDone();
    const startedAt = Date.now();
    const stored = await upsert(ctx, line, { ...common, ...(isLast ? { line } : {}) }, rows);
    if (stored === "too much") {
      const half = Math.ceil(rows.length / 2);
      if (rows.length > 1) waiting.unshift(rows.slice(0, half), rows.slice(half));
      else results.refused.push(...rows.map(refusedOf));
      results.logged = false;
      continue;
    }
    addOutcomes(results, rows, stored);
    for (const name of skippedBy(rows, stored)) input.dropSlicesOf(name);
    const count = stored.sessions.length + stored.messages.length;
    if (count < rows.length) waiting.unshift(rows.slice(count));
    results.logged = isLast && count === rows.length;
    if (results.logged) return results;
    const written = bytesOf(rows.slice(0, count));
    const window = writeWindow(env.WRITE_MIB_PER_SECOND);
    const waitMs = pauseAfter(written, Date.now() - startedAt, window);
    if (waitMs > 0) await pause.forMs(waitMs);
  }
}

/** An item that no transaction can store: its name and ids. */
export type Refused = { name: string; externalId: string; sessionExternalId?: string };

function refusedOf(row: Row): Refused {
  const { name } = row;
  if ("session" in row) return { name, externalId: row.session.externalId };
  const { externalId, sessionExternalId } = row.message;
  return { name, externalId, sessionExternalId };
}

function noResults(): Results {
  const none = { inserted: 0, updated: 0, skipped: 0 };
  return {
    sessions: { ...none },
    messages: { ...none },
    last: {},
    refused: [],
    secrets: [],
    logged: false,
    limit: null,
  };
}

/** Counts the outcome of a slice. Later slices of a message do not count as messages. */
function addOutcomes(
  results: Results,
  rows: readonly Row[],
  { sessions, messages, limit }: Stored,
): void {
  for (const { outcome } of sessions) count(results.sessions, outcome);
  for (const [at, { outcome }] of messages.entries()) {
    if (rows[sessions.length + at]?.isFirst) count(results.messages, outcome);
  }
  results.last = messages[messages.length - 1] ?? sessions[sessions.length - 1] ?? results.last;
  results.limit = limit;
}

function count(tally: Tally, outcome: "inserted" | "updated" | "skipped" | "deleted"): void {
  if (outcome !== "deleted") tally[outcome] += 1;
  else {
    tally.skipped += 1;
    tally.deleted = (tally.deleted ?? 0) + 1;
  }
}

/** Messages that are already stored or stay deleted, so their later slices need not be sent. */
function skippedBy(rows: readonly Row[], { sessions, messages }: Stored): string[] {
  return messages.flatMap(({ outcome }, at) => {
    const row = rows[sessions.length + at];
    const needsNoMore = outcome === "skipped" || outcome === "deleted";
    return needsNoMore && row?.isFirst ? [row.name] : [];
  });
}

const bytesOf = (rows: readonly Row[]) => rows.reduce((sum, { load }) => sum + load.bytes, 0);

/**
 * Stores one slice in one transaction. Temporary failures are retried for some seconds, then
 * answered with 503: every write is an upsert, so it may be sent again.
 */
async function upsert(
  ctx: ActionCtx,
  { requestId }: RequestLine,
  common: { caller: Caller; receivedAt: number; line?: RequestLine },
  slice: readonly Row[],
): Promise<Stored | "too much"> {
  const args = {
    ...common,
    sessions: slice.flatMap((row) => ("session" in row ? [row.session] : [])),
    messages: slice.flatMap((row) => ("message" in row ? [row.message] : [])),
  };
  try {
    return await retrying(() => ctx.runMutation(internal.sync.upsertMany, args), isPassing);
  } catch (error) {
    if (isTooMuch(error)) return "too much";
    if (readAppError(error) !== null) throw error;
    console.error(`Not stored: ${requestId}`, error);
    const retryAfterMs = RETRY_AFTER_MS;
    throw new AppError("UNAVAILABLE", "Temporarily unable to store the data; send it again", {
      retryAfterMs,
    });
  }
}
