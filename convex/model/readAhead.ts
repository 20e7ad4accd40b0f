import type { QueryCtx } from "../_generated/server";
import type { ReadBudget } from "./readBudget";

/**
 * Reads many rows in one operation. A function that iterates a query asks the database for each row, which takes it
 * longer than to use the row.
 */

/** A query, as the database makes it. */
interface Query<Row> extends AsyncIterable<Row> {
  collect(): Promise<Row[]>;
  paginate(options: {
    numItems: number;
    cursor: null;
    maximumBytesRead?: number;
  }): Promise<{ page: Row[]; isDone: boolean }>;
}

/** What a function reads ahead: rows, and bytes if they may be many. */
export type Ahead = Readonly<Pick<ReadBudget, "rows"> & Partial<ReadBudget>>;

/** The databases of functions that have read ahead, because Convex allows each function one `paginate`. */
const used = new WeakSet<QueryCtx["db"]>();

/**
 * Reads the first rows of a query up to the bounds; `isDone` if these are all. Returns null, and reads nothing, if the
 * function has read ahead before.
 */
async function readAhead<Row>(
  { db }: Pick<QueryCtx, "db">,
  query: Query<Row>,
  { rows: numItems, bytes: maximumBytesRead }: Ahead,
): Promise<{ rows: Row[]; isDone: boolean } | null> {
  if (used.has(db)) return null;
  used.add(db);
  const { page, isDone } = await query.paginate({ numItems, cursor: null, maximumBytesRead });
  return { rows: page, isDone };
}

/** Fewer rows are read as fast one at a time. */
const FEW = 4;

/** Reads all rows of a query, of which there should be `expected`. `query` makes it. */
export async function readAll<Row>(
  ctx: Pick<QueryCtx, "db">,
  query: () => Query<Row>,
  expected: number,
): Promise<Row[]> {
  // One row more, because a full page does not tell whether rows follow.
  const ahead = expected < FEW ? null : await readAhead(ctx, query(), { rows: expected + 1 });
  return ahead?.isDone ? ahead.rows : await query().collect();
}

/**
 * Yields the rows of a query in groups: those up to the bounds as one, then each by itself. `after` gives the rows
 * that follow one.
 */
export async function* inGroups<Row>(
  ctx: Pick<QueryCtx, "db">,
  query: Query<Row>,
  bounds: Ahead,
  after: (last: Row) => AsyncIterable<Row>,
): AsyncGenerator<readonly Row[], void> {
  const ahead = await readAhead(ctx, query, bounds);
  if (ahead === null) {
    for await (const row of query) yield [row];
    return;
  }
  yield ahead.rows;
  const last = ahead.rows[ahead.rows.length - 1];
  if (ahead.isDone || last === undefined) return;
  for await (const row of after(last)) yield [row];
}
