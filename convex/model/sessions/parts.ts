import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import {
  contentBytes,
  contentOf,
  joinRows,
  searchableRow,
  TEXT_ORDER,
  type PartRow,
  type JoinedPart,
} from "../../lib/sessions/partRows";
import { jsonStringBytes } from "../../lib/text";
import { hasRoom, type ReadBudget, takeWithin } from "../readBudget";

/** Reads and writes the rows of messages in `parts`. Deletion, search and migrations query the table themselves. */

type Owner = Pick<Doc<"messages">, "userId" | "sessionId" | "orderKey"> & {
  _id: Doc<"messages">["_id"];
};

/** The kinds of a message's rows: the rest of a long text, or parts. */
type RowKind = "text" | "parts";

/** Replaces the message's rows of one kind; returns the removed rows. */
export async function replace(
  ctx: MutationCtx,
  message: Owner,
  kind: RowKind,
  pieces: readonly PartRow[],
  hasRows: boolean,
): Promise<Doc<"parts">[]> {
  const removed = hasRows ? await collectRows(ctx, message, kind) : [];
  for (const row of removed) await ctx.db.delete("parts", row._id);
  const { userId, sessionId, orderKey, _id: messageId } = message;
  for (const piece of pieces) {
    await ctx.db.insert("parts", { userId, sessionId, messageId, orderKey, ...piece });
  }
  return removed;
}

/**
 * Puts the rows into the text index that were left out because the message's own text repeated them. Call this when
 * that text, which `message` still has, is replaced and the parts stay.
 */
export async function indexRepeated(
  ctx: MutationCtx,
  message: Owner & Pick<Doc<"messages">, "textContent">,
): Promise<void> {
  for (const { _id, content } of await collectRows(ctx, message, "parts")) {
    if (content === undefined || content !== message.textContent) continue;
    await ctx.db.patch("parts", _id, { content: undefined, ...searchableRow(content) });
  }
}

/** Collects the rows of one message. */
async function collectRows(ctx: QueryCtx, message: Owner, kind: RowKind): Promise<Doc<"parts">[]> {
  const rows: Doc<"parts">[] = [];
  // Bounded: a message has at most `MESSAGE_MAX_BYTES`.
  for await (const row of rowsOfMessage(ctx, message, kind)) rows.push(row);
  return rows;
}

/**
 * Yields the rows of one message in order. Finds them by the message's order key and checks the message id,
 * because two messages of a session could share an order key by a collision of 32-bit hashes.
 */
export async function* rowsOfMessage(
  ctx: QueryCtx,
  { _id, sessionId, orderKey }: Pick<Owner, "_id" | "sessionId" | "orderKey">,
  kind?: RowKind,
): AsyncGenerator<Doc<"parts">, void> {
  const rows = ctx.db.query("parts").withIndex("by_session_and_order_key", (q) => {
    const range = q.eq("sessionId", sessionId).eq("orderKey", orderKey);
    if (kind === undefined) return range;
    return kind === "text" ? range.eq("order", TEXT_ORDER) : range.gt("order", TEXT_ORDER);
  });
  for await (const row of rows) if (row.messageId === _id) yield row;
}

/** The first rows of a message, as far as the budget allows, without a part that the budget cuts in two. */
export async function firstRows(
  ctx: QueryCtx,
  message: Doc<"messages">,
  budget: ReadBudget,
): Promise<Doc<"parts">[]> {
  if ((message.partRows ?? 0) === 0) return [];
  const rows = await takeWithin(rowsOfMessage(ctx, message), budget);
  if (hasRoom(budget) || rows.length === message.partRows) return rows;
  const last = rows[rows.length - 1]?.order ?? TEXT_ORDER;
  return rows.filter(({ order }) => order === TEXT_ORDER || order < last);
}

/** A message's text and parts, joined. */
export type MessageParts = { text: string; parts: JoinedPart[] };

/**
 * Reads the rows of a page of messages in one index range. The messages must be consecutive in the
 * conversation, in either order, and one transaction must be able to read the sum of their `partBytes`.
 */
export async function readPage(
  ctx: QueryCtx,
  page: readonly Doc<"messages">[],
): Promise<ReadonlyMap<string, MessageParts>> {
  const withRows = page.filter((message) => (message.partRows ?? 0) > 0);
  const [first] = withRows;
  if (first === undefined) return new Map();
  const keys = withRows.map(({ orderKey }) => orderKey).sort();
  const rows = await ctx.db
    .query("parts")
    .withIndex("by_session_and_order_key", (q) =>
      q
        .eq("sessionId", first.sessionId)
        .gte("orderKey", keys[0] ?? "")
        .lte("orderKey", keys[keys.length - 1] ?? ""),
    )
    // Bounded by the page's partBytes.
    .collect();
  return joinByMessage(page, rows);
}

/**
 * Bytes of rows that one portion of a long message has, as JSON, in which a query answers. The row that exceeds
 * it is still included, and stores at most half a MiB.
 */
const PORTION_BYTES = 768 * 1024;

/** The last row read of a message, and the bytes of its rows after that. */
export type Position = { order: number; piece: number; bytesLeft: number };

/** A portion of a message; `next` is null with the last one. */
export type ReadPortion = {
  whole: MessageParts;
  /** For later portions: whether the first part continues the last one of the portion before. */
  continues?: boolean;
  next: Position | null;
  restBytes: number;
};

/** Reads the first rows of a long message, or the next ones after a position. */
export async function readPortion(
  ctx: QueryCtx,
  message: Doc<"messages">,
  after: Position | null,
): Promise<ReadPortion> {
  const rows: Doc<"parts">[] = [];
  let answered = 0;
  let isEnd = true;
  for await (const row of rowsAfter(ctx, message, after)) {
    isEnd = answered < PORTION_BYTES;
    if (!isEnd) break;
    rows.push(row);
    answered += jsonStringBytes(contentOf(row));
  }
  const head = after === null ? message.textContent : undefined;
  const whole = joinRows(rows, head);
  const [first, last] = [rows[0], rows[rows.length - 1]];
  const restBytes = Math.max(1, (after?.bytesLeft ?? message.partBytes ?? 0) - contentBytes(rows));
  const continues = after === null ? {} : { continues: firstPart(rows)?.order === after.order };
  const next =
    isEnd || first === undefined || last === undefined
      ? null
      : { order: last.order, piece: last.piece, bytesLeft: restBytes };
  return { whole, ...continues, next, restBytes };
}

const firstPart = (rows: readonly Doc<"parts">[]) => rows.find(({ order }) => order !== TEXT_ORDER);

/** Yields the rows of one message after a position. */
async function* rowsAfter(
  ctx: QueryCtx,
  message: Doc<"messages">,
  after: Position | null,
): AsyncGenerator<Doc<"parts">, void> {
  if (after === null) {
    yield* rowsOfMessage(ctx, message);
    return;
  }
  const { _id, sessionId, orderKey } = message;
  const samePart = ctx.db
    .query("parts")
    .withIndex("by_session_and_order_key", (q) =>
      q
        .eq("sessionId", sessionId)
        .eq("orderKey", orderKey)
        .eq("order", after.order)
        .gt("piece", after.piece),
    );
  for await (const row of samePart) if (row.messageId === _id) yield row;
  const laterParts = ctx.db
    .query("parts")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).eq("orderKey", orderKey).gt("order", after.order),
    );
  for await (const row of laterParts) if (row.messageId === _id) yield row;
}

function joinByMessage(
  page: readonly Doc<"messages">[],
  rows: readonly Doc<"parts">[],
): ReadonlyMap<string, MessageParts> {
  const grouped = new Map<string, Doc<"parts">[]>();
  for (const row of rows) {
    const group = grouped.get(row.messageId);
    if (group) group.push(row);
    else grouped.set(row.messageId, [row]);
  }
  return new Map(
    page.map(({ _id, textContent }) => [_id, joinRows(grouped.get(_id) ?? [], textContent)]),
  );
}
