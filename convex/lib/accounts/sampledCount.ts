/** Requests counted one by one before sampling starts. */
const EXACT = 32;

/**
 * The number of requests that the next written one stands for. Up to `EXACT`, each request is
 * written; then one in `weight` is written, by chance, and adds `weight`. The count stays right on
 * average, and n requests write about EXACT · log2(n / EXACT) times.
 */
export function sampleWeight(count: number): number {
  return count < EXACT ? 1 : 2 ** Math.floor(Math.log2(count / EXACT) + 1);
}
