import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { AppError, readAppError } from "../errors";
import { chunked, ITEM_OPERATIONS, type Load } from "../lib/sync/slices";
import { sha256 } from "../lib/hash";
import { cutParts, cutText, pieceBytes } from "../lib/sessions/partRows";
import { utf8Length } from "../lib/text";
import type { MessageInput, SessionInput } from "../wire/sync";
import type { Caller } from "./authenticate";
import type { RequestLine } from "./endpoint";

/** What a request delivers, on its way into transactions. */

/**
 * What one mutation is given: 500 items without rows, and a quarter of the bytes that it may write and
 * take as arguments. One message alone always fits (`MESSAGE_MAX_BYTES`).
 */
const CHUNK: Load = { operations: 500 * ITEM_OPERATIONS, bytes: 4 * 1024 * 1024 };
/** Characters of SHA-256 kept to recognise a delivery: 128 bits. */
const HASH_LENGTH = 32;

/** An item that could be read, and what its request calls it. */
export type Item<T> = { name: string; value: T };
type Input = { sessions: Item<SessionInput>[]; messages: Item<MessageInput>[] };

type Stored = (typeof internal.sync.upsertMany)["_returnType"];
/** What became of the items; `refused` are the names of those that are too large for any transaction. */
type Results = Stored & { refused: string[]; logged: boolean };

/**
 * Stores everything in as few mutations as the limits allow: one for what a hook sends. All sessions
 * come before all messages; the last mutation writes the log line. What a message replaces is known
 * to the mutation alone: it may stop early, and the next one goes on there; and where it refuses a run
 * as too much, halves of it are tried, until an item is refused alone and its neighbours are stored.
 */
export async function store(
  ctx: ActionCtx,
  caller: Caller,
  line: RequestLine,
  input: Input,
): Promise<Results> {
  const common = { caller, receivedAt: Date.now() };
  const rows = await Promise.all(input.messages.map(messageRow));
  const runs = chunked([...input.sessions.map(sessionRow), ...rows], CHUNK);
  const results: Results = { sessions: [], messages: [], refused: [], logged: false, limit: null };
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
    const stored = await upsert(
      ctx,
      line,
      { ...common, ...(runs.length === 0 ? { line } : {}) },
      run,
    );
    if (stored === "too much") {
      const half = Math.ceil(run.length / 2);
      if (run.length > 1) runs.unshift(run.slice(0, half), run.slice(half));
      else results.refused.push(...run.map(({ name }) => name));
      continue;
    }
    results.sessions.push(...stored.sessions);
    results.messages.push(...stored.messages);
    results.limit = stored.limit;
    const rest = run.slice(stored.sessions.length + stored.messages.length);
    if (rest.length > 0) runs.unshift(rest);
    results.logged = runs.length === 0;
  }
  return results;
}

type Row = ReturnType<typeof sessionRow> | Awaited<ReturnType<typeof messageRow>>;

/** How long a client shall wait before it sends again what could not be stored. */
const RETRY_AFTER_MS = 5_000;

/**
 * One transaction. What fails unexpectedly (a conflict that outlived its retries, an overload; Convex
 * tells neither from a fault of ours) is 503: every write is an upsert and may be sent again.
 */
async function upsert(
  ctx: ActionCtx,
  { requestId }: RequestLine,
  common: { caller: Caller; receivedAt: number; line?: RequestLine },
  run: readonly Row[],
): Promise<Stored | "too much"> {
  try {
    return await ctx.runMutation(internal.sync.upsertMany, {
      ...common,
      sessions: run.flatMap((item) => ("session" in item ? [item.session] : [])),
      messages: run.flatMap((item) => ("message" in item ? [item.message] : [])),
    });
  } catch (error) {
    if (isTooMuch(error)) return "too much";
    if (readAppError(error) !== null) throw error;
    console.error(`Not stored: ${requestId}`, error);
    const retryAfterMs = RETRY_AFTER_MS;
    throw new AppError("UNAVAILABLE", "Could not be stored now; send it again", { retryAfterMs });
  }
}

/** Limits of a transaction and of its arguments, as Convex words them; our own have a code. */
const TOO_MUCH = /in a single function execution|too large/i;

function isTooMuch(error: unknown): boolean {
  const expected = readAppError(error);
  if (expected !== null) return expected.code === "PAYLOAD_TOO_LARGE";
  return error instanceof Error && TOO_MUCH.test(error.message);
}

function sessionRow({ name, value: session }: Item<SessionInput>) {
  const bytes = utf8Length(JSON.stringify(session));
  return { name, session, operations: ITEM_OPERATIONS, bytes };
}

/** A message cut into rows, with the hash that recognises the same delivery. */
async function messageRow({ name, value: input }: Item<MessageInput>, index: number) {
  const { parts, textContent, ...fields } = input;
  const { head, tail } = cutText(textContent ?? "");
  const partRows = parts && cutParts(parts);
  const message = {
    ...fields,
    ...(head === "" ? {} : { textContent: head }),
    ...(tail.length > 0 ? { textTail: tail } : {}),
    ...(partRows ? { partRows } : {}),
    index,
    deliveryHash: (await sha256(JSON.stringify(input))).slice(0, HASH_LENGTH),
  };
  const bytes = utf8Length(head) + pieceBytes(tail) + pieceBytes(partRows ?? []);
  const operations = ITEM_OPERATIONS + tail.length + (partRows?.length ?? 0);
  return { name, message, bytes, operations };
}
