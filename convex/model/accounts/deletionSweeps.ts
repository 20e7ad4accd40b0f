import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { hasRoom, spend, takeWithin, type ReadBudget } from "../readBudget";
import { purgeSession, removeSessionRow, sweep } from "../sessions/deletion";
import { removeVersion1Row } from "../stats/version1";
import { vLimitClass } from "./rateLimits";
import { cutoffOf, type Deletion } from "./deletionState";

/** Removes rows of one user, as far as the budget of one step allows. */

/** A step in progress: the functions below update `progress` and `budget`. */
type Run = {
  userId: Id<"users">;
  deletion: Deletion;
  progress: Deletion["progress"];
  budget: ReadBudget;
};

/**
 * Budget rows deducted per session in addition to its rows, because its purge reads a dozen index ranges even if
 * the session is empty, and a transaction may read 4,096.
 */
const ROWS_PER_SESSION = 4;

/**
 * Removes sessions one after the other. Deleting a session's row adds a row to `purges`, which is deleted
 * when nothing of the session is left. Also finishes purges of sessions that the user deleted before.
 */
export async function sweepSessions(ctx: MutationCtx, run: Run): Promise<void> {
  const { progress, budget } = run;
  while (hasRoom(budget)) {
    const purge = await nextPurge(ctx, run);
    if (purge === null) return;
    budget.rows -= ROWS_PER_SESSION;
    const purged = await purgeSession(ctx, purge, budget);
    progress.parts += purged.parts;
    progress.messages += purged.messages;
    progress.messageEmbeddings += purged.messageEmbeddings;
    if (hasRoom(budget)) await ctx.db.delete("purges", purge._id);
  }
}

/** The user's oldest unfinished purge, or a new one for their oldest session, or null. */
async function nextPurge(ctx: MutationCtx, run: Run): Promise<Doc<"purges"> | null> {
  const { userId, deletion, budget } = run;
  const unfinished = await ctx.db
    .query("purges")
    .withIndex("by_user", (q) => q.eq("userId", userId))
    .first();
  if (unfinished !== null) {
    spend(budget, unfinished);
    return unfinished;
  }
  const session = await ctx.db
    .query("sessions")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", cutoffOf(deletion)))
    .first();
  if (session === null) return null;
  spend(budget, session);
  if (deletion.scope === "data") await removeVersion1Row(ctx, session);
  const { purgeId, vectors } = await removeSessionRow(ctx, session);
  run.progress.sessions += 1;
  run.progress.sessionEmbeddings += vectors;
  return await ctx.db.get("purges", purgeId);
}

/** The limit classes that a log line can have; a line without a class counts against no limit. */
const LOG_CLASSES = [undefined, ...vLimitClass.members.map(({ value }) => value)];

/** Removes the user's log lines, tombstones and records of deleted sessions. */
export async function sweepByUser(
  ctx: MutationCtx,
  { userId, deletion, progress, budget }: Run,
): Promise<void> {
  const until = cutoffOf(deletion);
  for (const limitClass of LOG_CLASSES) {
    const lines = ctx.db
      .query("apiLogs")
      .withIndex("by_user_and_limit_class", (q) =>
        q.eq("userId", userId).eq("limitClass", limitClass).lte("_creationTime", until),
      );
    progress.apiLogs += await sweep(ctx, "apiLogs", lines, budget);
  }
  const tombstones = ctx.db
    .query("tombstones")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
  await sweep(ctx, "tombstones", tombstones, budget);
  const deleted = ctx.db
    .query("deletedSessions")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
  await sweep(ctx, "deletedSessions", deleted, budget);
}

/** Removes the ledger of days, unless sessions are kept; deleted sessions were already subtracted from it. */
export async function sweepDays(
  ctx: MutationCtx,
  { userId, deletion, budget }: Run,
): Promise<void> {
  const kept = await ctx.db
    .query("sessions")
    .withIndex("by_user", (q) => q.eq("userId", userId))
    .first();
  if (deletion.scope === "data" && kept !== null) return;
  const days = ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) => q.eq("userId", userId));
  await sweep(ctx, "dailyWrapped", days, budget);
  const grains = ctx.db
    .query("ledgerGrains")
    .withIndex("by_user_and_day_and_grain", (q) => q.eq("userId", userId));
  await sweep(ctx, "ledgerGrains", grains, budget);
  const ledgerDays = ctx.db
    .query("ledgerDays")
    .withIndex("by_user_and_day", (q) => q.eq("userId", userId));
  await sweep(ctx, "ledgerDays", ledgerDays, budget);
}

/** Removes keys, signed-in browsers, and everything that Convex Auth stores about the user. */
export async function sweepIdentity(ctx: MutationCtx, { userId, budget }: Run): Promise<void> {
  const { db } = ctx;
  const keys = db.query("apiKeys").withIndex("by_user", (q) => q.eq("userId", userId));
  await sweep(ctx, "apiKeys", keys, budget);
  const browsers = db.query("browserSessions").withIndex("by_user", (q) => q.eq("userId", userId));
  await sweep(ctx, "browserSessions", browsers, budget);
  const sessions = db.query("authSessions").withIndex("userId", (q) => q.eq("userId", userId));
  for (const { _id } of await takeWithin(sessions, budget)) {
    const tokens = db
      .query("authRefreshTokens")
      .withIndex("sessionId", (q) => q.eq("sessionId", _id));
    await sweep(ctx, "authRefreshTokens", tokens, budget);
    if (hasRoom(budget)) await db.delete("authSessions", _id);
  }
  const accounts = db
    .query("authAccounts")
    .withIndex("userIdAndProvider", (q) => q.eq("userId", userId));
  for (const { _id } of await takeWithin(accounts, budget)) {
    const codes = db
      .query("authVerificationCodes")
      .withIndex("accountId", (q) => q.eq("accountId", _id));
    await sweep(ctx, "authVerificationCodes", codes, budget);
    const tries = db
      .query("authRateLimits")
      .withIndex("identifier", (q) => q.eq("identifier", _id));
    await sweep(ctx, "authRateLimits", tries, budget);
    if (hasRoom(budget)) await db.delete("authAccounts", _id);
  }
}
