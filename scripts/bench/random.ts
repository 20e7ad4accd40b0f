/**
 * Deterministic random numbers, so that trials and benches can be repeated by their seed.
 */

/** 2³¹ − 1, a prime. With this factor, the sequence contains every number below it before it repeats. */
const MODULUS = 2_147_483_647;
const FACTOR = 48_271;

/** Creates a generator of whole numbers below a bound given with each call (Lehmer's generator). */
export function wholeNumbers(seed: number): (below: number) => number {
  let state = (seed % (MODULUS - 1)) + 1;
  return (below) => {
    state = (state * FACTOR) % MODULUS;
    return state % below;
  };
}

/** Creates a generator of numbers from 0 (included) to 1 (excluded). Adjacent seeds give unrelated sequences. */
export function seeded(seed: number): () => number {
  const next = wholeNumbers((seed + 1) * 7_919);
  return () => next(MODULUS) / MODULUS;
}

/** Returns a random item of a list, which must not be empty. */
export function oneOf<T>(list: readonly T[], random: () => number): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error("There is nothing to choose from");
  return one;
}
