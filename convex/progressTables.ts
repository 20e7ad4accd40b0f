import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vMessageChange } from "./fields";

/** Tables of work in progress. Part of `schema.ts`. */

/**
 * Changes of messages. Written by the message mutation, one row for what it changed in a session;
 * counted by the session's refresh seconds later; deleted in bulk by a cron (`model/sync/changes.ts`).
 * A row has what the refresh needs, so that it reads no message. `generation` is the session's
 * `changesGeneration` when the row was written: a row of the session's current generation waits to be
 * counted, a row of an older one is counted.
 */
export const messageChanges = defineTable({
  sessionId: v.id("sessions"),
  generation: v.optional(v.number()),
  changes: v.array(vMessageChange),
})
  // The refresh of a session.
  .index("by_session", ["sessionId", "generation"]);

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
