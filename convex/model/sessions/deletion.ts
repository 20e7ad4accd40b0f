import { internal } from "../../_generated/api";
import type { Doc, Id, TableNames } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { deduct, stepBudget, hasRoom, takeWithin, type ReadBudget } from "../readBudget";
import { removeSessionDay } from "../stats/ledger";
import { type Generation, generationOf } from "../sync/changes";
import { releaseDeleted } from "../stats/usageClaims";
import { removeVersion1Row } from "../stats/version1";
import { rememberSession } from "../tombstones";
import { recordDeletion } from "./deletedSessions";

/** Days removed from the ledger in the same transaction as the session's row; the purge removes the others. */
const DELETED_DAYS_MAX = 20;
const DELETED_DAYS_BYTES = 1024 * 1024;

/**
 * Deletes a session. This transaction deletes its row, so that messages and vectors that still refer to it
 * are no longer shown. A scheduled purge deletes the rest in bounded steps. A row in `purges` records that
 * the purge is unfinished, so that a lost one is scheduled again.
 */
export async function startSessionDeletion(
  ctx: MutationCtx,
  session: Doc<"sessions">,
): Promise<void> {
  const { _id: sessionId } = session;
  await removeVersion1Row(ctx, session);
  // Leaves statistics at once, unless it has more days than one transaction should change.
  await sweepDays(ctx, session._id, {
    rows: DELETED_DAYS_MAX * ROWS_PER_DAY,
    bytes: DELETED_DAYS_BYTES,
  });
  const { purgeId } = await removeSessionRow(ctx, session);
  await ctx.scheduler.runAfter(0, internal.deletion.purgeSession, { sessionId, purgeId });
}

/**
 * Deletes the row of a session and its own vector, which only the row refers to. A new row in `purges`
 * refers to the rest. `vectors` counts the vectors deleted.
 */
export async function removeSessionRow(
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

/** Deletes a session for its owner. A tombstone keeps plugins from recreating it. */
export async function deleteForOwner(ctx: MutationCtx, session: Doc<"sessions">): Promise<void> {
  await rememberSession(ctx, session);
  await recordDeletion(ctx, session);
  await startSessionDeletion(ctx, session);
}

/** Runs one bounded step of a purge; true when nothing of the session is left. */
export async function purgeStep(
  ctx: MutationCtx,
  // Purges that version 1 scheduled have no `purgeId`.
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

/** Stalled purges that the cron schedules again at a time. */
const RESUME_MAX = 50;

/** Schedules purges again that have made no progress since `before` (ms). */
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
 * Removes the rows of a session whose own row is deleted, as far as the budget allows. If the budget has
 * room afterwards, nothing is left. No rows can be added meanwhile, because every writer reads the session's
 * row first.
 */
export async function purgeSession(
  ctx: MutationCtx,
  deleted: Generation,
  budget: ReadBudget,
): Promise<Purged> {
  const { sessionId } = deleted;
  const sweepTable = (table: "reviews" | "callLinks" | "messageChanges") => {
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
  await sweepTable("reviews");
  await sweepTable("callLinks");
  const purged = {
    messageEmbeddings: await sweepPassages(ctx, sessionId, budget),
    parts: await sweep(ctx, "parts", parts, budget),
    messages: await sweepMessages(ctx, deleted, budget),
  };
  // Last, because they determine which usage of a message is claimed.
  await sweepTable("messageChanges");
  return purged;
}

/** Budget rows deducted per removed day, for the ledger rows it reads and writes. */
const ROWS_PER_DAY = 5;

/** Removes the session's days from the ledger. */
async function sweepDays(ctx: MutationCtx, sessionId: Id<"sessions">, budget: ReadBudget) {
  const days = ctx.db
    .query("sessionDays")
    .withIndex("by_session_and_day", (q) => q.eq("sessionId", sessionId));
  const share = { rows: Math.ceil(budget.rows / ROWS_PER_DAY), bytes: budget.bytes };
  const taken = await takeWithin(days, share);
  for (const day of taken) await removeSessionDay(ctx, day);
  budget.rows -= taken.length * ROWS_PER_DAY;
  budget.bytes = share.bytes;
}

/** Removes messages. If another message has the same usage, that one is counted from now on. */
async function sweepMessages(ctx: MutationCtx, deleted: Generation, budget: ReadBudget) {
  const messages = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", deleted.sessionId));
  const taken = await takeWithin(messages, budget);
  await releaseDeleted(ctx, taken, deleted);
  for (const { _id } of taken) await ctx.db.delete("messages", _id);
  return taken.length;
}

/** Bytes that deleting a vector reads. */
const VECTOR_BYTES = 14_000;

/** Deletes passages with their vectors, which only the passages refer to; returns the number of vectors. */
async function sweepPassages(ctx: MutationCtx, sessionId: Id<"sessions">, budget: ReadBudget) {
  if (!hasRoom(budget)) return 0;
  const passages = ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) => q.eq("sessionId", sessionId));
  let vectors = 0;
  for await (const { _id, embeddingId } of passages) {
    deduct(budget, { rows: 2, bytes: VECTOR_BYTES });
    if ((await ctx.db.get("messageEmbeddings", embeddingId)) !== null) {
      await ctx.db.delete("messageEmbeddings", embeddingId);
      vectors += 1;
    }
    await ctx.db.delete("passages", _id);
    if (!hasRoom(budget)) break;
  }
  return vectors;
}

/** Deletes rows of a table as far as the budget allows; returns the number of rows. */
export async function sweep<Table extends TableNames>(
  ctx: MutationCtx,
  table: Table,
  rows: AsyncIterable<{ _id: Id<Table> }>,
  budget: ReadBudget,
): Promise<number> {
  const taken = await takeWithin(rows, budget);
  for (const { _id } of taken) await ctx.db.delete(table, _id);
  return taken.length;
}
