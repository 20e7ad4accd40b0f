import { internal } from "../../_generated/api";
import type { Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";

/** How long a burst may go on before its session is refreshed: a hook's requests come within it. */
const REFRESH_DELAY_MS = 2_000;
/** A refresh this late did not run (its deployment was replaced, or it failed for good). */
export const REFRESH_LOST_AFTER_MS = 60_000;

/**
 * When the refresh of this session shall be due, if none is coming yet: written to the session with
 * the change that asks for it, once a burst, and scheduled by `scheduleRefresh`.
 */
export function nextRefresh(dueAt: number | undefined, now: number): number | undefined {
  const isComing = dueAt !== undefined && now < dueAt + REFRESH_LOST_AFTER_MS;
  return isComing ? undefined : now + REFRESH_DELAY_MS;
}

/** Schedules the refresh of a session whose `refreshDueAt` the same mutation has written. */
export async function scheduleRefresh(ctx: MutationCtx, sessionId: Id<"sessions">): Promise<void> {
  await ctx.scheduler.runAfter(REFRESH_DELAY_MS, internal.sessions.refresh, { sessionId });
}
