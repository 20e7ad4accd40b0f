import { v } from "convex/values";
import { internal } from "./_generated/api";
import { systemMutation } from "./functions";
import * as AccountDeletion from "./model/accounts/accountDeletion";
import * as Deletion from "./model/sessions/deletion";
import { forgetDeleted } from "./model/accounts/rateLimits";

/** Scheduled by the deletion of a session: removes what belonged to it, a bounded step a run. */
export const purgeSession = systemMutation({
  args: { sessionId: v.id("sessions") },
  returns: v.null(),
  handler: async (ctx, args) => {
    const isDone = await Deletion.purgeStep(ctx, args.sessionId);
    if (!isDone) await ctx.scheduler.runAfter(0, internal.deletion.purgeSession, args);
    return null;
  },
});

/** Scheduled by the deletion of all data or of an account: a bounded step a run. */
export const step = systemMutation({
  args: { userId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, args) => {
    const isDone = await AccountDeletion.step(ctx, args.userId);
    if (!isDone) await ctx.scheduler.runAfter(0, internal.deletion.step, args);
    return null;
  },
});

/** Cron: starts deletions again that stood still. */
export const resumeStalled = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await AccountDeletion.resumeStalled(ctx, Date.now());
    return null;
  },
});

/** Scheduled by the deletion of an account, for when no token from before it can be valid any more. */
export const forgetIdentity = systemMutation({
  args: { key: v.string() },
  returns: v.null(),
  handler: async (ctx, { key }) => {
    await forgetDeleted(ctx, key);
    return null;
  },
});
