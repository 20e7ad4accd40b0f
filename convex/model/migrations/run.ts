import { v, type Infer } from "convex/values";
import { internal } from "../../_generated/api";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { stepBudget } from "../readBudget";
import type { Migration } from "./migration";
import { MIGRATIONS } from "./registry";

/**
 * Runs the migrations as a chain of scheduled mutations, one step each. The `migrations` table records the
 * progress of each, so that the cron can restart a lost chain.
 *
 * This is our own code rather than `@convex-dev/migrations`, because that bounds a batch only by rows: a
 * hundred rows of `parts` can have 50 MB, three times what a transaction may read.
 */

/** A step takes a second; a chain without one for this long is lost. */
const LOST_AFTER_MS = 5 * 60_000;
/** Restarts without a completed step in between, after which a migration is marked as failed. */
const RESTARTS_MAX = 5;
/** A pause between steps, so that a migration uses only part of the deployment's write window. */
const STEP_DELAY_MS = 250;

type State = Doc<"migrations">;

/**
 * Starts the next unfinished migration, or restarts one whose chain was lost. `retryFailed` also
 * restarts failed ones. Returns the name of the migration that now runs, or null.
 */
export async function start(
  ctx: MutationCtx,
  { retryFailed, now }: { retryFailed: boolean; now: number },
  registry: readonly Migration[] = MIGRATIONS,
): Promise<string | null> {
  for (const { name } of registry) {
    const state = await find(ctx, name);
    if (state?.status === "done") continue;
    if (state?.status === "failed" && !retryFailed) continue;
    if (state?.status === "running" && now - state.updatedAt < LOST_AFTER_MS) return name;
    if (state?.status === "running" && (state.restarts ?? 0) >= RESTARTS_MAX) {
      await ctx.db.patch("migrations", state._id, { status: "failed", updatedAt: now });
      console.error(`Migration "${name}" failed: no step completed after ${RESTARTS_MAX} restarts`);
      continue;
    }
    await begin(ctx, name, state, now);
    return name;
  }
  return null;
}

async function begin(ctx: MutationCtx, name: string, state: State | null, now: number) {
  if (state === null) {
    const fresh = { name, status: "running" as const, cursor: null, changed: 0, steps: 0 };
    await ctx.db.insert("migrations", { ...fresh, startedAt: now, updatedAt: now });
  } else {
    const restarts = state.status === "failed" ? 0 : (state.restarts ?? 0) + 1;
    await ctx.db.patch("migrations", state._id, { status: "running", restarts, updatedAt: now });
  }
  await ctx.scheduler.runAfter(0, internal.migrations.step, { name });
}

/** Runs one step and schedules the next, or the next migration after the last step. */
export async function step(
  ctx: MutationCtx,
  name: string,
  now: number,
  registry: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const state = await find(ctx, name);
  const migration = registry.find((one) => one.name === name);
  if (state?.status !== "running" || migration === undefined) return;
  const result = await migration.step(ctx, state.cursor, stepBudget());
  const isDone = result.kind === "end";
  await ctx.db.patch("migrations", state._id, {
    status: isDone ? "done" : "running",
    cursor: isDone ? null : result.cursor,
    changed: state.changed + result.changed,
    steps: state.steps + 1,
    restarts: undefined,
    updatedAt: now,
  });
  if (isDone) {
    console.info(`Migration "${name}" is done: ${state.changed + result.changed} rows changed`);
    await start(ctx, { retryFailed: false, now }, registry);
  } else {
    await ctx.scheduler.runAfter(STEP_DELAY_MS, internal.migrations.step, { name });
  }
}

async function find(ctx: QueryCtx, name: string): Promise<State | null> {
  return await ctx.db
    .query("migrations")
    .withIndex("by_name", (q) => q.eq("name", name))
    .unique();
}

/** A migration as `migrations:progress` returns it; `waiting` means that it has not started. */
export const vProgress = v.object({
  name: v.string(),
  status: v.union(
    v.literal("waiting"),
    v.literal("running"),
    v.literal("done"),
    v.literal("failed"),
  ),
  /** Steps taken and rows changed so far. */
  steps: v.number(),
  changed: v.number(),
  updatedAt: v.optional(v.number()),
});

/** Returns the progress of every registered migration. */
export async function progress(
  ctx: QueryCtx,
  registry: readonly Migration[] = MIGRATIONS,
): Promise<Infer<typeof vProgress>[]> {
  return await Promise.all(
    registry.map(async ({ name }) => {
      const state = await find(ctx, name);
      if (state === null) return { name, status: "waiting" as const, steps: 0, changed: 0 };
      const { status, steps, changed, updatedAt } = state;
      return { name, status, steps, changed, updatedAt };
    }),
  );
}
