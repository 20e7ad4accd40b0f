import type { IndexRange } from "convex/server";
import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { matchesFilter } from "../../lib/sessions/filter";
import { CLOCK_SKEW_MS } from "../../lib/sync/sourceTime";
import type { User } from "../accounts/user";
import { hasRoom, type ReadBudget, takeWithin } from "../readBudget";

/** Reads sessions by source time (`createdAt`), newest first, from any index that ends with it. */

/** A position in that order. Sessions with the same time are in order of creation. */
export type Position = { createdAt: number; creationTime: number };

/** Where a list starts: at a position, or after it. */
export type Start = Position & { isIncluded: boolean };

type Bounds = { from?: number; to?: number };

/** A range of an index that ends with `createdAt`. */
export type CreatedAtRange =
  | { kind: "between"; from: number; to: number }
  | { kind: "before"; from: number; before: number }
  | ({ kind: "tied" } & Start);

/** An index builder whose next field is `createdAt`. */
interface CreatedAtBuilder {
  eq(
    field: "createdAt",
    value: number,
  ): {
    lt(field: "_creationTime", value: number): IndexRange;
    lte(field: "_creationTime", value: number): IndexRange;
  };
  gte(
    field: "createdAt",
    value: number,
  ): {
    lt(field: "createdAt", value: number): IndexRange;
    lte(field: "createdAt", value: number): IndexRange;
  };
}

/** Narrows an index to a range of `createdAt`. */
export function within(index: CreatedAtBuilder, range: CreatedAtRange): IndexRange {
  switch (range.kind) {
    case "between":
      return index.gte("createdAt", range.from).lte("createdAt", range.to);
    case "before":
      return index.gte("createdAt", range.from).lt("createdAt", range.before);
    case "tied": {
      const moment = index.eq("createdAt", range.createdAt);
      const { creationTime } = range;
      return range.isIncluded
        ? moment.lte("_creationTime", creationTime)
        : moment.lt("_creationTime", creationTime);
    }
  }
}

/** The user's sessions of a range, of one source or of all, newest first. */
export function ownSessions(
  ctx: QueryCtx,
  user: User,
  source: string | undefined,
  range: CreatedAtRange,
) {
  const sessions = ctx.db.query("sessions");
  const own =
    source === undefined
      ? sessions.withIndex("by_user_and_created_at", (q) => within(q.eq("userId", user._id), range))
      : sessions.withIndex("by_user_and_source", (q) =>
          within(q.eq("userId", user._id).eq("source", source), range),
        );
  return own.order("desc");
}

/** Sessions read to find the oldest that was active since a time: a thousand of the usual 1.5 kB. */
const ACTIVE_BUDGET: Readonly<ReadBudget> = { rows: 1_000, bytes: 2 * 1024 * 1024 };

/**
 * Returns the bounds of `createdAt` between which all sessions began that were active between `from` and `to`: a
 * session may have begun long before `from`. The server stored its latest message at `from` or later, at most a
 * clock skew before, so that few sessions are read. If they are too many, as after an import, there is no lower bound.
 */
export async function startsOfActive(
  ctx: QueryCtx,
  user: User,
  { from, to }: Bounds,
): Promise<Bounds> {
  if (from === undefined) return { to };
  const budget = { ...ACTIVE_BUDGET };
  const changed = ctx.db
    .query("sessions")
    .withIndex("by_user_and_updated_at", (q) =>
      q.eq("userId", user._id).gte("updatedAt", from - CLOCK_SKEW_MS),
    );
  const read = await takeWithin(changed, budget);
  if (!hasRoom(budget)) return { to };
  const starts = read.filter((session) => matchesFilter(session, { from }));
  return { from: Math.min(from, ...starts.map(({ createdAt }) => createdAt)), to };
}

type Sessions = AsyncIterable<Doc<"sessions">>;

/** Returns sessions newest first, beginning at a start: those with the same time first, then earlier ones. */
export function newestFirst(
  sessionsIn: (range: CreatedAtRange) => Sessions,
  { from = -Infinity, to = Infinity }: Bounds,
  start: Start | null,
): Sessions {
  if (start === null) return sessionsIn({ kind: "between", from, to });
  const earlier = { kind: "before", from, before: start.createdAt } as const;
  return joined([sessionsIn({ kind: "tied", ...start }), sessionsIn(earlier)]);
}

async function* joined(all: readonly Sessions[]): Sessions {
  for (const sessions of all) yield* sessions;
}
