import { internal } from "../../_generated/api";
import { isOfVersion1 } from "../stats/version1";
import { everyRow } from "./migration";

/**
 * Schedules a refresh of every session that version 1 counted, which counts its messages one by one
 * (`model/sync/refresh.ts`). Version 1 counted a session as a whole, on one day and for one model, and found
 * uncounted messages by two indexes that no longer exist.
 */
export const uncountedMessages = everyRow(
  "count messages by changes",
  "sessions",
  async (ctx, session) => {
    if (session.foldedThrough === undefined && !isOfVersion1(session)) return false;
    await ctx.scheduler.runAfter(0, internal.sessions.refresh, { sessionId: session._id });
    return true;
  },
);
