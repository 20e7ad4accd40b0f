import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { readMessage } from "../../lib/sessions/readMessage";
import { parseParts } from "../../lib/sessions/parts";
import { joinRows } from "../../lib/sessions/partRows";
import { deduct, hasRoom, type ReadBudget } from "../readBudget";
import { firstRows } from "../sessions/parts";
import { prefixBytes, utf8Length } from "../../lib/text";
import type { WindowEnd } from "../../lib/embedding/plan";
import { semanticText, TURN_MAX_BYTES, type TurnMessage } from "../../lib/embedding/turns";

/** Reads the stale range of a conversation: the messages to embed, with their meaningful text. */

/** Messages that one query reads of a stale range, and the bytes of their text and of what it reads of their parts. */
const RANGE_BUDGET: Readonly<ReadBudget> = { rows: 500, bytes: 2_000_000 };

/** Text embedded of one message. A longer message is a log or a file, which full text finds. */
const MEANING_MAX_BYTES = 64_000;

/** Part rows read of one message. Calls come before their results, and results are not embedded. */
const MEANING_BUDGET: Readonly<ReadBudget> = { rows: 400, bytes: 96_000 };

/** How many messages before the range are read to find where its first turn starts. */
const LOOK_BACK_MAX_MESSAGES = 100;

/** A message of a stale range. `deliveryHash` recognises the same content later. */
export type StaleMessage = TurnMessage & { id: Id<"messages">; deliveryHash: string };

type StaleMessages = { messages: StaleMessage[]; end: WindowEnd };

/**
 * Reads the messages of a session's stale range, extended to whole turns: back to the start of the first
 * turn and forward to the end of the last. Bounded; the end is `cut` if the range was not read to its end.
 */
export async function readStaleMessages(
  ctx: QueryCtx,
  session: Pick<Doc<"sessions">, "_id" | "staleFrom" | "staleTo">,
): Promise<StaleMessages> {
  const { staleFrom, staleTo } = session;
  if (staleFrom === undefined || staleTo === undefined) {
    return { messages: [], end: "inside" };
  }
  const ahead = await readStaleRange(ctx, session._id, staleFrom, staleTo);
  const embeddedHashes = await readEmbeddedHashes(ctx, session._id, ahead.messages);
  const [first] = ahead.messages;
  const before =
    first && ((first.role !== "user" && !embeddedHashes.has(first._id)) || ahead.turnCrossesEnd)
      ? await readTurnStart(ctx, session._id, first.orderKey, embeddedHashes)
      : [];
  const messages: StaleMessage[] = [];
  for (const message of [...before, ...ahead.messages]) {
    messages.push(await toStaleMessage(ctx, message, embeddedHashes));
  }
  return { messages, end: ahead.end };
}

/** `textHash` of each embedded turn, by the id of the turn's first message. */
type EmbeddedHashes = Map<Id<"messages">, string>;

/** Reads the hashes of turns within the range, in one index range. New messages have no passages and cost no read. */
async function readEmbeddedHashes(
  ctx: QueryCtx,
  sessionId: Id<"sessions">,
  messages: readonly Doc<"messages">[],
): Promise<EmbeddedHashes> {
  const embeddedHashes: EmbeddedHashes = new Map();
  const [first] = messages;
  const last = messages[messages.length - 1];
  if (!first || !last) return embeddedHashes;
  const inRange = ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).gte("orderKey", first.orderKey).lte("orderKey", last.orderKey),
    );
  for await (const { messageId, textHash } of inRange) embeddedHashes.set(messageId, textHash);
  return embeddedHashes;
}

async function readStaleRange(
  ctx: QueryCtx,
  sessionId: Id<"sessions">,
  from: string,
  to: string,
): Promise<{ messages: Doc<"messages">[]; turnCrossesEnd: boolean; end: WindowEnd }> {
  const messages: Doc<"messages">[] = [];
  const budget = { ...RANGE_BUDGET };
  let turnCrossesEnd = false;
  const nextEmbedded = await ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) => q.eq("sessionId", sessionId).gt("orderKey", to))
    .first();
  const inOrder = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId).gte("orderKey", from));
  for await (const message of inOrder) {
    const isBeyond = message.orderKey > to;
    if (isBeyond && (message.role === "user" || message._id === nextEmbedded?.messageId)) {
      return { messages, turnCrossesEnd, end: "inside" };
    }
    if (!hasRoom(budget)) return { messages, turnCrossesEnd, end: "cut" };
    turnCrossesEnd ||= isBeyond && message.role !== "system";
    messages.push(message);
    const partBytes = Math.min(message.partBytes ?? 0, MEANING_BUDGET.bytes);
    deduct(budget, { rows: 1, bytes: utf8Length(message.textContent ?? "") + partBytes });
  }
  return { messages, turnCrossesEnd, end: "last" };
}

/**
 * Reads backwards from `before` to the start of the turn that contains it: a prompt, or the first message of
 * an embedded turn. Adds that turn's hash to `embeddedHashes`.
 */
async function readTurnStart(
  ctx: QueryCtx,
  sessionId: Id<"sessions">,
  before: string,
  embeddedHashes: EmbeddedHashes,
) {
  const found: Doc<"messages">[] = [];
  let bytes = 0;
  const lastEmbedded = await ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).lt("orderKey", before),
    )
    .order("desc")
    .first();
  if (lastEmbedded) embeddedHashes.set(lastEmbedded.messageId, lastEmbedded.textHash);
  const backwards = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId).lt("orderKey", before))
    .order("desc");
  for await (const message of backwards) {
    found.unshift(message);
    bytes += utf8Length(message.textContent ?? "");
    // A prompt starts a turn.
    if (
      message.role === "user" ||
      message._id === lastEmbedded?.messageId ||
      bytes > 2 * TURN_MAX_BYTES
    )
      break;
    if (found.length >= LOOK_BACK_MAX_MESSAGES) break;
  }
  return found;
}

async function toStaleMessage(
  ctx: QueryCtx,
  message: Doc<"messages">,
  embeddedHashes: EmbeddedHashes,
): Promise<StaleMessage> {
  const { _id: id, role, orderKey, deliveryHash } = message;
  const text = await readMeaning(ctx, message);
  return { id, role, orderKey, embeddedHash: embeddedHashes.get(id), deliveryHash, text };
}

/** The meaningful text of a message: its prose and a line for each tool call, at most `MEANING_MAX_BYTES`. */
export async function readMeaning(ctx: QueryCtx, message: Doc<"messages">): Promise<string> {
  if (message.role === "system" || message.role === "tool") return "";
  const rows = await firstRows(ctx, message, { ...MEANING_BUDGET });
  const { text, parts } = joinRows(rows, message.textContent);
  const read = readMessage({ role: message.role, textContent: text, parts: parseParts(parts) });
  return prefixBytes(semanticText(read), MEANING_MAX_BYTES);
}
