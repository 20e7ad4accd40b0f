import type { IndexRange } from "convex/server";
import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { invalidField } from "../../errors";
import { readCursor, writeCursor } from "../../lib/cursor";
import type { SessionSort } from "../../lib/enums";
import type { User } from "../accounts/user";
import { type ListOptions, type ListPage, pageOf } from "./listPages";

/**
 * Pages of sessions by last change, tokens or cost, the largest first. Each order is an index that the
 * dashboard's lists need too.
 */

type Sort = Exclude<SessionSort, "created">;

/** The column of each order. */
const COLUMN = { updated: "updatedAt", tokens: "totalTokens", cost: "cost" } as const;
type Column = (typeof COLUMN)[Sort];

/** A range that follows a row: rows with the same value that were created earlier, or rows with a smaller value. */
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

/** A page of the user's sessions that match, the largest first. */
export async function sortedPage(
  ctx: QueryCtx,
  user: User,
  { sort, cursor, ...options }: ListOptions & { sort: Sort },
): Promise<ListPage> {
  const start = cursor === undefined ? null : readPosition(sort, cursor);
  const rows = inOrder(ctx, user, sort, start);
  return await pageOf({ ctx, user }, rows, options, (last) => writePosition(sort, last));
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
