import { type Value, valueSize } from "../lib/valueSize";

/** Rows and bytes that a query, or one step of a long job, may still read. Reading ends when either is used up. */
export type ReadBudget = { rows: number; bytes: number };

/** One step stays far below every limit of a transaction (16,000 writes, 16 MiB, 1 s), and is quick to retry. */
const STEP_ROWS = 500;
const STEP_BYTES = 4 * 1024 * 1024;

export function stepBudget(): ReadBudget {
  return { rows: STEP_ROWS, bytes: STEP_BYTES };
}

/** Deducts a row from the budget. */
export function spend(budget: ReadBudget, row: object): void {
  deduct(budget, { rows: 1, bytes: valueSize(row as Value) });
}

/** Deducts a read whose cost is known. */
export function deduct(budget: ReadBudget, cost: Readonly<ReadBudget>): void {
  budget.rows -= cost.rows;
  budget.bytes -= cost.bytes;
}

/** Whether the budget allows another read. */
export function hasRoom(budget: Readonly<ReadBudget>): boolean {
  return budget.rows > 0 && budget.bytes > 0;
}

/** Whether the budget covers a read whose cost is known. */
export function covers(budget: Readonly<ReadBudget>, cost: Readonly<ReadBudget>): boolean {
  return cost.rows <= budget.rows && cost.bytes <= budget.bytes;
}

/** Reads with a share of the budget, at most `share`, and deducts what was used of it. */
export async function withShare<Result>(
  budget: ReadBudget,
  share: Partial<ReadBudget>,
  read: (own: ReadBudget) => Promise<Result>,
): Promise<Result> {
  const given: Readonly<ReadBudget> = {
    rows: Math.min(budget.rows, share.rows ?? Infinity),
    bytes: Math.min(budget.bytes, share.bytes ?? Infinity),
  };
  const own = { ...given };
  const result = await read(own);
  deduct(budget, { rows: given.rows - own.rows, bytes: given.bytes - own.bytes });
  return result;
}

/**
 * Reads the first rows of a query, as many as the budget allows, and deducts them. Counts bytes too, because
 * rows differ in size by a factor of a thousand (a log line, half a megabyte of tool output). If the budget
 * has room afterwards, these were all rows.
 */
export async function takeWithin<Row extends object>(
  rows: AsyncIterable<Row>,
  budget: ReadBudget,
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
 * Reads the first rows of a query within the bounds, and tells whether these are all. It requests one row
 * more, so that remaining room means that there are no more rows.
 */
export async function firstWithin<Row extends object>(
  rows: AsyncIterable<Row>,
  bounds: Readonly<ReadBudget>,
): Promise<{ rows: Row[]; isComplete: boolean }> {
  const budget = { ...bounds, rows: bounds.rows + 1 };
  const taken = await takeWithin(rows, budget);
  return { rows: taken.slice(0, bounds.rows), isComplete: hasRoom(budget) };
}
