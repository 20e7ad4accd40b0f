import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { invalidField } from "../../errors";
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
import { jsonStringBytes, utf8Length } from "../../lib/text";
import * as Parts from "./parts";

/** Reads a conversation page by page, each page bounded by messages, rows and bytes. */

/** Text and parts of one answer. A single larger message is still returned, alone. */
const PAGE_MAX_BYTES = 4 * 1024 * 1024;
/** Rows are read one at a time; 4,000 take well under a second. */
const PAGE_MAX_ROWS = 4_000;
/**
 * Size of texts and parts as JSON, where a control character takes six bytes. A single larger message is
 * returned alone; it arrived as JSON, so its size is bounded by the request that sent it.
 */
const PAGE_MAX_JSON_BYTES = 12 * 1024 * 1024;

/** A message as returned. The JSON of its parts stays text, because Convex values cannot represent all JSON. */
export type MessageView = Values<MessageTable> &
  Pick<
    Doc<"messages">,
    "externalId" | "createdAt" | "role" | "rawRole" | "textContent" | "source"
  > & {
    id: Id<"messages">;
    parts: JoinedPart[];
  };

/** Columns copied from the message's row. Text and parts are assembled from several rows. */
const VIEW_FIELDS = ["rawRole", "source", ...MESSAGE_FIELD_NAMES] as const;

/** Bounds of a page: messages, bytes and rows. */
type PageSize = { limit: number; maxBytes?: number; maxRows?: number };

/**
 * A page of a session's messages in the order of the conversation, with their parts. Bounded by
 * `limit`, by bytes and by rows; `cursor` is null at the end. If you return fewer messages, resume with
 * `cursorAfter(lastIndex)`.
 */
export async function page(
  ctx: QueryCtx,
  session: Pick<Doc<"sessions">, "_id">,
  size: PageSize & Place,
): Promise<{
  messages: MessageView[];
  cursor: string | null;
  cursorAfter: (index: number) => string;
}> {
  const { limit, cursor, maxBytes = PAGE_MAX_BYTES, maxRows = PAGE_MAX_ROWS } = size;
  const { order = "asc", after = "" } = size;
  const reached = cursor === undefined ? undefined : readPageCursor(cursor);
  const inOrder = messagesBetween(ctx, session, { order, after, reached });
  const found: Doc<"messages">[] = [];
  let bytes = 0;
  let rowCount = 0;
  let more = false;
  for await (const message of inOrder) {
    bytes += utf8Length(message.textContent ?? "") + (message.partBytes ?? 0);
    rowCount += 1 + (message.partRows ?? 0);
    const isFull = bytes > maxBytes || rowCount > maxRows;
    more = found.length >= limit || (found.length > 0 && isFull);
    if (more) break;
    found.push(message);
  }
  const read = await viewsOf(ctx, found);
  const messages = read.slice(0, fitting(read));
  const cursorAfter = (index: number) => writeCursor([found[index]?.orderKey ?? reached ?? after]);
  const isCut = messages.length > 0 && (more || messages.length < read.length);
  return { messages, cursor: isCut ? cursorAfter(messages.length - 1) : null, cursorAfter };
}

/** Where a page is: `after` an order key, from where the last page `reached`, newest or oldest first. */
type Place = { cursor?: string; order?: "asc" | "desc"; after?: string };

/** The messages after an order key, from where a page ended, in an order. */
export function messagesBetween(
  ctx: QueryCtx,
  { _id: sessionId }: Pick<Doc<"sessions">, "_id">,
  { order, after, reached }: { order: "asc" | "desc"; after: string; reached?: string },
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

/** How many of the messages fit one answer as JSON; at least one. */
function fitting(messages: readonly MessageView[]): number {
  // A single message is returned at any size, and measuring the largest takes a tenth of a second.
  if (messages.length <= 1) return messages.length;
  let bytes = 0;
  const beyond = messages.findIndex((message, index) => {
    bytes += jsonBytesOf(message);
    return index > 0 && bytes > PAGE_MAX_JSON_BYTES;
  });
  return beyond < 0 ? messages.length : beyond;
}

function jsonBytesOf({ textContent = "", parts }: MessageView): number {
  return parts.reduce(
    (sum, { format, content }) =>
      sum + (format.startsWith("text") ? jsonStringBytes(content) : utf8Length(content)),
    jsonStringBytes(textContent),
  );
}

function readPageCursor(cursor: string): string {
  const [key] = readCursor(cursor, ["string"]) ?? [];
  if (key !== undefined) return key;
  throw invalidField("messages_cursor", "is not a cursor of this session");
}

function messageView(message: Doc<"messages">, whole?: Parts.MessageParts): MessageView {
  const { _id: id, textContent, externalId, createdAt, role } = message;
  const text = textContent === undefined ? undefined : (whole?.text ?? textContent);
  const shown = { ...pick(message, VIEW_FIELDS), ...defined({ textContent: text }) };
  return { id, externalId, createdAt, role, parts: whole?.parts ?? [], ...shown };
}

const fieldsInSession = viewOf(MESSAGE_FIELDS, "session");

/** A message as `GET /api/sessions/:id` returns it. */
export function inSession(message: MessageView) {
  return { ...withoutFields(message), ...fieldsInSession(message) };
}

/** A message without the fields of the field table, because a view shows only some of them. */
export function withoutFields(message: MessageView) {
  const { id, externalId, createdAt, role, parts, rawRole, textContent, source } = message;
  return { id, externalId, createdAt, role, parts, ...defined({ rawRole, textContent, source }) };
}
