import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { hasRoom, takeWithin, type Budget } from "../readBudget";
import { purgeSession, sweep } from "../sessions/deletion";
import { applyToLedger } from "../stats/ledger";

/** What one step of deleting all data, or an account, takes out of which table. */

/** The state of a deletion, in its user's row. */
export type Deletion = NonNullable<Doc<"users">["deletion"]>;

/** A step under way: `progress` and `budget` are brought up to date as it goes. */
type Run = {
  userId: Id<"users">;
  deletion: Deletion;
  progress: Deletion["progress"];
  budget: Budget;
};

/** Rows of budget that taking a session out of the ledger counts for: it may read 200 others. */
const LEDGER_COST_ROWS = 50;

/** Everything up to here belongs to the deletion; a data deletion keeps what came later. */
export function cutoffOf({ scope, startedAt }: Deletion): number {
  return scope === "data" ? startedAt : Infinity;
}

/** Sessions one after the other: the row first, then what belonged to it. Answers the one begun. */
export async function sweepSessions(
  ctx: MutationCtx,
  run: Run,
): Promise<Id<"sessions"> | undefined> {
  const { deletion, progress, budget } = run;
  let emptying = deletion.sessionId;
  while (hasRoom(budget)) {
    if (emptying !== undefined) {
      const purged = await purgeSession(ctx, emptying, budget);
      progress.parts += purged.parts;
      progress.messages += purged.messages;
      progress.messageEmbeddings += purged.messageEmbeddings;
      progress.sessionEmbeddings += purged.sessionEmbeddings;
      if (!hasRoom(budget)) break;
    }
    emptying = await removeOldest(ctx, run);
    if (emptying === undefined) break;
    progress.sessions += 1;
  }
  return emptying;
}

async function removeOldest(
  ctx: MutationCtx,
  { userId, deletion, budget }: Run,
): Promise<Id<"sessions"> | undefined> {
  const session = await ctx.db
    .query("sessions")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", cutoffOf(deletion)))
    .first();
  if (session === null) return undefined;
  budget.rows -= 1;
  if (deletion.scope === "data") {
    budget.rows -= LEDGER_COST_ROWS;
    await applyToLedger(ctx, userId, session.ledger, undefined);
  }
  await ctx.db.delete("sessions", session._id);
  return session._id;
}

/** Tables that a session's own deletion may not have reached yet, and the log. */
const TABLES_BY_USER = [
  "passages",
  "reviews",
  "parts",
  "messageEmbeddings",
  "sessionEmbeddings",
  "messages",
  "apiLogs",
] as const;

/** What is left under the user's id; passages and reviews go uncounted. */
export async function sweepByUser(
  ctx: MutationCtx,
  { userId, deletion, progress, budget }: Run,
): Promise<void> {
  const until = cutoffOf(deletion);
  for (const table of TABLES_BY_USER) {
    const rows = ctx.db
      .query(table)
      .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
    const count = await sweep(ctx, table, rows, budget);
    if (table !== "passages" && table !== "reviews") progress[table] += count;
  }
}

/** The ledger of days: sessions that stay keep theirs, from which the others were subtracted. */
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
}

/** Keys, and all that Convex Auth knows of the user. */
export async function sweepIdentity(ctx: MutationCtx, { userId, budget }: Run): Promise<void> {
  const { db } = ctx;
  const keys = db.query("apiKeys").withIndex("by_user", (q) => q.eq("userId", userId));
  await sweep(ctx, "apiKeys", keys, budget);
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
