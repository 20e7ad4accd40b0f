import type { IndexRange } from "convex/server";
import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";

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

/** Yields sessions newest first, beginning at a start: those with the same time first, then earlier ones. */
export async function* newestFirst(
  sessionsIn: (range: CreatedAtRange) => AsyncIterable<Doc<"sessions">>,
  { from = -Infinity, to = Infinity }: Bounds,
  start: Start | null,
): AsyncGenerator<Doc<"sessions">> {
  if (start === null) {
    yield* sessionsIn({ kind: "between", from, to });
    return;
  }
  yield* sessionsIn({ kind: "tied", ...start });
  yield* sessionsIn({ kind: "before", from, before: start.createdAt });
}
