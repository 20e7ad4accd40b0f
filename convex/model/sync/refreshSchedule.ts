import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";

/** Delay from the first message of a burst to the refresh; the requests of one hook arrive within it. */
const REFRESH_DELAY_MS = 2_000;
/** A refresh this late is lost (its deployment was replaced, or it failed permanently). */
export const REFRESH_LOST_AFTER_MS = 60_000;

/**
 * Returns when the next refresh of a session is due; undefined if one is already scheduled. The caller
 * writes it to the session with the change that requires it, and calls `scheduleRefresh`.
 */
export function nextRefresh(dueAt: number | undefined, now: number): number | undefined {
  const isComing = dueAt !== undefined && now < dueAt + REFRESH_LOST_AFTER_MS;
  return isComing ? undefined : now + REFRESH_DELAY_MS;
}

/** Schedules the refresh of a session whose `refreshDueAt` the same mutation has written. */
export async function scheduleRefresh(ctx: MutationCtx, sessionId: Id<"sessions">): Promise<void> {
  await ctx.scheduler.runAfter(REFRESH_DELAY_MS, internal.sessions.refresh, { sessionId });
}

/** Requests a refresh of a session that stays as it is otherwise, unless one is coming. */
export async function requestRefresh(
  ctx: MutationCtx,
  { _id, refreshDueAt: dueAt }: Pick<Doc<"sessions">, "_id" | "refreshDueAt">,
): Promise<void> {
  const refreshDueAt = nextRefresh(dueAt, Date.now());
  if (refreshDueAt === undefined) return;
  await ctx.db.patch("sessions", _id, { refreshDueAt });
  await scheduleRefresh(ctx, _id);
}
