import { internal } from "../../_generated/api";
import { isOfVersion1 } from "../stats/version1";
import { everyRow } from "./migration";

/**
 * Version 1 counted a session whole, on one day and for one model, and found messages that are not
 * counted yet by two indexes that are gone. Starts the refresh of every such session, which counts its
 * messages one by one (`model/sync/refresh.ts`); removes the old field from the others.
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
