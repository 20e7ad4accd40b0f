import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { AppError, notFound } from "../../errors";
import type { User } from "../accounts/user";
import { covers, deduct, type ReadBudget } from "../readBudget";
import { costOf, firstPortion, messagesBetween, viewsOf } from "./messagePages";
import * as Sessions from "./sessions";

/** Finds one message by its id, and reads it with its neighbours. */

type Message = Doc<"messages">;

/**
 * Returns the user's message with this id, ours or the plugin's, and its session. An id of a plugin may
 * occur in several sessions; without `session` that is a conflict. What belongs to others is 404.
 */
export async function require(
  ctx: QueryCtx,
  user: User,
  { id, session: sessionId }: { id: string; session?: string },
): Promise<{ message: Message; session: Doc<"sessions"> }> {
  const session = sessionId === undefined ? null : await Sessions.require(ctx, user, sessionId);
  const ourId = ctx.db.normalizeId("messages", id);
  const ours = ourId && (await ctx.db.get("messages", ourId));
  const found = ours ? [ours] : await withExternalId(ctx, user, id, session);
  const own = found.filter(
    (one) => one.userId === user._id && (session === null || one.sessionId === session._id),
  );
  const [message] = own;
  if (message === undefined) throw notFound("Message");
  if (own.length > 1) {
    const hint = "Several of your sessions have a message with this id: name one in `session`";
    throw new AppError("CONFLICT", hint);
  }
  // The rows of a deleted session remain until its purge reaches them.
  const parent = session ?? (await ctx.db.get("sessions", message.sessionId));
  if (parent === null) throw notFound("Message");
  return { message, session: parent };
}

/** The user's first two messages with an id of a plugin; two are as many as it takes to be a conflict. */
async function withExternalId(
  ctx: QueryCtx,
  user: User,
  id: string,
  session: Doc<"sessions"> | null,
): Promise<Message[]> {
  return await ctx.db
    .query("messages")
    .withIndex("by_user_external", (q) => {
      const named = q.eq("userId", user._id).eq("externalId", id);
      return session === null ? named : named.eq("sessionId", session._id);
    })
    .take(2);
}

/** Text and parts of the neighbours of a message, as stored; as JSON they may have six times as much. */
const NEIGHBOURS_BUDGET: Readonly<ReadBudget> = { rows: 2_000, bytes: 1024 * 1024 };

/**
 * Reads a message with up to so many messages before and after it, in the order of the conversation. A message
 * larger than a page comes alone, as its first portion; `cursor` leads to the next one.
 */
export async function around(
  ctx: QueryCtx,
  message: Message,
  counts: { before: number; after: number },
) {
  const budget = { ...NEIGHBOURS_BUDGET };
  deduct(budget, costOf(message));
  const before = await neighbours(ctx, message, "desc", counts.before, budget);
  const after = await neighbours(ctx, message, "asc", counts.after, budget);
  const found = [...before.found.reverse(), message, ...after.found];
  const large = await firstPortion(ctx, message);
  return {
    messages: large?.messages ?? (await viewsOf(ctx, found)),
    cursor: large?.cursor ?? null,
    hasBefore: before.more,
    hasAfter: after.more,
  };
}

/** The nearest messages on one side; `more` if there are others. */
async function neighbours(
  ctx: QueryCtx,
  { sessionId, orderKey }: Message,
  order: "asc" | "desc",
  count: number,
  budget: ReadBudget,
) {
  const place = order === "asc" ? { after: orderKey } : { after: "", reached: orderKey };
  const found: Message[] = [];
  for await (const message of messagesBetween(ctx, { _id: sessionId }, { order, ...place })) {
    const cost = costOf(message);
    if (found.length >= count || !covers(budget, cost)) return { found, more: true };
    deduct(budget, cost);
    found.push(message);
  }
  return { found, more: false };
}
