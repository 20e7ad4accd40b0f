import { v, type Infer } from "convex/values";
import type { Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { statisticsOf } from "../../lib/stats/days";
import { splitBy } from "../../lib/stats/totals";
import { UTC, Zone } from "../../lib/stats/zones";
import { takeWithin } from "../readBudget";

/** What the deployment is used with, for visitors who are not signed in. */

/**
 * Days (of any user) that the figures are drawn from, the newest written first: enough that years
 * which somebody brings in at once do not crowd out everybody else. How many must share a name.
 */
const PLATFORM_DAYS = { rows: 4_000, bytes: 4 * 1024 * 1024 };
const PLATFORM_MIN_USERS = 3;
const PLATFORM_TOP = 5;

export const vFigures = v.object({
  topModels: v.array(v.object({ model: v.string(), totalTokens: v.number() })),
  topSources: v.array(v.object({ source: v.string(), sessions: v.number() })),
});
type Figures = Infer<typeof vFigures>;

/** The figures as they were last computed; empty lists until then. */
export async function figures(ctx: QueryCtx) {
  const stored = await ctx.db.query("platformFigures").first();
  return { topModels: stored?.topModels ?? [], topSources: stored?.topSources ?? [] };
}

/** Stores the figures that `recent` found. Reads nothing else, so that no sync conflicts with it. */
export async function store(ctx: MutationCtx, current: Figures): Promise<void> {
  const stored = await ctx.db.query("platformFigures").first();
  if (stored === null) await ctx.db.insert("platformFigures", current);
  else await ctx.db.replace("platformFigures", stored._id, current);
}

/**
 * The most used models and sources of the deployment. A name is shown only when several users have
 * used it: names of private deployments and of homemade tools are nobody else's business. A query,
 * because a mutation that reads the newest days conflicts with every refresh and never commits.
 */
export async function recent(ctx: QueryCtx): Promise<Figures> {
  const newestFirst = ctx.db.query("dailyWrapped").order("desc");
  const read = await takeWithin(newestFirst, { ...PLATFORM_DAYS });
  const days = read.map(({ userId, date, stats }) => {
    const stored = { date, grains: stats.grains ?? [], whole: stats.rows ?? [] };
    return { userId, rows: statisticsOf([stored], {}, { zone: new Zone(UTC) }).rows };
  });
  const rows = days.flatMap((day) => day.rows);
  const shared = (name: "model" | "source") => {
    const usersOf = new Map<string, Set<Id<"users">>>();
    for (const day of days) {
      for (const { key } of splitBy(day.rows, name)) {
        usersOf.set(key, (usersOf.get(key) ?? new Set()).add(day.userId));
      }
    }
    const splits = splitBy(rows, name).filter(({ key }) => key !== "");
    return splits.filter(({ key }) => (usersOf.get(key)?.size ?? 0) >= PLATFORM_MIN_USERS);
  };
  return {
    topModels: shared("model")
      .slice(0, PLATFORM_TOP)
      .map(({ key, totalTokens }) => ({ model: key, totalTokens })),
    topSources: shared("source")
      .sort((a, b) => b.sessions - a.sessions)
      .slice(0, PLATFORM_TOP)
      .map(({ key, sessions }) => ({ source: key, sessions })),
  };
}
