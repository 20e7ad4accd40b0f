import { internal } from "../../_generated/api";
import type { Doc, Id, TableNames } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { stepBudget, hasRoom, takeWithin, type Budget } from "../readBudget";
import { applyToLedger } from "../stats/ledger";
import { rememberSession } from "../tombstones";

/**
 * Deletes a session. Its row goes in this transaction: whatever refers to the session from now on (a
 * message, a vector) finds no session and shows nothing. The rest follows in bounded steps. A row in
 * `purges` says that they are due, so that a lost run is started again.
 */
export async function startSessionDeletion(
  ctx: MutationCtx,
  session: Doc<"sessions">,
): Promise<void> {
  const { _id: sessionId, userId } = session;
  await applyToLedger(ctx, userId, session.ledger, undefined);
  await ctx.db.delete("sessions", sessionId);
  const purgeId = await ctx.db.insert("purges", { userId, sessionId, updatedAt: Date.now() });
  await ctx.scheduler.runAfter(0, internal.deletion.purgeSession, { sessionId, purgeId });
}

/** The same when the owner asks for it: plugins that send the session again do not bring it back. */
export async function deleteForOwner(ctx: MutationCtx, session: Doc<"sessions">): Promise<void> {
  await rememberSession(ctx, session);
  await startSessionDeletion(ctx, session);
}

/** Removes one batch of what belonged to a deleted session; true when nothing is left. */
export async function purgeStep(
  ctx: MutationCtx,
  // Runs that version 1 scheduled have no `purgeId`.
  { sessionId, purgeId }: { sessionId: Id<"sessions">; purgeId?: Id<"purges"> },
): Promise<boolean> {
  const budget = stepBudget();
  await purgeSession(ctx, sessionId, budget);
  const isDone = hasRoom(budget);
  const purge = purgeId && (await ctx.db.get("purges", purgeId));
  if (purge && isDone) await ctx.db.delete("purges", purge._id);
  else if (purge) await ctx.db.patch("purges", purge._id, { updatedAt: Date.now() });
  return isDone;
}

/** Stalled purges that one run of the cron starts again. */
const RESUME_MAX = 50;

/** Starts purges again that made no step since `before` (ms). */
export async function resumeStalledPurges(
  ctx: MutationCtx,
  { before, now }: { before: number; now: number },
): Promise<void> {
  const stalled = await ctx.db
    .query("purges")
    .withIndex("by_updated_at", (q) => q.lt("updatedAt", before))
    .take(RESUME_MAX);
  for (const { _id: purgeId, sessionId } of stalled) {
    await ctx.db.patch("purges", purgeId, { updatedAt: now });
    await ctx.scheduler.runAfter(0, internal.deletion.purgeSession, { sessionId, purgeId });
  }
}

/** Rows that a purge removed, by table; passages and reviews are not counted. */
type Purged = {
  parts: number;
  messages: number;
  messageEmbeddings: number;
  sessionEmbeddings: number;
};

/**
 * Removes what belonged to a session whose row is gone, as far as the budget allows. If the budget has
 * room afterwards, nothing is left. Nothing can be added meanwhile: every writer reads the session's
 * row first.
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

/** Deletes rows of a table as far as the budget allows; returns how many. */
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
