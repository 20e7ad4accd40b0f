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

/** The dashboard's list of sessions: filtered, in any of its orders, cut. */

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

/** The filters that the ledger of days knows too. */
type Filter = Pick<SessionFilter, "source" | "model" | "project" | "provider">;
type Order = { sortBy: SortKey; order: "asc" | "desc" };

/**
 * What each of the two ways reads; with the ledger's 8 MiB it stays under the 16 MiB of a query. More
 * than 1,000 stretches of days would come near the number of ranges that a query may read.
 */
const IN_ORDER = { rows: 400, bytes: 3 * 1024 * 1024 };
const BY_DAYS = { rows: 4_000, bytes: 4 * 1024 * 1024 };
const STRETCHES_MAX = 1_000;

/**
 * The user's sessions that match, in the order asked for, cut at `limit`; `total` counts all that
 * match. First the order's own index is followed: where many match, enough are found soon. Where they
 * are not, the ledger says on which days there are matches, and the sessions of those days are read,
 * newest first. With more than one answer can read, the list holds those that were, and `total` says
 * what the ledger counts.
 */
export async function inOrder(
  ctx: QueryCtx,
  user: User,
  { limit, filter, ...order }: Order & { limit: number; filter: Filter },
): Promise<{ sessions: Session[]; total: number }> {
  const { days: ledger, rows } = await statistics(ctx, user, {});
  const first = await alongIndex(ctx, user, { limit, filter, ...order });
  const found = new Map(first.sessions.map((session) => [session._id, session]));
  let isComplete = first.isComplete;
  if (!first.isEnough) {
    const further = await onDays(ctx, user, stretchesOf(ledger, filter), filter);
    for (const session of further.sessions) found.set(session._id, session);
    isComplete = further.isComplete;
  }
  const sessions = Array.from(found.values()).sort(comparing(order));
  // The ledger counts a session under one model, and does not know every project by its path.
  const counted = rowsMatching(rows, grainOf(filter)).reduce((sum, row) => sum + row.sessions, 0);
  const total = isComplete ? sessions.length : Math.max(counted, sessions.length);
  return { sessions: sessions.slice(0, limit), total };
}

/** The first matches in the order asked for; enough are all that are wanted, or all there are. */
async function alongIndex(
  ctx: QueryCtx,
  user: User,
  { sortBy, order, limit, filter }: Order & { limit: number; filter: Filter },
): Promise<{ sessions: Session[]; isEnough: boolean; isComplete: boolean }> {
  const rows = ctx.db
    .query("sessions")
    .withIndex(SORT_INDEX[sortBy], (q) => q.eq("userId", user._id))
    .order(order);
  const sessions: Session[] = [];
  const budget = { ...IN_ORDER };
  for await (const session of rows) {
    spend(budget, session);
    if (matchesFilter(session, filter)) sessions.push(session);
    if (sessions.length >= limit) return { sessions, isEnough: true, isComplete: false };
    if (!hasRoom(budget)) return { sessions, isEnough: false, isComplete: false };
  }
  return { sessions, isEnough: true, isComplete: true };
}

/** Those of the sessions of some stretches of days that match. */
async function onDays(
  ctx: QueryCtx,
  user: User,
  stretches: readonly Stretch[],
  filter: Filter,
): Promise<{ sessions: Session[]; isComplete: boolean }> {
  const budget = { ...BY_DAYS };
  const found: Session[] = [];
  for (const { from, to } of stretches) {
    if (!hasRoom(budget)) break;
    const rows = ownSessions(ctx, user, filter.source, { kind: "before", from, before: to });
    found.push(...(await takeWithin(rows, budget)));
  }
  const sessions = found.filter((session) => matchesFilter(session, filter));
  return { sessions, isComplete: hasRoom(budget) };
}

/** The order of the index: what has no number comes before all that have one, ties by creation. */
function comparing({ sortBy, order }: Order): (a: Session, b: Session) => number {
  const sign = order === "asc" ? 1 : -1;
  const place = (session: Session) => session[sortBy] ?? -1;
  return (a, b) => sign * (place(a) - place(b) || a._creationTime - b._creationTime);
}

/** The filter in the ledger's names, which are shorter than a session's may be. */
function grainOf(filter: Filter): Filter {
  const names = Object.entries(filter).filter(([, name]) => name !== undefined);
  return Object.fromEntries(names.map(([key, name]) => [key, grainName(name)]));
}

/** Consecutive days, as a range of `createdAt` without its end. */
type Stretch = { from: number; to: number };

/**
 * The days on which matches may have begun, newest first. A session may take up its model and provider
 * on a later day, so that only source and project tell. A day too full to tell its sessions apart may
 * hold any. A project may be meant by its path, which the ledger keeps only of sessions without a name:
 * where it may be, all other days that match else come behind.
 */
function stretchesOf(ledger: readonly Day[], filter: Filter): Stretch[] {
  const { project, source } = grainOf(filter);
  const holding = (names: Filter) =>
    ledger.filter(
      ({ rows }) =>
        rowsMatching(rows, names).length > 0 || rows.some((row) => row.source === OTHER),
    );
  const likely = holding({ project, source });
  const isPath = project !== undefined && (likely.length === 0 || /[\\/]/.test(project));
  const known = new Set(likely);
  const others = isPath ? holding({ source }).filter((day) => !known.has(day)) : [];
  return [...joined(likely), ...joined(others)].slice(0, STRETCHES_MAX);
}

/** Days, newest first, consecutive ones as one stretch. */
function joined(days: readonly Day[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { date } of days) {
    const from = dayStart(date);
    const last = stretches[stretches.length - 1];
    if (last?.from === from + DAY_MS) last.from = from;
    else stretches.push({ from, to: from + DAY_MS });
  }
  return stretches;
}
