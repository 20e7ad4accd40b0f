import { internal } from "../../_generated/api";
import type { Doc, Id, TableNames } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { stepBudget, hasRoom, takeWithin, type Budget } from "../readBudget";
import { applyToLedger } from "../stats/ledger";

/**
 * Deletes a session. Its row goes at once, in this transaction: whatever finds a trace of it from now
 * on (a message, a vector) finds no session and shows nothing, and a later write with the same
 * external id makes a fresh one. What belonged to it follows in bounded steps.
 */
export async function startSessionDeletion(
  ctx: MutationCtx,
  session: Doc<"sessions">,
): Promise<void> {
  await applyToLedger(ctx, session.userId, session.ledger, undefined);
  await ctx.db.delete("sessions", session._id);
  await ctx.scheduler.runAfter(0, internal.deletion.purgeSession, { sessionId: session._id });
}

/** One step of removing what belonged to a deleted session; true when nothing is left. */
export async function purgeStep(ctx: MutationCtx, sessionId: Id<"sessions">): Promise<boolean> {
  const budget = stepBudget();
  await purgeSession(ctx, sessionId, budget);
  return hasRoom(budget);
}

/** What a purge removed, by table; passages and reviews go uncounted. */
type Purged = {
  parts: number;
  messages: number;
  messageEmbeddings: number;
  sessionEmbeddings: number;
};

/**
 * Removes what belonged to a session whose row is gone, as far as the budget goes; room left means
 * that nothing is left. Nothing can be added meanwhile: every writer reads the session's row first.
 */
export async function purgeSession(
  ctx: MutationCtx,
  sessionId: Id<"sessions">,
  budget: Budget,
): Promise<Purged> {
  const sweepOf = (table: "messages" | "messageEmbeddings" | "sessionEmbeddings" | "reviews") => {
    const rows = ctx.db.query(table).withIndex("by_session", (q) => q.eq("sessionId", sessionId));
    return sweep(ctx, table, rows, budget);
  };
  const sweepInOrder = (table: "parts" | "passages") => {
    const rows = ctx.db
      .query(table)
      .withIndex("by_session_and_order_key", (q) => q.eq("sessionId", sessionId));
    return sweep(ctx, table, rows, budget);
  };
  await sweepInOrder("passages");
  await sweepOf("reviews");
  return {
    parts: await sweepInOrder("parts"),
    messageEmbeddings: await sweepOf("messageEmbeddings"),
    sessionEmbeddings: await sweepOf("sessionEmbeddings"),
    messages: await sweepOf("messages"),
  };
}

/** Deletes rows of a table as far as the budget goes; says how many. */
export async function sweep<Table extends TableNames>(
  ctx: MutationCtx,
  table: Table,
  rows: AsyncIterable<{ _id: Id<Table> }>,
  budget: Budget,
): Promise<number> {
  const taken = await takeWithin(rows, budget);
  for (const { _id } of taken) await ctx.db.delete(table, _id);
  return taken.length;
}
