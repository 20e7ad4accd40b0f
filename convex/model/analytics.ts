import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { contributionOf, type LedgerRow } from "../lib/ledger";
import { shownProvider } from "../lib/providers";
import { rowsMatching, splitBy, type Day } from "../lib/stats";
import { DAY_MS } from "../lib/time";
import { hasRoom, spend, takeWithin } from "./bounded";

type User = Pick<Doc<"users">, "_id">;

/** Days of the ledger one statistic reads at most: 30 years, and of very full days as many as fit. */
const DAYS_MAX = 11_000;
const DAYS_MAX_ROWS = 30_000;

/**
 * The user's days from one UTC day to another, both included and each optional, newest first. Days
 * beyond what one transaction may read are left out, the oldest first.
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
  const found: Day[] = [];
  let rows = 0;
  for await (const { date, stats } of inOrder) {
    rows += stats.rows.length;
    if (found.length >= DAYS_MAX || rows > DAYS_MAX_ROWS) break;
    found.push({ date, rows: stats.rows });
  }
  return found;
}

/** The rows of these days, of one source or of all. */
export function rowsOf(days: readonly Day[], source: string | undefined): LedgerRow[] {
  return rowsMatching(
    days.flatMap(({ rows }) => rows),
    { source },
  );
}

/** How the dashboard sorts its list of sessions. */
export const SORT_KEYS = ["updatedAt", "createdAt", "totalTokens", "cost", "durationMs"] as const;
type SortKey = (typeof SORT_KEYS)[number];

const SORT_INDEX = {
  updatedAt: "by_user_and_updated_at",
  createdAt: "by_user_and_created_at",
  totalTokens: "by_user_and_total_tokens",
  cost: "by_user_and_cost",
  durationMs: "by_user_and_duration",
} as const satisfies { [key in SortKey]: string };

type DetailFilter = { source?: string; model?: string; project?: string; provider?: string };

/** What a filtered list looks at; what stands deeper in the order is not found. */
const DETAIL_SCAN = { rows: 2_000, bytes: 4 * 1024 * 1024 };

/**
 * The user's sessions that match, in the order asked for, cut at `limit`; `total` counts all that
 * match, from the ledger. The order comes from an index, so the cost is that of the rows shown.
 */
export async function sessionsInOrder(
  ctx: QueryCtx,
  user: User,
  args: { sortBy: SortKey; order: "asc" | "desc"; limit: number; filter: DetailFilter },
): Promise<{ sessions: Doc<"sessions">[]; total: number }> {
  const { sortBy, order, limit, filter } = args;
  const counted = await countMatching(ctx, user, filter);
  const inOrder = ctx.db
    .query("sessions")
    .withIndex(SORT_INDEX[sortBy], (q) => q.eq("userId", user._id))
    .order(order);
  const sessions: Doc<"sessions">[] = [];
  const scan = { ...DETAIL_SCAN };
  for await (const session of inOrder) {
    if (sessions.length >= limit || !hasRoom(scan)) break;
    spend(scan, session);
    if (isDetailed(session, filter)) sessions.push(session);
  }
  return { sessions, total: Math.max(counted, sessions.length) };
}

async function countMatching(ctx: QueryCtx, user: User, filter: DetailFilter): Promise<number> {
  const all = await days(ctx, user, {});
  const rows = rowsMatching(
    all.flatMap(({ rows }) => rows),
    filter,
  );
  return rows.reduce((sum, row) => sum + row.sessions, 0);
}

/** A project filter means the name or the path. */
function isDetailed(session: Doc<"sessions">, filter: DetailFilter): boolean {
  const { source, model, project, provider } = filter;
  return (
    (source === undefined || session.source === source) &&
    (model === undefined || session.model === model) &&
    (project === undefined || project === session.projectName || project === session.projectPath) &&
    (provider === undefined || shownProvider(session.provider, session.model) === provider)
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
