import { v } from "convex/values";
import { internal } from "./_generated/api";
import { AppError } from "./errors";
import { systemMutation, systemQuery } from "./functions";
import { NOT_CONFIGURED } from "./lib/embedding/notConfigured";
import * as Docs from "./model/docs/docs";
import * as Schedule from "./model/embedding/schedule";
import * as Embeddings from "./model/embedding/embeddings";
import * as Slots from "./model/embedding/slots";

/** Acquires a slot for an embedding job; returns null if all are taken, and leaves the sessions due. */
export const enter = systemMutation({
  args: { sessionIds: v.array(v.id("sessions")) },
  returns: v.union(v.id("embeddingSlots"), v.null()),
  handler: (ctx, { sessionIds }) => Slots.enter(ctx, sessionIds, Date.now()),
});

/** Releases a slot, and schedules a job for sessions that are due. */
export const leave = systemMutation({
  args: { slotId: v.id("embeddingSlots") },
  returns: v.null(),
  handler: async (ctx, { slotId }) => {
    await Slots.leave(ctx, slotId, Date.now());
    return null;
  },
});

/** Reads the part of a session that must be embedded; null if the session was deleted. */
export const readWork = systemQuery({
  args: { sessionId: v.id("sessions") },
  handler: (ctx, { sessionId }) => Embeddings.readWork(ctx, sessionId),
});

/** Stores the vectors a job made; true if the job has more to embed in this session. */
export const store = systemMutation({
  args: { embedded: Embeddings.vEmbedded },
  returns: v.boolean(),
  handler: (ctx, { embedded }) => Embeddings.store(ctx, embedded, Date.now()),
});

/** Schedules a retry for sessions whose embedding failed. */
export const postpone = systemMutation({
  args: {
    sessionIds: v.array(v.id("sessions")),
    /** How many jobs in a row have failed. */
    failures: v.number(),
    isPermanent: v.boolean(),
    retryAfterMs: v.optional(v.number()),
  },
  returns: v.null(),
  handler: async (ctx, { sessionIds, ...failure }) => {
    await Schedule.postpone(ctx, sessionIds, failure, Date.now());
    return null;
  },
});

/** Daily: schedules jobs again that were lost or that stopped retrying. */
export const sweep = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const more = await Schedule.sweep(ctx, Date.now());
    if (more) await ctx.scheduler.runAfter(Schedule.STEP_DELAY_MS, internal.embeddings.sweep, {});
    else if (Schedule.isConfigured()) {
      await ctx.scheduler.runAfter(0, internal.embeddings.embedDocs, { all: false, after: 0 });
    }
    return null;
  },
});

/** Scheduled by the sweep and the back-fill: schedules jobs for documentation pages, one bounded step per call. */
export const embedDocs = systemMutation({
  args: { all: v.boolean(), after: v.number() },
  returns: v.null(),
  handler: async (ctx, { all, after }) => {
    const next = await Docs.embedStep(ctx, { all, after });
    if (next === null) return null;
    const args = { all, after: next };
    await ctx.scheduler.runAfter(Schedule.STEP_DELAY_MS, internal.embeddings.embedDocs, args);
    return null;
  },
});

/**
 * Embeds every session and documentation page that has no vectors yet, in steps. After setting `OPENAI_API_KEY` for
 * the first time, run `npx convex run embeddings:backfill`; after changing the model,
 * `npx convex run embeddings:backfill '{"all":true}'`. It is safe to run again.
 */
export const backfill = systemMutation({
  args: { all: v.optional(v.boolean()), cursor: v.optional(v.number()) },
  returns: v.object({ started: v.number(), isDone: v.boolean() }),
  handler: async (ctx, { all = false, cursor = 0 }) => {
    if (!Schedule.isConfigured()) {
      throw new AppError("EMBEDDINGS_NOT_CONFIGURED", NOT_CONFIGURED);
    }
    if (cursor === 0) {
      await ctx.scheduler.runAfter(0, internal.embeddings.embedDocs, { all, after: 0 });
    }
    const step = await Schedule.backfillStep(ctx, { all, cursor }, Date.now());
    if (step.cursor !== null) {
      const args = { all, cursor: step.cursor };
      await ctx.scheduler.runAfter(Schedule.STEP_DELAY_MS, internal.embeddings.backfill, args);
    }
    return { started: step.started, isDone: step.cursor === null };
  },
});
