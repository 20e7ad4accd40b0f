import { v } from "convex/values";
import { systemMutation, systemQuery } from "./functions";
import {
  progress as readProgress,
  start as startNext,
  step as runStep,
  vProgress,
} from "./model/migrations/run";

/**
 * Brings rows of an earlier version up to date. A cron runs it every hour; after a deploy,
 * `npx convex run migrations:start` starts it at once, and with `'{"retryFailed":true}'` it tries
 * failed migrations again. Running it again does no harm. Returns the migration that now runs.
 */
export const start = systemMutation({
  args: { retryFailed: v.optional(v.boolean()) },
  returns: v.union(v.string(), v.null()),
  handler: (ctx, { retryFailed = false }) => startNext(ctx, { retryFailed, now: Date.now() }),
});

/** One bounded step of a migration; it schedules the next. */
export const step = systemMutation({
  args: { name: v.string() },
  returns: v.null(),
  handler: async (ctx, { name }) => {
    await runStep(ctx, name, Date.now());
    return null;
  },
});

/** How far every migration has come: `npx convex run migrations:progress`. */
export const progress = systemQuery({
  args: {},
  returns: v.array(vProgress),
  handler: (ctx) => readProgress(ctx),
});
