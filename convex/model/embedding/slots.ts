import type { Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { scheduleJob, SESSIONS_PER_JOB } from "./schedule";

/**
 * Limits embedding to two jobs at a time. A deployment runs 8 scheduled jobs at once, and an embedding job
 * occupies one of them while the provider answers: without a limit, a slow provider would stop every
 * refresh. A job that finds no free slot ends at once and leaves its sessions due; the next job that ends
 * schedules them.
 *
 * This is our own lock rather than `@convex-dev/workpool`, because that adds several function calls and
 * rows to each job, and every turn causes a job.
 */
const SLOTS = 2;
/** Longer than any job. The slot of a lost job is free after this. */
const SLOT_MS = 10 * 60_000;

type SessionId = Id<"sessions">;

/** Acquires a slot for a job. If all are taken, leaves the sessions due and returns null. */
export async function enter(
  ctx: MutationCtx,
  sessionIds: readonly SessionId[],
  now: number,
): Promise<Id<"embeddingSlots"> | null> {
  let taken = 0;
  for (const slot of await ctx.db.query("embeddingSlots").take(SLOTS)) {
    if (slot.expiresAt > now) taken += 1;
    else await ctx.db.delete("embeddingSlots", slot._id);
  }
  if (taken < SLOTS) return await ctx.db.insert("embeddingSlots", { expiresAt: now + SLOT_MS });
  for (const sessionId of sessionIds) {
    const session = await ctx.db.get("sessions", sessionId);
    if (session) await ctx.db.patch("sessions", sessionId, { embedDueAt: now });
  }
  return null;
}

/** Releases a slot, and schedules a job for sessions that are due. */
export async function leave(
  ctx: MutationCtx,
  slotId: Id<"embeddingSlots">,
  now: number,
): Promise<void> {
  const slot = await ctx.db.get("embeddingSlots", slotId);
  if (slot) await ctx.db.delete("embeddingSlots", slotId);
  const due = await ctx.db
    .query("sessions")
    .withIndex("by_embed_due_at", (q) => q.gt("embedDueAt", 0).lte("embedDueAt", now))
    .take(SESSIONS_PER_JOB);
  if (due.length === 0) return;
  const sessionIds = due.map(({ _id }) => _id);
  // No longer due, so that a job releasing the other slot does not schedule them too.
  const embedDueAt = await scheduleJob(ctx, sessionIds, now, 1_000);
  for (const sessionId of sessionIds) await ctx.db.patch("sessions", sessionId, { embedDueAt });
}
