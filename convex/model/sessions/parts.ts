import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { joinRows, TEXT_ORDER, type PartRow, type JoinedPart } from "../../lib/sessions/partRows";

/** The only hands on the `parts` table, but for deletion and search. */

type Owner = Pick<Doc<"messages">, "userId" | "sessionId" | "orderKey"> & {
  _id: Doc<"messages">["_id"];
};

/** Which rows of a message: its continued text, its parts. */
type Which = "text" | "parts";

/** Puts rows in place of those of the same kind that the message has; gives the rows that are gone. */
export async function replace(
  ctx: MutationCtx,
  message: Owner,
  which: Which,
  pieces: readonly PartRow[],
  hasRows: boolean,
): Promise<Doc<"parts">[]> {
  const gone = hasRows ? await ofMessage(ctx, message, which) : [];
  for (const row of gone) await ctx.db.delete("parts", row._id);
  const { userId, sessionId, orderKey, _id: messageId } = message;
  for (const piece of pieces) {
    await ctx.db.insert("parts", { userId, sessionId, messageId, orderKey, ...piece });
  }
  return gone;
}

/** Rows of one message. Bounded by what one request may store. */
async function ofMessage(ctx: QueryCtx, message: Owner, which: Which): Promise<Doc<"parts">[]> {
  const rows: Doc<"parts">[] = [];
  // One message's rows fit one request.
  for await (const row of rowsOfMessage(ctx, message, which)) rows.push(row);
  return rows;
}

/**
 * Rows of one message in their order. They are found by the message's order key, which no other message
 * of the session has (two could share one by a collision of 32-bit hashes: hence the check).
 */
export async function* rowsOfMessage(
  ctx: QueryCtx,
  { _id, sessionId, orderKey }: Pick<Owner, "_id" | "sessionId" | "orderKey">,
  which?: Which,
): AsyncGenerator<Doc<"parts">, void> {
  const rows = ctx.db.query("parts").withIndex("by_session_and_order_key", (q) => {
    const range = q.eq("sessionId", sessionId).eq("orderKey", orderKey);
    if (which === undefined) return range;
    return which === "text" ? range.eq("order", TEXT_ORDER) : range.gt("order", TEXT_ORDER);
  });
  for await (const row of rows) if (row.messageId === _id) yield row;
}

/** A message's text and parts, joined. */
export type Whole = { text: string; parts: JoinedPart[] };

/**
 * The rows of a page of messages, in one range read. The messages must be neighbours in the order of
 * the conversation, and their `partBytes` together what one transaction may read.
 */
export async function ofPage(
  ctx: QueryCtx,
  page: readonly Doc<"messages">[],
): Promise<ReadonlyMap<string, Whole>> {
  const first = page.find((message) => (message.partRows ?? 0) > 0);
  const last = page[page.length - 1];
  if (first === undefined || last === undefined) return new Map();
  const rows = await ctx.db
    .query("parts")
    .withIndex("by_session_and_order_key", (q) =>
      q
        .eq("sessionId", first.sessionId)
        .gte("orderKey", first.orderKey)
        .lte("orderKey", last.orderKey),
    )
    // Bounded by the page's partBytes.
    .collect();
  return joinByMessage(page, rows);
}

function joinByMessage(
  page: readonly Doc<"messages">[],
  rows: readonly Doc<"parts">[],
): ReadonlyMap<string, Whole> {
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
