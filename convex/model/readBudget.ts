import { getConvexSize, type Value } from "convex/values";

/** What a list, or one step of a long job, may still read; it ends when either is used up. */
export type Budget = { rows: number; bytes: number };

/** A step far from every limit of a transaction (16,000 writes, 16 MiB, 1 s), and quick to retry. */
const STEP_ROWS = 500;
const STEP_BYTES = 4 * 1024 * 1024;

export function stepBudget(): Budget {
  return { rows: STEP_ROWS, bytes: STEP_BYTES };
}

/** Takes a row that was read off the budget. */
export function spend(budget: Budget, row: object): void {
  budget.rows -= 1;
  budget.bytes -= getConvexSize(row as Value);
}

/** Whether a step may go on. */
export function hasRoom(budget: Budget): boolean {
  return budget.rows > 0 && budget.bytes > 0;
}

/**
 * The first rows of a query, as many as the budget allows; takes them off the budget. Rows differ in
 * size by a factor of a thousand (a log line, half a megabyte of tool output), so that a count alone
 * bounds nothing. While the budget has room afterwards, these were all rows.
 */
export async function takeWithin<Row extends object>(
  rows: AsyncIterable<Row>,
  budget: Budget,
): Promise<Row[]> {
  const taken: Row[] = [];
  if (!hasRoom(budget)) return taken;
  for await (const row of rows) {
    taken.push(row);
    spend(budget, row);
    if (!hasRoom(budget)) break;
  }
  return taken;
}

/**
 * The first rows of a query within the bounds, and whether these are all: one row more is asked for, so
 * that room left means that there are no more.
 */
export async function firstWithin<Row extends object>(
  rows: AsyncIterable<Row>,
  bounds: Readonly<Budget>,
): Promise<{ rows: Row[]; isComplete: boolean }> {
  const budget = { ...bounds, rows: bounds.rows + 1 };
  const taken = await takeWithin(rows, budget);
  return { rows: taken.slice(0, bounds.rows), isComplete: hasRoom(budget) };
}
