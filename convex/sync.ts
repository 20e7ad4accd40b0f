import { v } from "convex/values";
import { callerMutation } from "./functions";
import * as ApiLogs from "./model/accounts/apiLogs";
import { vLimitState } from "./model/accounts/rateLimits";
import { vMessageRow, vSessionInput, vSyncResult } from "./model/sync/shapes";
import * as Sync from "./model/sync/upsertMany";

/**
 * The whole work of `POST /sync/*` in one transaction: authenticates the caller, stores a slice, schedules
 * the refresh, and with the last slice writes the log line of the request and counts it. Returns outcomes for
 * the items it stored, at least one, in order. If it stores fewer items than given, it writes no log line,
 * and the caller must call it again with the others.
 */
export const upsertMany = callerMutation({
  args: {
    sessions: v.array(vSessionInput),
    messages: v.array(vMessageRow),
    receivedAt: v.number(),
    line: v.optional(ApiLogs.vRequestLine),
  },
  returns: vSyncResult.extend({ limit: v.union(vLimitState, v.null()) }),
  handler: async (ctx, { line, ...slice }) => {
    const { user, caller } = ctx;
    const result = await Sync.upsertMany(ctx, user, slice);
    const isDone =
      result.sessions.length === slice.sessions.length &&
      result.messages.length === slice.messages.length;
    if (!line || !isDone) return { ...result, limit: null };
    const who = { user, caller };
    return { ...result, limit: await ApiLogs.writeCounted(ctx, who, line, { statusCode: 200 }) };
  },
});
