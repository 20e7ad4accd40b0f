import { wholeNumbers } from "../bench/random.ts";

/** The items in an order that a seed decides. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const next = wholeNumbers(seed + 1);
  const keyed = items.map((item) => ({ item, key: next(1_000_000_007) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
