import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { hasRoom, stepBudget } from "../readBudget";
import { removeFirst } from "./apiKeys";
import { sweepByUser, sweepDays, sweepIdentity, sweepSessions } from "./deletionSweeps";
import {
  type Deletion,
  findDeletion,
  forgetDeletion,
  isOpen,
  saveDeletion,
  type Scope,
} from "./deletionState";
import { rememberDeleted, TOMBSTONE_MS } from "./rateLimits";

/**
 * Deletes all data of a user, or the whole account, in a chain of bounded mutations that schedule each
 * other; the owner can watch the progress. Every step starts with the first table, so a deletion can stop
 * anywhere and be restarted. The last step has searched every table and found nothing.
 */

const NOTHING: Deletion["progress"] = {
  sessions: 0,
  messages: 0,
  parts: 0,
  apiLogs: 0,
  sessionEmbeddings: 0,
  messageEmbeddings: 0,
};

/** A step takes seconds; a deletion without one for this long has stalled and may be restarted. */
export const STALLED_AFTER_MS = 600_000;
/** Restarts of a data deletion before it is shown as failed, for its owner to decide. */
const RESTARTS_MAX = 5;

/**
 * Starts a deletion; returns false if a running one covers it. `data` deletes what exists now, and keeps
 * what plugins send afterwards. `account` also disables keys and tokens in this transaction.
 */
export async function start(ctx: MutationCtx, user: Doc<"users">, scope: Scope): Promise<boolean> {
  const now = Date.now();
  const current = await findDeletion(ctx, user);
  const isRunning =
    current !== undefined && isOpen(current) && now - current.updatedAt < STALLED_AFTER_MS;
  const isCovered = isRunning && (scope === "data" || current.scope === "account");
  if (isCovered) return false;
  const times = { startedAt: now, updatedAt: now };
  await saveDeletion(ctx, user, { scope, status: "pending", progress: NOTHING, ...times });
  if (scope === "account") await disableCredentials(ctx, user);
  await ctx.scheduler.runAfter(0, internal.deletion.step, { userId: user._id });
  return true;
}

/** Removes the first key, and remembers the identity. Other credentials stop working because the user's row marks the account as closed. */
async function disableCredentials(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  await removeFirst(ctx, user);
  if (user.workosId === undefined) return;
  const key = await rememberDeleted(ctx, user.workosId);
  await ctx.scheduler.runAfter(TOMBSTONE_MS, internal.deletion.forgetIdentity, { key });
}

/** Runs one step; true when the deletion is complete or the user has no open one. */
export async function step(ctx: MutationCtx, userId: Id<"users">): Promise<boolean> {
  const user = await ctx.db.get("users", userId);
  const deletion = user && (await findDeletion(ctx, user));
  if (!user || !deletion || !isOpen(deletion)) return true;
  const { scope, startedAt, restarts } = deletion;
  const progress = { ...deletion.progress };
  const run = { userId, deletion, progress, budget: stepBudget() };
  await sweepSessions(ctx, run);
  await sweepByUser(ctx, run);
  await sweepDays(ctx, run);
  if (scope === "account") await sweepIdentity(ctx, run);
  const isDone = hasRoom(run.budget);
  if (isDone && scope === "account") {
    await removeUser(ctx, user);
    return true;
  }
  const status = isDone ? "completed" : "in_progress";
  const times = { startedAt, updatedAt: Date.now() };
  await saveDeletion(ctx, user, { scope, restarts, status, progress, ...times });
  return isDone;
}

/** Deletes the user's row, after everything else of the user is deleted. */
async function removeUser(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  await forgetDeletion(ctx, user);
  await ctx.db.delete("users", user._id);
  console.info(`Account ${user._id} deleted: a search of every table found no remaining rows`);
  const { workosId } = user;
  if (workosId === undefined) return;
  await ctx.scheduler.runAfter(0, internal.workos.deletePerson, { workosId, tries: 0 });
}

/** Stalled deletions of each status that the cron restarts at a time. */
const RESUME_MAX = 20;

/** Restarts stalled deletions; marks a data deletion that keeps stalling as failed. */
export async function resumeStalled(ctx: MutationCtx, now: number): Promise<void> {
  for (const status of ["pending", "in_progress"] as const) {
    const stalled = await ctx.db
      .query("deletions")
      .withIndex("by_status_and_updated_at", (q) =>
        q.eq("status", status).lt("updatedAt", now - STALLED_AFTER_MS),
      )
      .take(RESUME_MAX);
    for (const deletion of stalled) await resume(ctx, deletion, now);
  }
}

async function resume(ctx: MutationCtx, row: Doc<"deletions">, now: number): Promise<void> {
  const { _id, _creationTime, userId, ...deletion } = row;
  const user = await ctx.db.get("users", userId);
  if (user === null) return await ctx.db.delete("deletions", _id);
  const restarts = (deletion.restarts ?? 0) + 1;
  const hasFailed = deletion.scope === "data" && restarts > RESTARTS_MAX;
  const changed = hasFailed
    ? {
        status: "failed" as const,
        error: "The deletion stopped before it was complete. Start it again.",
      }
    : { restarts };
  await saveDeletion(ctx, user, { ...deletion, ...changed, updatedAt: now });
  if (!hasFailed) await ctx.scheduler.runAfter(0, internal.deletion.step, { userId });
}

/** Removes the state of a deletion that has ended; idempotent. */
export async function clearStatus(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  const deletion = await findDeletion(ctx, user);
  if (deletion !== undefined && !isOpen(deletion)) await forgetDeletion(ctx, user);
}
