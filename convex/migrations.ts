import { v } from "convex/values";
import { systemMutation, systemQuery } from "./functions";
import {
  progress as readProgress,
  start as startNext,
  step as runStep,
  vProgress,
} from "./model/migrations/run";

/**
 * Starts the migrations of rows that an earlier version stored. A cron runs it every hour; after a deploy,
 * `npx convex run migrations:start` starts it at once. With `'{"retryFailed":true}'` it also retries failed
 * migrations. It is safe to run again. Returns the name of the migration that now runs.
 */
export const start = systemMutation({
  args: { retryFailed: v.optional(v.boolean()) },
  returns: v.union(v.string(), v.null()),
  handler: (ctx, { retryFailed = false }) => startNext(ctx, { retryFailed, now: Date.now() }),
});

/** Runs one bounded step of a migration, and schedules the next. */
export const step = systemMutation({
  args: { name: v.string() },
  returns: v.null(),
  handler: async (ctx, { name }) => {
    await runStep(ctx, name, Date.now());
    return null;
  },
});

/** Returns the progress of every migration: `npx convex run migrations:progress`. */
export const progress = systemQuery({
  args: {},
  returns: v.array(vProgress),
  handler: (ctx) => readProgress(ctx),
});
