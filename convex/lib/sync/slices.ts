/** What storing something takes: index ranges and writes counted alike, and bytes. */
export type Load = { operations: number; bytes: number };

/**
 * What a session, or a message without rows in `parts`, may take: its session found, marked and given a
 * refresh, itself found and written.
 */
export const ITEM_OPERATIONS = 6;

/** Whether one more fits beside what there is. */
export function fits(spent: Load, more: Load, max: Load): boolean {
  return (
    spent.operations + more.operations <= max.operations && spent.bytes + more.bytes <= max.bytes
  );
}

/** Both together. */
export function added(a: Load, b: Load): Load {
  return { operations: a.operations + b.operations, bytes: a.bytes + b.bytes };
}

export const NO_LOAD: Load = { operations: 0, bytes: 0 };
