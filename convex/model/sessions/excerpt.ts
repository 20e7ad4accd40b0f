import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { notFound } from "../../errors";
import { joinRows } from "../../lib/sessions/partRows";
import { covers, hasRoom, type ReadBudget, spend, withShare } from "../readBudget";
import { withoutFields } from "./messagePages";
import * as Parts from "./parts";

/** A few messages of a conversation around any of them, for readers that show only a little of each. */

/** What one excerpt reads at most, in all; looking for messages leaves a third for what they contain. */
const EXCERPT_BUDGET: Readonly<ReadBudget> = { rows: 600, bytes: 1024 * 1024 };
const SEARCH_SHARE: Readonly<ReadBudget> = { rows: 400, bytes: 512 * 1024 };
/** What one message of several may read of its parts; a message read alone has the whole budget. */
const MESSAGE_SHARE: Readonly<ReadBudget> = { rows: 200, bytes: 128 * 1024 };

type Role = Doc<"messages">["role"];

/** Which messages: around one, behind one, before one, or from the beginning. */
export type ExcerptPlace = { around?: string; after?: string; before?: string; last?: boolean };

/** `isCut` if parts at its end were too large to be read. */
export type ExcerptMessage = ReturnType<typeof withoutFields> & { isCut?: true };

/**
 * Messages in the order of the conversation. `before` and `after` are the messages from which to read
 * on in each direction; undefined if the conversation begins or ends there.
 */
export type Excerpt = {
  messages: ExcerptMessage[];
  before?: Id<"messages">;
  after?: Id<"messages">;
};

/** Reads an excerpt. A message that is not of this session is 404. */
export async function excerpt(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  { role, limit, ...place }: ExcerptPlace & { role?: Role; limit: number },
): Promise<Excerpt> {
  const budget = { ...EXCERPT_BUDGET };
  const find = (order: "asc" | "desc", from: Doc<"messages"> | null, count: number, sides = 1) =>
    withShare(budget, divided(SEARCH_SHARE, sides), (own) =>
      neighbours(ctx, { session, role, order, from, count }, own),
    );
  if (place.around !== undefined) {
    const message = await messageOf(ctx, session, place.around);
    const before = await find("desc", message, Math.floor((limit - 1) / 3), 2);
    const after = await find("asc", message, limit - 1 - before.found.length, 2);
    const isAlone = before.found.length + after.found.length === 0;
    // The message that was asked for comes first, so that the budget never ends before it.
    const own = await withParts(ctx, message, budget, isAlone);
    const behind = await readable(ctx, after, budget, message._id);
    const ahead = await readable(ctx, before, budget, message._id);
    const messages = [...ahead.messages.reverse(), own, ...behind.messages];
    return { messages, before: ahead.next, after: behind.next };
  }
  const id = place.after ?? place.before;
  const from = id === undefined ? null : await messageOf(ctx, session, id);
  const isBackward = place.last === true || (place.before !== undefined && !place.after);
  const found = await find(isBackward ? "desc" : "asc", from, limit);
  const { messages, next } = await readable(ctx, found, budget, from?._id);
  // In the other direction is at least the message that was read from.
  const back = from === null ? undefined : messages[0]?.id;
  return isBackward
    ? { messages: messages.reverse(), before: next, after: back }
    : { messages, before: back, after: next };
}

function divided({ rows, bytes }: Readonly<ReadBudget>, by: number): ReadBudget {
  return { rows: rows / by, bytes: bytes / by };
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
  from: Doc<"messages"> | null;
  count: number;
};

/** The nearest messages first; `next` is the last one looked at, if others follow. */
type Neighbours = { found: Doc<"messages">[]; next?: Id<"messages"> };

/** Finds messages of the role from a place on, within the budget. */
async function neighbours(ctx: QueryCtx, range: Range, budget: ReadBudget): Promise<Neighbours> {
  const { session, role, order, from, count } = range;
  const rows = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => {
      const own = q.eq("sessionId", session._id);
      if (from === null) return own;
      return order === "asc"
        ? own.gt("orderKey", from.orderKey)
        : own.lt("orderKey", from.orderKey);
    })
    .order(order);
  const found: Doc<"messages">[] = [];
  let next = from?._id;
  for await (const message of rows) {
    if (found.length >= count || !hasRoom(budget)) return { found, next };
    spend(budget, message);
    next = message._id;
    if (role === undefined || message.role === role) found.push(message);
  }
  return { found };
}

/** Reads what messages contain, the nearest first, and leaves out those for which no budget remains. */
async function readable(
  ctx: QueryCtx,
  { found, next }: Neighbours,
  budget: ReadBudget,
  from: Id<"messages"> | undefined,
): Promise<{ messages: ExcerptMessage[]; next?: Id<"messages"> }> {
  const messages: ExcerptMessage[] = [];
  for (const message of found) {
    const last = messages[messages.length - 1]?.id ?? from;
    if (!covers(budget, shareOf(message)) && last !== undefined) return { messages, next: last };
    messages.push(await withParts(ctx, message, budget, found.length === 1));
  }
  return { messages, next };
}

/** What is read of a message that is not alone. */
function shareOf({ partRows = 0, partBytes = 0 }: Doc<"messages">): ReadBudget {
  return {
    rows: Math.min(partRows, MESSAGE_SHARE.rows),
    bytes: Math.min(partBytes, MESSAGE_SHARE.bytes),
  };
}

async function withParts(
  ctx: QueryCtx,
  message: Doc<"messages">,
  budget: ReadBudget,
  isAlone: boolean,
): Promise<ExcerptMessage> {
  const { _id: id, externalId, createdAt, role, textContent, partRows = 0 } = message;
  const rows = await withShare(budget, isAlone ? {} : MESSAGE_SHARE, (own) =>
    Parts.firstRows(ctx, message, own),
  );
  const { text, parts } = joinRows(rows, textContent);
  const whole = textContent === undefined ? undefined : text;
  const read = withoutFields({ id, externalId, createdAt, role, parts, textContent: whole });
  return rows.length < partRows ? { ...read, isCut: true } : read;
}
