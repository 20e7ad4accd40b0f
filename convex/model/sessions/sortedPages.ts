import type { IndexRange } from "convex/server";
import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { invalidField } from "../../errors";
import { readCursor, writeCursor } from "../../lib/cursor";
import type { SessionSort } from "../../lib/enums";
import { matchesFilter, type SessionFilter } from "../../lib/sessions/filter";
import type { User } from "../accounts/user";
import { hasRoom, spend } from "../readBudget";
import { LIST_BUDGET } from "./sessions";

/**
 * Pages of sessions by last change, tokens or cost, the largest first. Each order is an index that the
 * dashboard's lists need too. A filter is decided row by row, so a page reads at most `LIST_BUDGET` and
 * may be shorter than its limit; its cursor continues after the last row that was read.
 */

type Sort = Exclude<SessionSort, "created">;

/** The column of each order. */
const COLUMN = { updated: "updatedAt", tokens: "totalTokens", cost: "cost" } as const;
type Column = (typeof COLUMN)[Sort];

/** What follows a row in an order: the rows with the same value made before it, or those with a smaller one. */
type After =
  | { kind: "tied"; value: number | undefined; creationTime: number }
  | { kind: "below"; value: number };

/** An index builder whose next field is a column of numbers. */
interface Builder<C extends Column> extends IndexRange {
  eq(
    field: C,
    value: number | undefined,
  ): { lt(field: "_creationTime", value: number): IndexRange };
  lt(field: C, value: number): IndexRange;
}

function narrowed<C extends Column>(index: Builder<C>, column: C, after: After | null): IndexRange {
  if (after === null) return index;
  if (after.kind === "below") return index.lt(column, after.value);
  return index.eq(column, after.value).lt("_creationTime", after.creationTime);
}

function rowsOf(ctx: QueryCtx, { _id: userId }: User, sort: Sort, after: After | null) {
  const sessions = ctx.db.query("sessions");
  switch (sort) {
    case "updated":
      return sessions
        .withIndex("by_user_and_updated_at", (q) =>
          narrowed<"updatedAt">(q.eq("userId", userId) as Builder<"updatedAt">, "updatedAt", after),
        )
        .order("desc");
    case "tokens":
      return sessions
        .withIndex("by_user_and_total_tokens", (q) =>
          narrowed(q.eq("userId", userId), "totalTokens", after),
        )
        .order("desc");
    case "cost":
      return sessions
        .withIndex("by_user_and_cost", (q) => narrowed(q.eq("userId", userId), "cost", after))
        .order("desc");
  }
}

type Position = { value: number | undefined; creationTime: number };

async function* inOrder(ctx: QueryCtx, user: User, sort: Sort, start: Position | null) {
  if (start === null) {
    yield* rowsOf(ctx, user, sort, null);
    return;
  }
  yield* rowsOf(ctx, user, sort, { kind: "tied", ...start });
  // Rows without a value come last.
  if (start.value === undefined) return;
  yield* rowsOf(ctx, user, sort, { kind: "below", value: start.value });
}

/** A page of the user's sessions that match, the largest first; `cursor` is null at the end. */
export async function sortedPage(
  ctx: QueryCtx,
  user: User,
  {
    sort,
    limit,
    cursor,
    ...filter
  }: { sort: Sort; limit: number; cursor?: string } & SessionFilter,
): Promise<{ sessions: Doc<"sessions">[]; cursor: string | null }> {
  const start = cursor === undefined ? null : readPosition(sort, cursor);
  const sessions: Doc<"sessions">[] = [];
  const budget = { ...LIST_BUDGET };
  let last: Doc<"sessions"> | undefined;
  for await (const session of inOrder(ctx, user, sort, start)) {
    if (last && (sessions.length >= limit || !hasRoom(budget))) {
      return { sessions, cursor: writePosition(sort, last) };
    }
    spend(budget, session);
    if (matchesFilter(session, filter)) sessions.push(session);
    last = session;
  }
  return { sessions, cursor: null };
}

/** Stands for a missing value in cursors; no number of a session is negative. */
const MISSING = -1;

function writePosition(sort: Sort, session: Doc<"sessions">): string {
  return writeCursor([sort, session[COLUMN[sort]] ?? MISSING, session._creationTime]);
}

function readPosition(sort: Sort, cursor: string): Position {
  const [of, value, creationTime] = readCursor(cursor, ["string", "number", "number"]) ?? [];
  if (of === sort && value !== undefined && creationTime !== undefined) {
    return { value: value === MISSING ? undefined : value, creationTime };
  }
  throw invalidField("cursor", "is not a cursor of this list");
}
