import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { AppError, invalidField } from "../../errors";
import { readCursor, writeCursor } from "../../lib/cursor";
import { defined, pick } from "../../lib/record";
import { MESSAGE_FIELDS } from "../../lib/sessions/fieldTable";
import {
  MESSAGE_FIELD_NAMES,
  type MessageTable,
  type Values,
  viewOf,
} from "../../lib/sessions/fields";
import type { JoinedPart } from "../../lib/sessions/partRows";
import type { Portion } from "../../lib/sessions/portions";
import { contentHash, isPending } from "../../lib/sync/messageSlices";
import { utf8Length } from "../../lib/text";
import { covers, deduct, type ReadBudget } from "../readBudget";
import * as Parts from "./parts";

/**
 * Reads a conversation page by page, each page bounded by messages, rows and bytes. A message larger than a
 * page comes alone, in portions: the page's cursor continues inside it.
 */

/**
 * Rows, and bytes of text and parts, of one page. Rows are read one at a time; 4,000 take well under a second.
 * More bytes would exceed a third of a query's second, and, with two bytes a character, a heap of 48 MiB.
 */
const PAGE_BUDGET: Readonly<ReadBudget> = { rows: 4_000, bytes: 1024 * 1024 };

/** A message as returned. The JSON of its parts stays text, because Convex values cannot represent all JSON. */
export type MessageView = Values<MessageTable> &
  Pick<
    Doc<"messages">,
    "externalId" | "createdAt" | "role" | "rawRole" | "textContent" | "source"
  > & {
    id: Id<"messages">;
    parts: JoinedPart[];
    /** Set if the rest of the message was still being stored when these rows were read. */
    isIncomplete?: true;
  } & Portion;

/** Columns copied from the message's row. Text and parts are assembled from several rows. */
const VIEW_FIELDS = ["rawRole", "source", ...MESSAGE_FIELD_NAMES] as const;

type Page = {
  messages: MessageView[];
  /** Continues after the page, perhaps inside its last message; null at the end. */
  cursor: string | null;
  /** Whether messages follow the last one, and the bytes of text and parts of the next. */
  hasMore: boolean;
  nextBytes: number;
  /** The cursor after a whole message of the page. */
  cursorAfter: (index: number) => string;
};

/**
 * A page of a session's messages in the order of the conversation, with their parts. Bounded by
 * `limit`, by bytes and by rows. If you return fewer messages, resume with `cursorAfter(lastIndex)`.
 */
export async function page(
  ctx: QueryCtx,
  session: Pick<Doc<"sessions">, "_id">,
  { limit, cursor, order = "asc", after = "" }: { limit: number } & Place,
): Promise<Page> {
  const { reached, inside } = cursor === undefined ? START : readPageCursor(cursor);
  const range = { order, after, reached };
  if (inside !== undefined) return await continuation(ctx, session, range, inside);
  const inOrder = messagesBetween(ctx, session, range);
  const found: Doc<"messages">[] = [];
  const budget = { ...PAGE_BUDGET };
  let hasMore = false;
  let nextBytes = 0;
  for await (const message of inOrder) {
    const cost = costOf(message);
    hasMore = found.length >= limit || (found.length > 0 && !covers(budget, cost));
    nextBytes = hasMore ? cost.bytes : 0;
    if (hasMore) break;
    deduct(budget, cost);
    found.push(message);
  }
  const [only] = found;
  if (found.length === 1 && only !== undefined && isLong(only)) {
    return portion(only, await Parts.readPortion(ctx, only, null), { hasMore, nextBytes });
  }
  const messages = await viewsOf(ctx, found);
  const cursorAfter = (index: number) => writeCursor([found[index]?.orderKey ?? reached ?? after]);
  const next = hasMore ? cursorAfter(found.length - 1) : null;
  return { messages, hasMore, nextBytes, cursor: next, cursorAfter };
}

/** Where a page starts (`cursor`), its order, and the order key `after` which messages are read. */
type Place = { cursor?: string; order?: "asc" | "desc"; after?: string };

/** The messages after an order key, from the one that was `reached`, in an order. */
type Range = { order: "asc" | "desc"; after: string; reached?: string };

/** The messages after an order key, from where a page ended, in an order. */
export function messagesBetween(
  ctx: QueryCtx,
  { _id: sessionId }: Pick<Doc<"sessions">, "_id">,
  { order, after, reached }: Range,
) {
  const inOrder = ctx.db.query("messages").withIndex("by_session", (q) => {
    const own = q.eq("sessionId", sessionId);
    if (order === "asc") return own.gt("orderKey", reached ?? after);
    const since = own.gt("orderKey", after);
    return reached === undefined ? since : since.lt("orderKey", reached);
  });
  return inOrder.order(order);
}

/** Consecutive messages of a session, in either order, with their parts. */
export async function viewsOf(
  ctx: QueryCtx,
  found: readonly Doc<"messages">[],
): Promise<MessageView[]> {
  const rows = await Parts.readPage(ctx, found);
  return found.map((message) => messageView(message, rows.get(message._id)));
}

/** What reading a message with its parts costs: its rows, and the bytes of its text and parts. */
export function costOf({
  textContent = "",
  partBytes = 0,
  partRows = 0,
}: Doc<"messages">): ReadBudget {
  return { rows: 1 + partRows, bytes: utf8Length(textContent) + partBytes };
}

/** Whether a message is larger than a page, so that it is read in portions. */
const isLong = (message: Doc<"messages">) => costOf(message).bytes > PAGE_BUDGET.bytes;

/** The first portion of a message that is larger than a page, and the cursor to the next; null for others. */
export async function firstPortion(ctx: QueryCtx, message: Doc<"messages">): Promise<Page | null> {
  if (!isLong(message)) return null;
  const read = await Parts.readPortion(ctx, message, null);
  return portion(message, read, { hasMore: false, nextBytes: 0 });
}

/**
 * The next portion of the message at an order key. Throws if the message was replaced since its earlier portions
 * were read, because a reader would join two texts, or take a beginning for the whole.
 */
async function continuation(
  ctx: QueryCtx,
  session: Pick<Doc<"sessions">, "_id">,
  range: Range,
  inside: Inside,
): Promise<Page> {
  const { reached: orderKey = "" } = range;
  const message = await ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", session._id).eq("orderKey", orderKey))
    .first();
  const follower = await messagesBetween(ctx, session, range).first();
  const ends = { hasMore: follower !== null, nextBytes: follower ? costOf(follower).bytes : 0 };
  if (message === null || contentHash(message) !== inside.hash) throw changedMeanwhile();
  return portion(message, await Parts.readPortion(ctx, message, inside), ends);
}

/** A new request begins with the message as it is now. */
function changedMeanwhile(): AppError {
  const message = "A message was replaced or deleted while it was read; read it again";
  return new AppError("UNAVAILABLE", message, { retryAfterMs: 1_000 });
}

/** A page of one portion of a message. */
function portion(
  message: Doc<"messages">,
  { whole, continues, next, restBytes }: Parts.ReadPortion,
  { hasMore, nextBytes }: Pick<Page, "hasMore" | "nextBytes">,
): Page {
  const view = messageView(message, whole);
  const after = writeCursor([message.orderKey]);
  const ends = { hasMore, nextBytes, cursorAfter: () => after };
  const messages = [
    {
      ...view,
      ...(continues === undefined ? {} : { continues, textContent: whole.text }),
      ...(next === null ? {} : { restBytes }),
    },
  ];
  if (next === null) return { messages, cursor: hasMore ? after : null, ...ends };
  const { order, piece, bytesLeft } = next;
  const inside = [message.orderKey, order, piece, bytesLeft, contentHash(message)];
  return { messages, cursor: writeCursor(inside), ...ends };
}

/** A row inside a message, and the hash of the content that it belongs to. */
type Inside = Parts.Position & { hash: string };

/** The start of a page: beyond the message that was `reached`, or beyond a row inside it. */
type PageStart = { reached?: string; inside?: Inside };
const START: PageStart = {};

function readPageCursor(cursor: string): PageStart {
  const [key] = readCursor(cursor, ["string"]) ?? [];
  if (key !== undefined) return { reached: key };
  const values = readCursor(cursor, ["string", "number", "number", "number", "string"]);
  if (values === undefined) {
    throw invalidField("messages_cursor", "is not a cursor of this session");
  }
  const [reached, order, piece, bytesLeft, hash] = values;
  return { reached, inside: { order, piece, bytesLeft, hash } };
}

function messageView(message: Doc<"messages">, whole?: Parts.MessageParts): MessageView {
  const { _id: id, textContent, externalId, createdAt, role } = message;
  const text = textContent === undefined ? undefined : (whole?.text ?? textContent);
  const shown = { ...pick(message, VIEW_FIELDS), ...defined({ textContent: text }) };
  const mark = isPending(message) ? { isIncomplete: true as const } : {};
  return { id, externalId, createdAt, role, parts: whole?.parts ?? [], ...shown, ...mark };
}

const fieldsInSession = viewOf(MESSAGE_FIELDS, "session");

/** A message as `GET /api/sessions/:id` returns it. */
export function inSession(message: MessageView) {
  return { ...withoutFields(message), ...fieldsInSession(message) };
}

/** A message without the fields of the field table, because a view shows only some of them. */
export function withoutFields(message: MessageView) {
  const { id, externalId, createdAt, role, parts, rawRole, textContent, source } = message;
  const { continues, restBytes, isIncomplete } = message;
  const optional = defined({ rawRole, textContent, source, continues, restBytes, isIncomplete });
  return { id, externalId, createdAt, role, parts, ...optional };
}
