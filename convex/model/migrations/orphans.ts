import { internal } from "../../_generated/api";
import type { Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { hasRoom, type ReadBudget, spend, takeWithin, withShare } from "../readBudget";
import { everyRow, type Migration } from "./migration";

/**
 * These migrations remove rows whose session was deleted. Version 1 deleted them in chains of jobs that
 * nothing restarted, and found leftovers by indexes that no longer exist.
 */

/** Starts a purge of every session that has messages but no row. Reads one message per session. */
export const orphanedMessages: Migration = {
  name: "purge messages of deleted sessions",
  step: async (ctx, cursor, budget) => {
    let changed = 0;
    let last = typeof cursor === "string" ? cursor : "";
    const purged: Purged = new Map();
    while (hasRoom(budget)) {
      const next = await ctx.db
        .query("messages")
        .withIndex("by_session", (q) => q.gt("sessionId", last as Id<"sessions">))
        .first();
      if (next === null) return { kind: "end", changed };
      const { sessionId, userId } = next;
      spend(budget, next);
      last = sessionId;
      if ((await ctx.db.get("sessions", sessionId)) !== null) continue;
      const ofUser = purged.get(userId) ?? (await purgedSessions(ctx, userId, budget));
      purged.set(userId, ofUser);
      if (ofUser.has(sessionId)) continue;
      const purgeId = await ctx.db.insert("purges", { userId, sessionId, updatedAt: Date.now() });
      await ctx.scheduler.runAfter(0, internal.deletion.purgeSession, { sessionId, purgeId });
      changed += 1;
    }
    return { kind: "more", cursor: last, changed };
  },
};

/** The sessions of each user that are already being purged. */
type Purged = Map<Id<"users">, ReadonlySet<Id<"sessions">>>;

/** Purges read for one user: a session beyond them is purged twice, which does no harm. */
const PURGES_MAX = 200;

async function purgedSessions(ctx: MutationCtx, userId: Id<"users">, budget: ReadBudget) {
  const purges = ctx.db.query("purges").withIndex("by_user", (q) => q.eq("userId", userId));
  const found = await withShare(budget, { rows: PURGES_MAX }, (own) => takeWithin(purges, own));
  return new Set(found.map(({ sessionId }) => sessionId));
}

/** Deletes vectors of sessions that no session refers to. */
export const orphanedSessionVectors = everyRow(
  "delete vectors of deleted sessions",
  "sessionEmbeddings",
  async (ctx, { _id, sessionId }) => {
    if ((await ctx.db.get("sessions", sessionId))?.embeddingId === _id) return false;
    await ctx.db.delete("sessionEmbeddings", _id);
    return true;
  },
);

/** Deletes vectors of messages that no passage refers to; search cannot show them. */
export const orphanedMessageVectors = everyRow(
  "delete vectors of deleted messages",
  "messageEmbeddings",
  async (ctx, { _id }) => {
    const passage = await ctx.db
      .query("passages")
      .withIndex("by_embedding", (q) => q.eq("embeddingId", _id))
      .first();
    if (passage !== null) return false;
    await ctx.db.delete("messageEmbeddings", _id);
    return true;
  },
);
