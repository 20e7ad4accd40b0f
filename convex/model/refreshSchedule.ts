import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";

/** How long a burst may go on before its session is refreshed: a hook's requests come within it. */
export const REFRESH_DELAY_MS = 2_000;
/** A refresh this late did not run (its deployment was replaced, or it failed for good). */
export const REFRESH_LOST_AFTER_MS = 60_000;

/**
 * Makes sure that a refresh is coming for this session: once a burst, the only write that a message
 * makes to its session.
 */
export async function scheduleRefresh(
  ctx: MutationCtx,
  sessionId: Id<"sessions">,
  dueAt: number | undefined,
  now: number,
): Promise<void> {
  if (dueAt !== undefined && now < dueAt + REFRESH_LOST_AFTER_MS) return;
  await ctx.db.patch("sessions", sessionId, { refreshDueAt: now + REFRESH_DELAY_MS });
  await ctx.scheduler.runAfter(REFRESH_DELAY_MS, internal.sessions.refresh, { sessionId });
}
