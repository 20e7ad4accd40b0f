import { v } from "convex/values";
import { internal } from "./_generated/api";
import { systemMutation } from "./functions";
import * as ApiLogs from "./model/accounts/apiLogs";
import { vCaller } from "./model/accounts/users";

/**
 * Records a request that its own mutation did not record: writes a line of the API log and counts it against
 * the caller's limit. Only counts callers without an account. Returns whether the caller has no account, and
 * the state of the limit.
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

/** Daily: deletes lines and counts past their retention (`API_LOG_RETENTION_DAYS`), in batches. */
export const prune = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const more = await ApiLogs.pruneBatch(ctx, Date.now());
    if (more) await ctx.scheduler.runAfter(0, internal.apiLogs.prune, {});
    return null;
  },
});
