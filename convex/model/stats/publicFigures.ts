import { v, type Infer } from "convex/values";
import type { Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { statisticsOf } from "../../lib/stats/days";
import { splitBy } from "../../lib/stats/totals";
import { UTC, Zone } from "../../lib/stats/zones";
import { takeWithin } from "../readBudget";

/** The most used models and sources of the deployment, for visitors who are not signed in. */

/**
 * Read budget for the days (of all users) behind the figures, the latest created first: large enough that one
 * user's import of several years does not displace everyone else's days.
 */
const DAYS_BUDGET = { rows: 4_000, bytes: 4 * 1024 * 1024 };
const MIN_USERS = 3;
const TOP_COUNT = 5;

export const vFigures = v.object({
  topModels: v.array(v.object({ model: v.string(), totalTokens: v.number() })),
  topSources: v.array(v.object({ source: v.string(), sessions: v.number() })),
});
type Figures = Infer<typeof vFigures>;

/** Returns the figures last computed; empty lists before the first time. */
export async function figures(ctx: QueryCtx) {
  const stored = await ctx.db.query("platformFigures").first();
  return { topModels: stored?.topModels ?? [], topSources: stored?.topSources ?? [] };
}

/** Stores the figures that `recent` computed. Reads no other table, so that it never conflicts with a sync. */
export async function store(ctx: MutationCtx, current: Figures): Promise<void> {
  const stored = await ctx.db.query("platformFigures").first();
  if (stored === null) await ctx.db.insert("platformFigures", current);
  else await ctx.db.replace("platformFigures", stored._id, current);
}

/**
 * Computes the most used models and sources of the deployment. Includes a name only if several users have
 * used it, because names of private deployments and in-house tools are confidential. This is a query,
 * because a mutation that reads the newest days would conflict with every refresh and never commit.
 */
export async function recent(ctx: QueryCtx): Promise<Figures> {
  const newestFirst = ctx.db.query("dailyWrapped").order("desc");
  const read = await takeWithin(newestFirst, { ...DAYS_BUDGET });
  const days = read.map(({ userId, date, stats }) => {
    const stored = { date, grains: stats.grains ?? [], whole: stats.rows ?? [] };
    return { userId, rows: statisticsOf([stored], {}, { zone: new Zone(UTC) }).rows };
  });
  const rows = days.flatMap((day) => day.rows);
  const sharedBy = (name: "model" | "source") => {
    const usersOf = new Map<string, Set<Id<"users">>>();
    for (const day of days) {
      for (const { key } of splitBy(day.rows, name)) {
        usersOf.set(key, (usersOf.get(key) ?? new Set()).add(day.userId));
      }
    }
    const splits = splitBy(rows, name).filter(({ key }) => key !== "");
    return splits.filter(({ key }) => (usersOf.get(key)?.size ?? 0) >= MIN_USERS);
  };
  return {
    topModels: sharedBy("model")
      .slice(0, TOP_COUNT)
      .map(({ key, totalTokens }) => ({ model: key, totalTokens })),
    topSources: sharedBy("source")
      .sort((a, b) => b.sessions - a.sessions)
      .slice(0, TOP_COUNT)
      .map(({ key, sessions }) => ({ source: key, sessions })),
  };
}
