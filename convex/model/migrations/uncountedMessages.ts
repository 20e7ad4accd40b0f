import { internal } from "../../_generated/api";
import { everyRow } from "./migration";

/**
 * Version 1 found messages that their session does not count yet by two indexes of `messages`. The
 * refresh of a session turns them into `messageChanges` (`model/sync/refresh.ts`); this starts that for
 * every session that has such messages, and removes the old field from the others.
 */
export const uncountedMessages = everyRow(
  "count messages by changes",
  "sessions",
  async (ctx, session) => {
    if (session.foldedThrough === undefined) return false;
    if (session.refreshDueAt === undefined) {
      await ctx.db.patch("sessions", session._id, { foldedThrough: undefined });
    } else {
      await ctx.scheduler.runAfter(0, internal.sessions.refresh, { sessionId: session._id });
    }
    return true;
  },
);
