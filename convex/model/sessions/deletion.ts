import { internal } from "../../_generated/api";
import type { Doc, Id, TableNames } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { stepBudget, hasRoom, takeWithin, type Budget } from "../readBudget";
import { removeSessionDay } from "../stats/ledger";
import { type Generation, generationOf } from "../sync/changes";
import { releaseDeleted } from "../stats/usageClaims";
import { removeWhole } from "../stats/version1";
import { rememberSession } from "../tombstones";

/** Days that leave the ledger with the session's row; the purge removes the others seconds later. */
const DAYS_AT_ONCE = 20;
const DAYS_AT_ONCE_BYTES = 1024 * 1024;

/**
 * Deletes a session. Its row goes in this transaction: whatever refers to the session from now on (a
 * message, a vector) finds no session and shows nothing. The rest follows in bounded steps. A row in
 * `purges` says that they are due, so that a lost run is started again.
 */
export async function startSessionDeletion(
  ctx: MutationCtx,
  session: Doc<"sessions">,
): Promise<void> {
  const { _id: sessionId } = session;
  await removeWhole(ctx, session);
  // Gone from statistics at once, but for a session of more days than one transaction should change.
  await sweepDays(ctx, session._id, { rows: DAYS_AT_ONCE * ROWS_A_DAY, bytes: DAYS_AT_ONCE_BYTES });
  const { purgeId } = await removeRow(ctx, session);
  await ctx.scheduler.runAfter(0, internal.deletion.purgeSession, { sessionId, purgeId });
}

/**
 * Deletes the row of a session and its own vector, which only the row leads to; a row in `purges` leads
 * to the rest. `vectors` counts the vectors deleted.
 */
export async function removeRow(
  ctx: MutationCtx,
  session: Doc<"sessions">,
): Promise<{ purgeId: Id<"purges">; vectors: number }> {
  const { userId, embeddingId } = session;
  const vector = embeddingId && (await ctx.db.get("sessionEmbeddings", embeddingId));
  if (vector) await ctx.db.delete("sessionEmbeddings", vector._id);
  await ctx.db.delete("sessions", session._id);
  const purge = { userId, ...generationOf(session), updatedAt: Date.now() };
  const purgeId = await ctx.db.insert("purges", purge);
  return { purgeId, vectors: vector ? 1 : 0 };
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
  const purge = purgeId && (await ctx.db.get("purges", purgeId));
  await purgeSession(ctx, purge ?? { sessionId }, budget);
  const isDone = hasRoom(budget);
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

/** Rows that a purge removed, by table; rows of other tables are not counted. */
type Purged = { parts: number; messages: number; messageEmbeddings: number };

/**
 * Removes what belonged to a session whose row is gone, as far as the budget allows. If the budget has
 * room afterwards, nothing is left. Nothing can be added meanwhile: every writer reads the session's
 * row first.
 */
export async function purgeSession(
  ctx: MutationCtx,
  deleted: Generation,
  budget: Budget,
): Promise<Purged> {
  const { sessionId } = deleted;
  const sweepOf = (table: "reviews" | "messageChanges") => {
    const rows = ctx.db.query(table).withIndex("by_session", (q) => q.eq("sessionId", sessionId));
    return sweep(ctx, table, rows, budget);
  };
  const parts = ctx.db
    .query("parts")
    .withIndex("by_session_and_order_key", (q) => q.eq("sessionId", sessionId));
  const searchTexts = ctx.db
    .query("searchTexts")
    .withIndex("by_session_and_message", (q) => q.eq("sessionId", sessionId));
  await sweep(ctx, "searchTexts", searchTexts, budget);
  await sweepDays(ctx, sessionId, budget);
  await sweepOf("reviews");
  const purged = {
    messageEmbeddings: await sweepPassages(ctx, sessionId, budget),
    parts: await sweep(ctx, "parts", parts, budget),
    messages: await sweepMessages(ctx, deleted, budget),
  };
  // The last, because they tell which usage of a message is claimed.
  await sweepOf("messageChanges");
  return purged;
}

/** Rows of budget that removing a day counts for: a few rows of the ledger, each read and written. */
const ROWS_A_DAY = 5;

/** Takes the session out of the ledger. */
async function sweepDays(ctx: MutationCtx, sessionId: Id<"sessions">, budget: Budget) {
  const days = ctx.db
    .query("sessionDays")
    .withIndex("by_session_and_day", (q) => q.eq("sessionId", sessionId));
  const share = { rows: Math.ceil(budget.rows / ROWS_A_DAY), bytes: budget.bytes };
  const taken = await takeWithin(days, share);
  for (const day of taken) await removeSessionDay(ctx, day);
  budget.rows -= taken.length * ROWS_A_DAY;
  budget.bytes = share.bytes;
}

/** Removes messages; the usage of each is counted of another message that carries it, if there is one. */
async function sweepMessages(ctx: MutationCtx, deleted: Generation, budget: Budget) {
  const messages = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", deleted.sessionId));
  const taken = await takeWithin(messages, budget);
  await releaseDeleted(ctx, taken, deleted);
  for (const { _id } of taken) await ctx.db.delete("messages", _id);
  return taken.length;
}

/** What deleting a vector reads. */
const VECTOR_BYTES = 14_000;

/** Deletes passages with their vectors, which only the passages lead to; returns how many vectors. */
async function sweepPassages(ctx: MutationCtx, sessionId: Id<"sessions">, budget: Budget) {
  if (!hasRoom(budget)) return 0;
  const passages = ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) => q.eq("sessionId", sessionId));
  let vectors = 0;
  for await (const { _id, embeddingId } of passages) {
    budget.rows -= 2;
    budget.bytes -= VECTOR_BYTES;
    if ((await ctx.db.get("messageEmbeddings", embeddingId)) !== null) {
      await ctx.db.delete("messageEmbeddings", embeddingId);
      vectors += 1;
    }
    await ctx.db.delete("passages", _id);
    if (!hasRoom(budget)) break;
  }
  return vectors;
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
