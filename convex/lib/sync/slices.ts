/** The cost of storing something: index ranges plus writes, and bytes. */
export type Load = { operations: number; bytes: number };

/**
 * Operations for a session, or for a message without rows in `parts`: finding and marking its
 * session, scheduling the refresh, finding and writing the item.
 */
export const ITEM_OPERATIONS = 6;

/** Whether `more` still fits into `max`. */
export function fits(spent: Load, more: Load, max: Load): boolean {
  return (
    spent.operations + more.operations <= max.operations && spent.bytes + more.bytes <= max.bytes
  );
}

/** The sum of two loads. */
export function added(a: Load, b: Load): Load {
  return { operations: a.operations + b.operations, bytes: a.bytes + b.bytes };
}

export const NO_LOAD: Load = { operations: 0, bytes: 0 };
