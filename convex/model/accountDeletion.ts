import { internal } from "../_generated/api";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { hasRoom, stepBudget, takeWithin, type Budget } from "./bounded";
import { purgeSession, sweep } from "./deletion";
import { applyToLedger } from "./ledger";
import { rememberDeleted, TOMBSTONE_MS } from "./limits";

/**
 * Deletion of all data, or of the account with it. A chain of bounded mutations that schedule each
 * other; its state is in `users.deletion`, where its owner can watch it. Every step begins anew with
 * the first table, so that a run can be broken off and started again anywhere, and the step that ends
 * it is one that has looked into every table and found nothing.
 */

type Scope = "data" | "account";
type Deletion = NonNullable<Doc<"users">["deletion"]>;
type Progress = Deletion["progress"];

const NOTHING: Progress = {
  sessions: 0,
  messages: 0,
  parts: 0,
  apiLogs: 0,
  sessionEmbeddings: 0,
  messageEmbeddings: 0,
};

/** A step takes seconds; a run without one for this long stands still and may be started again. */
export const STALE_AFTER_MS = 600_000;
/** Restarts of a data deletion before it is shown as failed, for its owner to decide. */
const RESTARTS_MAX = 5;
/** Rows of budget that taking a session out of the ledger counts for: it may read 200 others. */
const LEDGER_COST_ROWS = 50;

/** Whether a deletion is under way, and not standing still. */
export function isRunning({ deletion }: Doc<"users">, now: number): boolean {
  const isOpen = deletion?.status === "pending" || deletion?.status === "in_progress";
  return isOpen && now - deletion.updatedAt < STALE_AFTER_MS;
}

/**
 * Starts a deletion; false if one is running that covers it. `data`: what exists now; what plugins
 * send from now on is kept. `account`: keys and tokens stop working in this transaction.
 */
export async function start(ctx: MutationCtx, user: Doc<"users">, scope: Scope): Promise<boolean> {
  const now = Date.now();
  if (isRunning(user, now) && (scope === "data" || user.deletion?.scope === "account")) {
    return false;
  }
  const sessionId = user.deletion?.sessionId;
  const deletion: Deletion = {
    scope,
    status: "pending",
    progress: NOTHING,
    startedAt: now,
    updatedAt: now,
    // A session that the run before had begun to empty has no row any more: it must be carried over.
    ...(sessionId ? { sessionId } : {}),
  };
  await ctx.db.patch("users", user._id, { deletion });
  if (scope === "account") await closeDoors(ctx, user);
  await ctx.scheduler.runAfter(0, internal.deletion.step, { userId: user._id });
  return true;
}

async function closeDoors(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  await ctx.db.patch("users", user._id, {
    apiKey: undefined,
    apiKeyPrefix: undefined,
    apiKeyCreatedAt: undefined,
  });
  if (user.workosId === undefined) return;
  const key = await rememberDeleted(ctx, user.workosId);
  await ctx.scheduler.runAfter(TOMBSTONE_MS, internal.deletion.forgetIdentity, { key });
}

/** One step; true when the deletion is complete (or there is none). */
export async function step(ctx: MutationCtx, userId: Id<"users">): Promise<boolean> {
  const user = await ctx.db.get("users", userId);
  const deletion = user?.deletion;
  if (!user || !deletion) return true;
  if (deletion.status === "completed" || deletion.status === "failed") return true;
  const budget = stepBudget();
  const progress = { ...deletion.progress };
  const sessionId = await sweepSessions(ctx, deletion, userId, budget, progress);
  await sweepByUser(ctx, deletion, userId, budget, progress);
  await sweepDays(ctx, deletion, userId, budget);
  if (deletion.scope === "account") await sweepIdentity(ctx, userId, budget);
  const isDone = hasRoom(budget);
  if (isDone && deletion.scope === "account") {
    await removeUser(ctx, user);
    return true;
  }
  const status = isDone ? "completed" : "in_progress";
  const { restarts, scope, startedAt } = deletion;
  await ctx.db.patch("users", userId, {
    deletion: { scope, startedAt, restarts, status, progress, updatedAt: Date.now(), sessionId },
  });
  return isDone;
}

/** Everything up to here belongs to the deletion; a data deletion keeps what came later. */
function cutoffOf({ scope, startedAt }: Deletion): number {
  return scope === "data" ? startedAt : Infinity;
}

/** Sessions one after the other: the row first, then what belonged to it. Answers the one begun. */
async function sweepSessions(
  ctx: MutationCtx,
  deletion: Deletion,
  userId: Id<"users">,
  budget: Budget,
  progress: Progress,
): Promise<Id<"sessions"> | undefined> {
  let emptying = deletion.sessionId;
  while (hasRoom(budget)) {
    if (emptying !== undefined) {
      add(progress, await purgeSession(ctx, emptying, budget));
      if (!hasRoom(budget)) break;
    }
    emptying = await removeOldest(ctx, deletion, userId, budget);
    if (emptying === undefined) break;
    progress.sessions += 1;
  }
  return emptying;
}

async function removeOldest(
  ctx: MutationCtx,
  deletion: Deletion,
  userId: Id<"users">,
  budget: Budget,
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

function add(progress: Progress, more: Partial<Progress>): void {
  for (const key of Object.keys(NOTHING) as (keyof Progress)[]) progress[key] += more[key] ?? 0;
}

/** What is left under the user's id: the log, and what a session's own deletion had not reached yet. */
async function sweepByUser(
  ctx: MutationCtx,
  deletion: Deletion,
  userId: Id<"users">,
  budget: Budget,
  progress: Progress,
): Promise<void> {
  const { db } = ctx;
  const until = cutoffOf(deletion);
  const parts = db
    .query("parts")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
  const messages = db
    .query("messages")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
  const messageEmbeddings = db
    .query("messageEmbeddings")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
  const passages = db
    .query("passages")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
  const sessionEmbeddings = db
    .query("sessionEmbeddings")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
  const apiLogs = db
    .query("apiLogs")
    .withIndex("by_user", (q) => q.eq("userId", userId).lte("_creationTime", until));
  await sweep(ctx, "passages", passages, budget);
  add(progress, {
    parts: await sweep(ctx, "parts", parts, budget),
    messageEmbeddings: await sweep(ctx, "messageEmbeddings", messageEmbeddings, budget),
    sessionEmbeddings: await sweep(ctx, "sessionEmbeddings", sessionEmbeddings, budget),
    messages: await sweep(ctx, "messages", messages, budget),
    apiLogs: await sweep(ctx, "apiLogs", apiLogs, budget),
  });
}

/** The ledger of days: sessions that stay keep theirs, from which the others were subtracted. */
async function sweepDays(
  ctx: MutationCtx,
  { scope }: Deletion,
  userId: Id<"users">,
  budget: Budget,
): Promise<void> {
  const kept = await ctx.db
    .query("sessions")
    .withIndex("by_user", (q) => q.eq("userId", userId))
    .first();
  if (scope === "data" && kept !== null) return;
  const days = ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) => q.eq("userId", userId));
  await sweep(ctx, "dailyWrapped", days, budget);
}

/** Keys, and all that Convex Auth knows of the user. */
async function sweepIdentity(ctx: MutationCtx, userId: Id<"users">, budget: Budget): Promise<void> {
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

/** The last row: nothing else of the user is left. */
async function removeUser(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  await ctx.db.delete("users", user._id);
  console.info(`Account ${user._id} deleted: every table was searched, nothing is left`);
  const { workosId } = user;
  if (workosId === undefined) return;
  await ctx.scheduler.runAfter(0, internal.workos.deletePerson, { workosId, tries: 0 });
}

/** Users whose standing deletions one run of the cron starts again. */
const RESUME_MAX = 20;

/** Starts deletions again that stood still; one of data alone is at last shown as failed. */
export async function resumeStalled(ctx: MutationCtx, now: number): Promise<void> {
  for (const status of ["pending", "in_progress"] as const) {
    const stalled = await ctx.db
      .query("users")
      .withIndex("by_deletion", (q) =>
        q.eq("deletion.status", status).lt("deletion.updatedAt", now - STALE_AFTER_MS),
      )
      .take(RESUME_MAX);
    for (const user of stalled) await resume(ctx, user, now);
  }
}

async function resume(ctx: MutationCtx, user: Doc<"users">, now: number): Promise<void> {
  const { deletion } = user;
  if (deletion === undefined) return;
  const restarts = (deletion.restarts ?? 0) + 1;
  const hasFailed = deletion.scope === "data" && restarts > RESTARTS_MAX;
  const changed = hasFailed
    ? { status: "failed" as const, error: "The deletion stopped before its end. Start it again." }
    : { restarts };
  await ctx.db.patch("users", user._id, { deletion: { ...deletion, ...changed, updatedAt: now } });
  if (!hasFailed) await ctx.scheduler.runAfter(0, internal.deletion.step, { userId: user._id });
}

/** Forgets a deletion that is over; idempotent. */
export async function clearStatus(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  const { deletion } = user;
  if (deletion?.status === "completed" || deletion?.status === "failed") {
    await ctx.db.patch("users", user._id, { deletion: undefined });
  }
}
