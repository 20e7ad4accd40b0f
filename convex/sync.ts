import { v } from "convex/values";
import { callerMutation } from "./functions";
import * as ApiLogs from "./model/accounts/apiLogs";
import { vLimitState } from "./model/accounts/rateLimits";
import { vMessageRow, vSessionInput, vSyncResult } from "./model/sync/shapes";
import * as Sync from "./model/sync/upsertMany";

/**
 * Everything `POST /sync/*` does, in one transaction: finds the caller, stores a chunk, schedules
 * the refresh, and with its last chunk writes the log line of the request and counts it. It answers
 * for the items it stored, at least one, in their order; with fewer than it was given it shall be
 * called again with the others, and the log line waits for them.
 */
export const upsertMany = callerMutation({
  args: {
    sessions: v.array(vSessionInput),
    messages: v.array(vMessageRow),
    receivedAt: v.number(),
    line: v.optional(ApiLogs.vRequestLine),
  },
  returns: vSyncResult.extend({ limit: v.union(vLimitState, v.null()) }),
  handler: async (ctx, { line, ...chunk }) => {
    const { user, caller } = ctx;
    const result = await Sync.upsertMany(ctx, user, chunk);
    const isDone =
      result.sessions.length === chunk.sessions.length &&
      result.messages.length === chunk.messages.length;
    if (!line || !isDone) return { ...result, limit: null };
    const who = { user, caller };
    return { ...result, limit: await ApiLogs.writeCounted(ctx, who, line, { statusCode: 200 }) };
  },
});
