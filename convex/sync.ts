import { v } from "convex/values";
import { callerMutation } from "./functions";
import * as ApiLogs from "./model/apiLogs";
import { vMessageRow, vSessionInput } from "./model/syncShapes";
import * as Sync from "./model/sync";

const vOutcome = v.union(v.literal("inserted"), v.literal("updated"), v.literal("skipped"));

/**
 * Everything `POST /sync/*` does, in one transaction: finds the caller, stores a chunk, schedules
 * the refresh, and writes the log line of the request (with its last chunk).
 */
export const upsertMany = callerMutation({
  args: {
    sessions: v.array(vSessionInput),
    messages: v.array(vMessageRow),
    receivedAt: v.number(),
    line: v.optional(ApiLogs.vRequestLine),
  },
  returns: v.object({
    sessions: v.array(v.object({ sessionId: v.id("sessions"), outcome: vOutcome })),
    messages: v.array(
      v.object({
        sessionId: v.id("sessions"),
        messageId: v.id("messages"),
        outcome: vOutcome,
      }),
    ),
  }),
  handler: async (ctx, { line, ...chunk }) => {
    const { user, caller } = ctx;
    const result = await Sync.upsertMany(ctx, user, chunk);
    if (line) await ApiLogs.write(ctx, { userId: user._id, caller }, line, { statusCode: 200 });
    return result;
  },
});
