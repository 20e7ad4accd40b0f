import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { contributionOf, type LedgerRow } from "../lib/ledger";
import { rowsMatching, splitBy, type Day } from "../lib/stats";
import { DAY_MS } from "../lib/time";
import { takeWithin } from "./bounded";

type User = Pick<Doc<"users">, "_id">;

/** What one statistic reads of the ledger: 30 years of days, ten of busy ones (2 kB each). */
const DAYS = { rows: 11_000, bytes: 8 * 1024 * 1024 };

/**
 * The user's days from one UTC day to another, both included and each optional, newest first. Days
 * beyond what one statistic reads are left out, the oldest first.
 */
export async function days(
  ctx: QueryCtx,
  user: User,
  range: { from?: string; to?: string },
): Promise<Day[]> {
  const inOrder = ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) =>
      q
        .eq("userId", user._id)
        .gte("date", range.from ?? "")
        .lte("date", range.to ?? "9999-12-31"),
    )
    .order("desc");
  const found = await takeWithin(inOrder, { ...DAYS });
  return found.map(({ date, stats }) => ({ date, rows: stats.rows }));
}

/** The rows of these days, of one source or of all. */
export function rowsOf(days: readonly Day[], source: string | undefined): LedgerRow[] {
  return rowsMatching(
    days.flatMap(({ rows }) => rows),
    { source },
  );
}

/** What a summary of the last hours looks at. */
const RECENT = { rows: 1_000, bytes: 4 * 1024 * 1024 };

/** What the ledger would say of the sessions that started in the last 24 hours. */
export async function lastDayRows(ctx: QueryCtx, user: User, now: number): Promise<LedgerRow[]> {
  const sessions = ctx.db
    .query("sessions")
    .withIndex("by_user_and_created_at", (q) =>
      q.eq("userId", user._id).gt("createdAt", now - DAY_MS),
    )
    .order("desc");
  const recent = await takeWithin(sessions, { ...RECENT });
  return recent.map((session) => contributionOf(session).row);
}

/** Days (of any user) that the public figures are drawn from, and who must share a name. */
const PLATFORM_DAYS = 200;
const PLATFORM_MIN_USERS = 3;
const PLATFORM_TOP = 5;

/**
 * The most used models and sources of the deployment. A name is shown only when several users have
 * used it: names of private deployments and of homemade tools are nobody else's business.
 */
export async function platformTop(ctx: QueryCtx) {
  const recent = await ctx.db.query("dailyWrapped").order("desc").take(PLATFORM_DAYS);
  const rows = recent.flatMap((day) => day.stats.rows);
  const shared = (name: "model" | "source") => {
    const usersOf = new Map<string, Set<Id<"users">>>();
    for (const day of recent) {
      for (const row of day.stats.rows) {
        usersOf.set(row[name], (usersOf.get(row[name]) ?? new Set()).add(day.userId));
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
