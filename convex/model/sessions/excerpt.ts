import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { notFound } from "../../errors";
import { joinRows } from "../../lib/sessions/partRows";
import { hasRoom, type ReadBudget, spend, withShare } from "../readBudget";
import { withoutFields } from "./messagePages";
import * as Parts from "./parts";

/** A few messages of a conversation around any of them, for readers that show only a little of each. */

/** What one excerpt reads at most: rows of messages and of parts, in all. */
const EXCERPT_BUDGET: Readonly<ReadBudget> = { rows: 600, bytes: 1024 * 1024 };
/** What one message of several may read of its parts; a message read alone has the whole budget. */
const SHARE_BYTES = 128 * 1024;

type Role = Doc<"messages">["role"];

/** Which messages: around one, behind one, before one, or from the beginning. */
export type ExcerptPlace = { around?: string; after?: string; before?: string; last?: boolean };

export type ExcerptMessage = ReturnType<typeof withoutFields>;

/** Messages in the order of the conversation, and whether others are before and behind them. */
export type Excerpt = { messages: ExcerptMessage[]; hasBefore: boolean; hasMore: boolean };

/** Reads an excerpt. A message that is not of this session is 404. */
export async function excerpt(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  { role, limit, ...place }: ExcerptPlace & { role?: Role; limit: number },
): Promise<Excerpt> {
  const budget = { ...EXCERPT_BUDGET };
  const read = (order: "asc" | "desc", from: string | null, count: number) =>
    neighbours(ctx, { session, role, order, from, count }, budget);
  if (place.around !== undefined) {
    const message = await messageOf(ctx, session, place.around);
    const before = await read("desc", message.orderKey, Math.floor((limit - 1) / 3));
    const after = await read("asc", message.orderKey, limit - 1 - before.found.length);
    const found = [...before.found.reverse(), message, ...after.found];
    return await shown(ctx, found, budget, { hasBefore: before.more, hasMore: after.more });
  }
  const id = place.after ?? place.before;
  const from = id === undefined ? null : (await messageOf(ctx, session, id)).orderKey;
  const isBackward = place.last === true || (place.before !== undefined && !place.after);
  const { found, more } = await read(isBackward ? "desc" : "asc", from, limit);
  const ends = isBackward
    ? { hasBefore: more, hasMore: from !== null }
    : { hasBefore: from !== null, hasMore: more };
  return await shown(ctx, isBackward ? found.reverse() : found, budget, ends);
}

async function messageOf(ctx: QueryCtx, session: Doc<"sessions">, id: string) {
  const ours = ctx.db.normalizeId("messages", id);
  const message = ours && (await ctx.db.get("messages", ours));
  if (message?.sessionId !== session._id) throw notFound("Message");
  return message;
}

type Range = {
  session: Doc<"sessions">;
  role?: Role;
  order: "asc" | "desc";
  from: string | null;
  count: number;
};

/** Messages of the role from a place on; `more` if others follow, or the budget ended before. */
async function neighbours(ctx: QueryCtx, range: Range, budget: ReadBudget) {
  const { session, role, order, from, count } = range;
  const rows = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => {
      const own = q.eq("sessionId", session._id);
      if (from === null) return own;
      return order === "asc" ? own.gt("orderKey", from) : own.lt("orderKey", from);
    })
    .order(order);
  const found: Doc<"messages">[] = [];
  for await (const message of rows) {
    if (found.length >= count || !hasRoom(budget)) return { found, more: true };
    spend(budget, message);
    if (role === undefined || message.role === role) found.push(message);
  }
  return { found, more: false };
}

async function shown(
  ctx: QueryCtx,
  found: readonly Doc<"messages">[],
  budget: ReadBudget,
  ends: Pick<Excerpt, "hasBefore" | "hasMore">,
): Promise<Excerpt> {
  const messages: ExcerptMessage[] = [];
  const share = found.length === 1 ? budget.bytes : SHARE_BYTES;
  for (const message of found) {
    const { _id: id, externalId, createdAt, role, textContent } = message;
    const rows = await withShare(budget, { bytes: share }, (own) =>
      Parts.firstRows(ctx, message, own),
    );
    const { text, parts } = joinRows(rows, textContent);
    const whole = textContent === undefined ? undefined : text;
    messages.push(withoutFields({ id, externalId, createdAt, role, parts, textContent: whole }));
  }
  return { messages, ...ends };
}
