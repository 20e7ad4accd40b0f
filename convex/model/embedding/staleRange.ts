import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { readMessage } from "../../lib/sessions/readMessage";
import { parseParts } from "../../lib/sessions/parts";
import { joinRows, TEXT_ORDER } from "../../lib/sessions/partRows";
import { rowsOfMessage } from "../sessions/parts";
import { prefixBytes, utf8Length } from "../../lib/text";
import { semanticText, TURN_MAX_BYTES, type TurnMessage } from "../../lib/embedding/turns";

/** Reads the stale range of a conversation: the messages to embed, with their meaningful text. */

/** Messages and bytes that one query reads of a stale range. */
const READ_MAX_MESSAGES = 500;
const READ_MAX_BYTES = 2_000_000;

/** Text embedded of one message. A longer message is a log or a file, which full text finds. */
const MEANING_MAX_BYTES = 64_000;

/** Bytes of part rows read of one message. Calls come before their results, and results are not embedded. */
const PARTS_MAX_BYTES = 64_000;

/** How many messages before the range are read to find where its first unit starts. */
const LOOK_BACK_MAX_MESSAGES = 100;

/** A message of a stale range. `deliveryHash` recognises the same content later. */
export type StaleMessage = TurnMessage & { id: Id<"messages">; deliveryHash: string };

type StaleMessages = { messages: StaleMessage[]; isEnd: boolean; hasMore: boolean };

/**
 * Reads the messages of a session's stale range, extended to whole units: back to the start of the first
 * unit and forward to the end of the last. Bounded; `hasMore` means that the range was not read to its end.
 */
export async function readStaleMessages(
  ctx: QueryCtx,
  session: Pick<Doc<"sessions">, "_id" | "staleFrom" | "staleTo">,
): Promise<StaleMessages> {
  const { staleFrom, staleTo } = session;
  if (staleFrom === undefined || staleTo === undefined) {
    return { messages: [], isEnd: false, hasMore: false };
  }
  const ahead = await readStaleRange(ctx, session._id, staleFrom, staleTo);
  const embeddedHashes = await readEmbeddedHashes(ctx, session._id, ahead.messages);
  const [first] = ahead.messages;
  const before =
    first && ((first.role !== "user" && !embeddedHashes.has(first._id)) || ahead.unitCrossesEnd)
      ? await readUnitStart(ctx, session._id, first.orderKey, embeddedHashes)
      : [];
  const messages: StaleMessage[] = [];
  for (const message of [...before, ...ahead.messages]) {
    messages.push(await toStaleMessage(ctx, message, embeddedHashes));
  }
  return { messages, isEnd: ahead.isEnd, hasMore: ahead.hasMore };
}

/** `textHash` of each embedded unit, by the id of the unit's first message. */
type EmbeddedHashes = Map<Id<"messages">, string>;

/** Reads the hashes of units within the range, in one index range. New messages have no passages and cost no read. */
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

async function readStaleRange(ctx: QueryCtx, sessionId: Id<"sessions">, from: string, to: string) {
  const messages: Doc<"messages">[] = [];
  let bytes = 0;
  let unitCrossesEnd = false;
  const nextUnit = await ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) => q.eq("sessionId", sessionId).gt("orderKey", to))
    .first();
  const inOrder = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId).gte("orderKey", from));
  for await (const message of inOrder) {
    const isBeyond = message.orderKey > to;
    if (isBeyond && (message.role === "user" || message._id === nextUnit?.messageId)) {
      return { messages, unitCrossesEnd, isEnd: false, hasMore: false };
    }
    if (messages.length >= READ_MAX_MESSAGES || bytes > READ_MAX_BYTES) {
      return { messages, unitCrossesEnd, isEnd: false, hasMore: true };
    }
    unitCrossesEnd ||= isBeyond && message.role !== "system";
    messages.push(message);
    bytes +=
      utf8Length(message.textContent ?? "") + Math.min(message.partBytes ?? 0, PARTS_MAX_BYTES);
  }
  return { messages, unitCrossesEnd, isEnd: true, hasMore: false };
}

/**
 * Reads backwards from `before` to the start of the unit that contains it: a prompt, or the first message of
 * an embedded unit. Adds that unit's hash to `embeddedHashes`.
 */
async function readUnitStart(
  ctx: QueryCtx,
  sessionId: Id<"sessions">,
  before: string,
  embeddedHashes: EmbeddedHashes,
) {
  const found: Doc<"messages">[] = [];
  let bytes = 0;
  const lastUnit = await ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).lt("orderKey", before),
    )
    .order("desc")
    .first();
  if (lastUnit) embeddedHashes.set(lastUnit.messageId, lastUnit.textHash);
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
      message._id === lastUnit?.messageId ||
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
  const { text, parts } = joinRows(await headRows(ctx, message), message.textContent);
  const read = readMessage({ role: message.role, textContent: text, parts: parseParts(parts) });
  return prefixBytes(semanticText(read), MEANING_MAX_BYTES);
}

/** The first part rows of a message, without a part that the bound cuts off. */
async function headRows(ctx: QueryCtx, message: Doc<"messages">): Promise<Doc<"parts">[]> {
  if ((message.partRows ?? 0) === 0) return [];
  const rows: Doc<"parts">[] = [];
  let bytes = 0;
  for await (const row of rowsOfMessage(ctx, message)) {
    rows.push(row);
    bytes += utf8Length(row.text ?? row.content ?? "");
    if (bytes <= PARTS_MAX_BYTES) continue;
    return rows.filter(({ order }) => order === TEXT_ORDER || order < row.order);
  }
  return rows;
}
