import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import {
  cutoffOf,
  type Deletion,
  sweepByUser,
  sweepDays,
  sweepIdentity,
  sweepSessions,
} from "./deletionSweeps";
import { removeFirst } from "./apiKeys";
import { hasRoom, stepBudget } from "../readBudget";
import { rememberDeleted, TOMBSTONE_MS } from "./rateLimits";

/**
 * Deletion of all data, or of the account with it. A chain of bounded mutations that schedule each
 * other; its state is in `users.deletion`, where its owner can watch it. Every step begins anew with
 * the first table, so that a run can be broken off and started again anywhere, and the step that ends
 * it is one that has looked into every table and found nothing.
 */

type Scope = "data" | "account";

const NOTHING: Deletion["progress"] = {
  sessions: 0,
  messages: 0,
  parts: 0,
  apiLogs: 0,
  sessionEmbeddings: 0,
  messageEmbeddings: 0,
};

/** A step takes seconds; a run without one for this long stands still and may be started again. */
const STALE_AFTER_MS = 600_000;
/** Restarts of a data deletion before it is shown as failed, for its owner to decide. */
const RESTARTS_MAX = 5;

/** Whether a deletion has begun and not come to its end, though it may stand still. */
export function isOpen(user: Doc<"users">): user is Doc<"users"> & { deletion: Deletion } {
  return user.deletion?.status === "pending" || user.deletion?.status === "in_progress";
}

/** Whether a deletion is under way, and not standing still. */
function isRunning(user: Doc<"users">, now: number): boolean {
  return isOpen(user) && now - user.deletion.updatedAt < STALE_AFTER_MS;
}

/** Whether an open deletion will take this session. */
export function willTake(user: Doc<"users">, session: Doc<"sessions">): boolean {
  return isOpen(user) && session._creationTime <= cutoffOf(user.deletion);
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
  // What is left of a session that the run before had begun to empty is found under the user's id.
  await ctx.db.patch("users", user._id, {
    deletion: { scope, status: "pending", progress: NOTHING, startedAt: now, updatedAt: now },
  });
  if (scope === "account") await closeDoors(ctx, user);
  await ctx.scheduler.runAfter(0, internal.deletion.step, { userId: user._id });
  return true;
}

async function closeDoors(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  await removeFirst(ctx, user);
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
  const { scope, startedAt, restarts } = deletion;
  const progress = { ...deletion.progress };
  const run = { userId, deletion, progress, budget: stepBudget() };
  const sessionId = await sweepSessions(ctx, run);
  await sweepByUser(ctx, run);
  await sweepDays(ctx, run);
  if (scope === "account") await sweepIdentity(ctx, run);
  const isDone = hasRoom(run.budget);
  if (isDone && scope === "account") {
    await removeUser(ctx, user);
    return true;
  }
  const status = isDone ? "completed" : "in_progress";
  await ctx.db.patch("users", userId, {
    deletion: { scope, startedAt, restarts, status, progress, updatedAt: Date.now(), sessionId },
  });
  return isDone;
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
