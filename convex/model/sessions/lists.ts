import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { matchesFilter, type SessionFilter } from "../../lib/sessions/filter";
import type { Day } from "../../lib/stats/days";
import { OTHER } from "../../lib/stats/ledger";
import { grainName } from "../../lib/stats/names";
import { rowsMatching } from "../../lib/stats/totals";
import { DAY_MS, dayStart } from "../../lib/time";
import type { User } from "../accounts/user";
import { statistics } from "../stats/dashboardDays";
import { hasRoom, spend, takeWithin } from "../readBudget";
import { ownSessions } from "./ranges";

/** The dashboard's list of sessions: filtered, sorted and limited. */

type Session = Doc<"sessions">;

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

/** The session filters that the ledger of days supports. */
type Filter = Pick<SessionFilter, "source" | "model" | "project" | "provider">;
type Order = { sortBy: SortKey; order: "asc" | "desc" };

/**
 * Read budgets of the two methods. With the ledger's 8 MiB, both stay under the 16 MiB of a query. More
 * than 1,000 ranges of days would come close to the number of index ranges that a query may read.
 */
const INDEX_BUDGET = { rows: 400, bytes: 3 * 1024 * 1024 };
const DAYS_BUDGET = { rows: 4_000, bytes: 4 * 1024 * 1024 };
const DAY_RANGES_MAX = 1_000;

/**
 * Lists the user's sessions that match, in the requested order, up to `limit`; `total` counts all matches.
 * Reads the index of the order first, which finds enough sessions quickly if many match. Otherwise reads the
 * sessions of the days on which the ledger has matches, newest day first. If there are more sessions than
 * one query can read, the list contains those that were read, and `total` is the ledger's count.
 */
export async function listSorted(
  ctx: QueryCtx,
  user: User,
  { limit, filter, ...order }: Order & { limit: number; filter: Filter },
): Promise<{ sessions: Session[]; total: number }> {
  const { days: ledger, rows } = await statistics(ctx, user, {});
  const first = await readByIndex(ctx, user, { limit, filter, ...order });
  const byId = new Map(first.sessions.map((session) => [session._id, session]));
  let isComplete = first.isComplete;
  if (!first.hasEnough) {
    const further = await readByDays(ctx, user, likelyDayRanges(ledger, filter), filter);
    for (const session of further.sessions) byId.set(session._id, session);
    isComplete = further.isComplete;
  }
  const sessions = Array.from(byId.values()).sort(comparatorOf(order));
  // The ledger counts a session under one model, and does not have every project's path.
  const counted = rowsMatching(rows, ledgerFilter(filter)).reduce(
    (sum, row) => sum + row.sessions,
    0,
  );
  const total = isComplete ? sessions.length : Math.max(counted, sessions.length);
  return { sessions: sessions.slice(0, limit), total };
}

/** Reads matches along the index of the order. `hasEnough` if it found `limit` matches, or read all sessions. */
async function readByIndex(
  ctx: QueryCtx,
  user: User,
  { sortBy, order, limit, filter }: Order & { limit: number; filter: Filter },
): Promise<{ sessions: Session[]; hasEnough: boolean; isComplete: boolean }> {
  const rows = ctx.db
    .query("sessions")
    .withIndex(SORT_INDEX[sortBy], (q) => q.eq("userId", user._id))
    .order(order);
  const sessions: Session[] = [];
  const budget = { ...INDEX_BUDGET };
  for await (const session of rows) {
    spend(budget, session);
    if (matchesFilter(session, filter)) sessions.push(session);
    if (sessions.length >= limit) return { sessions, hasEnough: true, isComplete: false };
    if (!hasRoom(budget)) return { sessions, hasEnough: false, isComplete: false };
  }
  return { sessions, hasEnough: true, isComplete: true };
}

/** Reads the sessions of these ranges of days that match. */
async function readByDays(
  ctx: QueryCtx,
  user: User,
  dayRanges: readonly DayRange[],
  filter: Filter,
): Promise<{ sessions: Session[]; isComplete: boolean }> {
  const budget = { ...DAYS_BUDGET };
  const read: Session[] = [];
  for (const { from, to } of dayRanges) {
    if (!hasRoom(budget)) break;
    const rows = ownSessions(ctx, user, filter.source, { kind: "before", from, before: to });
    read.push(...(await takeWithin(rows, budget)));
  }
  const sessions = read.filter((session) => matchesFilter(session, filter));
  return { sessions, isComplete: hasRoom(budget) };
}

/** Sorts like the index: rows without a value come before all values, ties are in order of creation. */
function comparatorOf({ sortBy, order }: Order): (a: Session, b: Session) => number {
  const sign = order === "asc" ? 1 : -1;
  const sortValue = (session: Session) => session[sortBy] ?? -1;
  return (a, b) => sign * (sortValue(a) - sortValue(b) || a._creationTime - b._creationTime);
}

/** The filter with its names shortened as the ledger shortens them. */
function ledgerFilter(filter: Filter): Filter {
  const names = Object.entries(filter).filter(([, name]) => name !== undefined);
  return Object.fromEntries(names.map(([key, name]) => [key, grainName(name)]));
}

/** Consecutive days, as a half-open range of `createdAt`. */
type DayRange = { from: number; to: number };

/**
 * Returns the days on which matching sessions may have started, newest first. Only source and project
 * narrow the days, because a session may get its model and provider on a later day. A day with an
 * `(other)` row may contain any session. The project filter may be a path, which the ledger has only for
 * sessions without a project name; in that case all other days of the source follow.
 */
function likelyDayRanges(ledger: readonly Day[], filter: Filter): DayRange[] {
  const { project, source } = ledgerFilter(filter);
  const holding = (names: Filter) =>
    ledger.filter(
      ({ rows }) =>
        rowsMatching(rows, names).length > 0 || rows.some((row) => row.source === OTHER),
    );
  const likely = holding({ project, source });
  const isPath = project !== undefined && (likely.length === 0 || /[\\/]/.test(project));
  const known = new Set(likely);
  const others = isPath ? holding({ source }).filter((day) => !known.has(day)) : [];
  return [...mergeDays(likely), ...mergeDays(others)].slice(0, DAY_RANGES_MAX);
}

/** Merges consecutive days (newest first) into ranges. */
function mergeDays(days: readonly Day[]): DayRange[] {
  const dayRanges: DayRange[] = [];
  for (const { date } of days) {
    const from = dayStart(date);
    const last = dayRanges[dayRanges.length - 1];
    if (last?.from === from + DAY_MS) last.from = from;
    else dayRanges.push({ from, to: from + DAY_MS });
  }
  return dayRanges;
}
