import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vMessageChange } from "./fields";

/** Tables of work in progress. Part of `schema.ts`. */

/**
 * Message changes that their session has not counted yet. Message mutations write one row per session that
 * they change; the session's refresh reads and deletes it seconds later (`model/sync/changes.ts`). A row has
 * the fields the refresh counts, so that it does not read the messages.
 */
export const messageChanges = defineTable({
  sessionId: v.id("sessions"),
  changes: v.array(vMessageChange),
})
  // The refresh of a session.
  .index("by_session", ["sessionId"]);

/**
 * Embedding jobs in progress, at most two rows. Written and read by `model/embedding/slots.ts`. An expired
 * row belongs to a lost job.
 */
export const embeddingSlots = defineTable({ expiresAt: v.number() });

/**
 * The progress of each migration, one row per migration. Written and read by `model/migrations/run.ts`.
 * `cursor` is where its next step resumes.
 */
export const migrations = defineTable({
  name: v.string(),
  status: v.union(v.literal("running"), v.literal("done"), v.literal("failed")),
  cursor: v.union(v.string(), v.number(), v.null()),
  /** Steps taken and rows changed so far. */
  ...{ steps: v.number(), changed: v.number() },
  ...{ startedAt: v.number(), updatedAt: v.number() },
  /** Restarts of a lost chain since the last completed step. */
  restarts: v.optional(v.number()),
}).index("by_name", ["name"]);
