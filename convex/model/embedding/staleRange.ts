import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { readMessage } from "../../lib/sessions/readMessage";
import { parseParts } from "../../lib/sessions/parts";
import { joinRows, TEXT_ORDER } from "../../lib/sessions/partRows";
import { rowsOfMessage } from "../sessions/parts";
import { prefixBytes, utf8Length } from "../../lib/text";
import { semanticText, TURN_MAX_BYTES, type TurnMessage } from "../../lib/embedding/turns";

/** Reading the stretch of a conversation that has to be embedded, as what it means. */

/** Messages and bytes that one query reads of a stretch. */
const STRETCH_MAX_MESSAGES = 500;
const STRETCH_MAX_BYTES = 2_000_000;

/** What is embedded of one message; a longer one is a log or a file, and found by its words. */
const MEANING_MAX_BYTES = 64_000;

/** Part rows read of one message: calls come before their results, and results are not embedded. */
const PARTS_MAX_BYTES = 64_000;

/** How far back the beginning of a run is looked for. */
const LOOK_BACK_MAX_MESSAGES = 100;

/** A message as its unit needs it; `deliveryHash` recognises the same content later. */
export type StretchMessage = TurnMessage & { id: Id<"messages">; deliveryHash: string };

type ReadStretch = { messages: StretchMessage[]; isEnd: boolean; hasMore: boolean };

/**
 * The messages from a session's stale range on, with what belongs to the units they are part of:
 * back to where a run began, on to where the last unit ends. Bounded; `hasMore` says that the range
 * goes on.
 */
export async function readStretch(
  ctx: QueryCtx,
  session: Pick<Doc<"sessions">, "_id" | "staleFrom" | "staleTo">,
): Promise<ReadStretch> {
  const { staleFrom, staleTo } = session;
  if (staleFrom === undefined || staleTo === undefined) {
    return { messages: [], isEnd: false, hasMore: false };
  }
  const ahead = await readAhead(ctx, session._id, staleFrom, staleTo);
  const marks = await marksOf(ctx, session._id, ahead.messages);
  const [first] = ahead.messages;
  const before =
    first && ((first.role !== "user" && !marks.has(first._id)) || ahead.continuesOldRun)
      ? await readBack(ctx, session._id, first.orderKey, marks)
      : [];
  const messages: StretchMessage[] = [];
  for (const message of [...before, ...ahead.messages]) {
    messages.push(await toStretchMessage(ctx, message, marks));
  }
  return { messages, isEnd: ahead.isEnd, hasMore: ahead.hasMore };
}

/** `textHash` of what is embedded already, by the first messages of its units. */
type Marks = Map<Id<"messages">, string>;

/** The marks within a stretch, in one range: what is new has no passages, and costs no document. */
async function marksOf(
  ctx: QueryCtx,
  sessionId: Id<"sessions">,
  messages: readonly Doc<"messages">[],
): Promise<Marks> {
  const marks: Marks = new Map();
  const [first] = messages;
  const last = messages[messages.length - 1];
  if (!first || !last) return marks;
  const inRange = ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).gte("orderKey", first.orderKey).lte("orderKey", last.orderKey),
    );
  for await (const { messageId, textHash } of inRange) marks.set(messageId, textHash);
  return marks;
}

async function readAhead(ctx: QueryCtx, sessionId: Id<"sessions">, from: string, to: string) {
  const messages: Doc<"messages">[] = [];
  let bytes = 0;
  let continuesOldRun = false;
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
      return { messages, continuesOldRun, isEnd: false, hasMore: false };
    }
    if (messages.length >= STRETCH_MAX_MESSAGES || bytes > STRETCH_MAX_BYTES) {
      return { messages, continuesOldRun, isEnd: false, hasMore: true };
    }
    continuesOldRun ||= isBeyond && message.role !== "system";
    messages.push(message);
    bytes +=
      utf8Length(message.textContent ?? "") + Math.min(message.partBytes ?? 0, PARTS_MAX_BYTES);
  }
  return { messages, continuesOldRun, isEnd: true, hasMore: false };
}

/**
 * The messages of the run that goes on at `before`, back to where it, or an embedded unit, begins;
 * that unit's mark is added to `marks`.
 */
async function readBack(ctx: QueryCtx, sessionId: Id<"sessions">, before: string, marks: Marks) {
  const found: Doc<"messages">[] = [];
  let bytes = 0;
  const lastUnit = await ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).lt("orderKey", before),
    )
    .order("desc")
    .first();
  if (lastUnit) marks.set(lastUnit.messageId, lastUnit.textHash);
  const backwards = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId).lt("orderKey", before))
    .order("desc");
  for await (const message of backwards) {
    found.unshift(message);
    bytes += utf8Length(message.textContent ?? "");
    // The prompt begins the turn.
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

async function toStretchMessage(
  ctx: QueryCtx,
  message: Doc<"messages">,
  marks: Marks,
): Promise<StretchMessage> {
  const { _id: id, role, orderKey, deliveryHash } = message;
  const text = await readMeaning(ctx, message);
  return { id, role, orderKey, embeddedHash: marks.get(id), deliveryHash, text };
}

/** What a message says: its prose and a line for each tool call, at most `MEANING_MAX_BYTES`. */
export async function readMeaning(ctx: QueryCtx, message: Doc<"messages">): Promise<string> {
  if (message.role === "system" || message.role === "tool") return "";
  const { text, parts } = joinRows(await headRows(ctx, message), message.textContent);
  const read = readMessage({ role: message.role, textContent: text, parts: parseParts(parts) });
  return prefixBytes(semanticText(read), MEANING_MAX_BYTES);
}

/** The first rows of a message in `parts`, without one that is cut off by the bound. */
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
