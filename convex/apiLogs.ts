import { v } from "convex/values";
import { internal } from "./_generated/api";
import { systemMutation } from "./functions";
import * as ApiLogs from "./model/accounts/apiLogs";
import { vCaller } from "./model/accounts/users";

/**
 * Writes one line of the API log: every request whose own mutation did not write it. Counts it against
 * the caller's limit. Answers whether the caller turned out to be nobody, and what is left.
 */
export const record = systemMutation({
  args: {
    caller: v.union(vCaller, v.null()),
    line: ApiLogs.vRequestLine,
    statusCode: v.number(),
    errorCode: v.optional(v.string()),
    retryAfterMs: v.optional(v.number()),
    isUncounted: v.optional(v.boolean()),
  },
  returns: ApiLogs.vRecorded,
  handler: (ctx, { caller, line, ...outcome }) => ApiLogs.record(ctx, caller, line, outcome),
});

/** Daily: deletes lines past their retention (`API_LOG_RETENTION_DAYS`, default 30), in batches. */
export const prune = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const more = await ApiLogs.pruneBatch(ctx, Date.now());
    if (more) await ctx.scheduler.runAfter(0, internal.apiLogs.prune, {});
    return null;
  },
});
