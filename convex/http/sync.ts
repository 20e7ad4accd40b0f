import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { chunked, ITEM_OPERATIONS, type Load } from "../lib/chunked";
import { sha256 } from "../lib/hash";
import { cutParts, cutText, pieceBytes } from "../lib/pieces";
import { utf8Length } from "../lib/text";
import { MessageInput, SessionInput } from "../wire/sync";
import * as routes from "../wire/sync";
import type { Caller } from "./authenticate";
import { faultOf } from "../wire/fields";
import { endpoint, zodDetails, type Endpoint, type RequestLine } from "./endpoint";

/**
 * What one mutation is given: 500 items without rows, and a quarter of the bytes that it may write and
 * take as arguments. One message alone always fits: it has at most about 1,600 rows (`lib/pieces.ts`).
 */
const CHUNK: Load = { operations: 500 * ITEM_OPERATIONS, bytes: 4 * 1024 * 1024 };
/** Characters of SHA-256 kept to recognise a delivery: 128 bits. */
const HASH_LENGTH = 32;

export const syncSession: Endpoint = endpoint(
  routes.syncSession,
  async (ctx, { caller, body, line }) => {
    const stored = await store(ctx, caller, line, { sessions: [body], messages: [] });
    const { sessionId } = stored.sessions[0] ?? {};
    return { body: { ok: true, sessionId }, logged: true, limit: stored.limit };
  },
);

export const syncMessage: Endpoint = endpoint(
  routes.syncMessage,
  async (ctx, { caller, body, line }) => {
    const stored = await store(ctx, caller, line, { sessions: [], messages: [body] });
    const { messageId, sessionId } = stored.messages[0] ?? {};
    return { body: { ok: true, messageId, sessionId }, logged: true, limit: stored.limit };
  },
);

export const syncBatch: Endpoint = endpoint(
  routes.syncBatch,
  async (ctx, { caller, body, line }) => {
    const sessions = readItems("sessions", SessionInput, body.sessions ?? []);
    const messages = readItems("messages", MessageInput, body.messages ?? []);
    const stored = await store(ctx, caller, line, {
      sessions: sessions.items,
      messages: messages.items,
    });
    return {
      body: {
        ok: true,
        sessions: stored.sessions.length,
        messages: stored.messages.length,
        errors: [...sessions.errors, ...messages.errors],
        results: { sessions: tally(stored.sessions), messages: tally(stored.messages) },
      },
      logged: true,
      limit: stored.limit,
    };
  },
);

export const listExternalIds: Endpoint = endpoint(
  routes.listExternalIds,
  async (ctx, { caller }) => {
    const sessionIds: string[] = [];
    for (let after: string | null = ""; after !== null;) {
      const args: { caller: Caller; after: string } = { caller, after };
      const page = await ctx.runQuery(internal.sessions.externalIdPage, args);
      sessionIds.push(...page.externalIds);
      after = page.next;
    }
    return { body: { sessionIds } };
  },
);

type Schema<T> = {
  safeParse: (
    value: unknown,
    words: { error: typeof faultOf },
  ) => { success: true; data: T } | { success: false; error: Parameters<typeof zodDetails>[0] };
};

/** Reads items one by one: one that can never be stored is named and hurts no neighbour. */
function readItems<T>(name: string, schema: Schema<T>, values: unknown[]) {
  const items: T[] = [];
  const errors: string[] = [];
  values.forEach((value, index) => {
    try {
      const result = schema.safeParse(value, { error: faultOf });
      if (result.success) items.push(result.data);
      else errors.push(`${name}[${index}]: ${problemsOf(result.error)}`);
    } catch (error) {
      console.error(`${name}[${index}] could not be read`, error);
      errors.push(`${name}[${index}]: cannot be stored`);
    }
  });
  return { items, errors };
}

function problemsOf(error: Parameters<typeof zodDetails>[0]): string {
  const problems = zodDetails(error).map(({ path, message }) => `${path} ${message}`.trim());
  return problems.join("; ");
}

function tally(results: readonly { outcome: "inserted" | "updated" | "skipped" }[]) {
  const counts = { inserted: 0, updated: 0, skipped: 0 };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
}

type Input = { sessions: SessionInput[]; messages: MessageInput[] };

/**
 * Stores everything in as few mutations as the limits allow: one for what a hook sends. All sessions
 * come before all messages; the last mutation writes the log line. What a message replaces is known
 * to the mutation alone, so it may stop early, and the next one goes on there.
 */
async function store(ctx: ActionCtx, caller: Caller, line: RequestLine, input: Input) {
  const receivedAt = Date.now();
  const rows = await Promise.all(input.messages.map(messageRow));
  const runs = chunked([...input.sessions.map(sessionRow), ...rows], CHUNK);
  const results: Stored = { sessions: [], messages: [], limit: null };
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
    const stored = await ctx.runMutation(internal.sync.upsertMany, {
      caller,
      receivedAt,
      sessions: run.flatMap((item) => ("session" in item ? [item.session] : [])),
      messages: run.flatMap((item) => ("message" in item ? [item.message] : [])),
      ...(runs.length === 0 ? { line } : {}),
    });
    results.sessions.push(...stored.sessions);
    results.messages.push(...stored.messages);
    results.limit = stored.limit;
    const rest = run.slice(stored.sessions.length + stored.messages.length);
    if (rest.length > 0) runs.unshift(rest);
  }
  return results;
}

type Stored = (typeof internal.sync.upsertMany)["_returnType"];

function sessionRow(session: SessionInput) {
  return { session, operations: ITEM_OPERATIONS, bytes: utf8Length(JSON.stringify(session)) };
}

/** A message cut into rows, with the hash that recognises the same delivery. */
async function messageRow(input: MessageInput, index: number) {
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
  return { message, bytes, operations: ITEM_OPERATIONS + tail.length + (partRows?.length ?? 0) };
}
