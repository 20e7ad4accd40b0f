/** Requests that are counted one by one before sampling begins. */
const EXACT = 32;

/**
 * How many requests the next written one counts for. Up to `EXACT` each is written; then one in `weight`
 * is written, by chance, and adds `weight`. The count stays right on average, and a flood of n requests
 * writes about EXACT · log2(n / EXACT) times.
 */
export function sampleWeight(count: number): number {
  return count < EXACT ? 1 : 2 ** Math.floor(Math.log2(count / EXACT) + 1);
}
