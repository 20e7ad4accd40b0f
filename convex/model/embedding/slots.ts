import type { Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { runLater, SESSIONS_PER_RUN } from "./schedule";

/**
 * At most two embedding runs at a time. A deployment runs 8 scheduled jobs at once (S16), and a run
 * holds its job while the provider answers: without a limit, a slow provider would stop every refresh.
 * A run that finds no slot ends at once and leaves its sessions due; the next run that ends takes them.
 *
 * Our own lock and not `@convex-dev/workpool`, because that adds several function calls and rows to
 * each run, and a month has as many runs as turns.
 */
const SLOTS = 2;
/** Longer than any run. The slot of a run that was lost is free after this. */
const SLOT_MS = 10 * 60_000;

type SessionId = Id<"sessions">;

/** Takes a slot for a run; null, with the sessions left due, while other runs have all of them. */
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

/** Gives a slot back, and starts a run for sessions that are due. */
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
    .take(SESSIONS_PER_RUN);
  if (due.length === 0) return;
  const sessionIds = due.map(({ _id }) => _id);
  // Not due any more, so that the other slot does not take them too.
  const embedDueAt = await runLater(ctx, sessionIds, now, 1_000);
  for (const sessionId of sessionIds) await ctx.db.patch("sessions", sessionId, { embedDueAt });
}
