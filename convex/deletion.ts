import { v } from "convex/values";
import { internal } from "./_generated/api";
import { systemMutation } from "./functions";
import * as AccountDeletion from "./model/accounts/accountDeletion";
import { moveVersion1 } from "./model/accounts/deletionState";
import * as Deletion from "./model/sessions/deletion";
import { removeOldDeletions } from "./model/sessions/deletedSessions";
import { removeExpired } from "./model/tombstones";
import { forgetDeleted } from "./model/accounts/rateLimits";

/** Scheduled by the deletion of a session: removes its rows, one bounded step per call. */
export const purgeSession = systemMutation({
  args: { sessionId: v.id("sessions"), purgeId: v.optional(v.id("purges")) },
  returns: v.null(),
  handler: async (ctx, args) => {
    const isDone = await Deletion.purgeStep(ctx, args);
    if (!isDone) await ctx.scheduler.runAfter(0, internal.deletion.purgeSession, args);
    return null;
  },
});

/** Scheduled by the deletion of all data or of an account: one bounded step per call. */
export const step = systemMutation({
  args: { userId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, args) => {
    const isDone = await AccountDeletion.step(ctx, args.userId);
    if (!isDone) await ctx.scheduler.runAfter(0, internal.deletion.step, args);
    return null;
  },
});

/** Cron: restarts stalled deletions, of users and of single sessions. */
export const resumeStalled = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const now = Date.now();
    await moveVersion1(ctx);
    await AccountDeletion.resumeStalled(ctx, now);
    const before = now - AccountDeletion.STALLED_AFTER_MS;
    await Deletion.resumeStalledPurges(ctx, { before, now });
    return null;
  },
});

/** Scheduled by the deletion of an account for when every older token has expired: forgets its identity. */
export const forgetIdentity = systemMutation({
  args: { key: v.string() },
  returns: v.null(),
  handler: async (ctx, { key }) => {
    await forgetDeleted(ctx, key);
    return null;
  },
});

/** Cron: removes expired tombstones, and records of sessions deleted as long ago. */
export const removeExpiredTombstones = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await removeExpired(ctx, Date.now());
    await removeOldDeletions(ctx, Date.now());
    return null;
  },
});
