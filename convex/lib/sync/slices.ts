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

/**
 * Cuts a list into runs of at most `max`, in order; an item beyond that is a run by itself. An empty
 * list is one empty run.
 */
export function chunked<T extends Load>(items: readonly T[], max: Load): T[][] {
  const runs: T[][] = [[]];
  let run: T[] = runs[0] ?? [];
  let spent = NO_LOAD;
  for (const item of items) {
    if (run.length > 0 && !fits(spent, item, max)) {
      run = [];
      runs.push(run);
      spent = NO_LOAD;
    }
    run.push(item);
    spent = added(spent, item);
  }
  return runs;
}
