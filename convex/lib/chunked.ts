/**
 * Cuts a list into runs of at most `maxItems` and `maxBytes`, in order; an item larger than
 * `maxBytes` is a run by itself. An empty list is one empty run.
 */
export function chunked<T extends { bytes: number }>(
  items: readonly T[],
  { maxItems, maxBytes }: { maxItems: number; maxBytes: number },
): T[][] {
  const runs: T[][] = [[]];
  let run: T[] = runs[0] ?? [];
  let bytes = 0;
  for (const item of items) {
    if (run.length > 0 && (run.length >= maxItems || bytes + item.bytes > maxBytes)) {
      run = [];
      runs.push(run);
      bytes = 0;
    }
    run.push(item);
    bytes += item.bytes;
  }
  return runs;
}
