/**
 * Chance that is the same on every run: trials and benches that make things up can be repeated by their
 * seed.
 */

/** 2³¹ − 1, a prime: with this factor, every number below it comes once before the first comes again. */
const MODULUS = 2_147_483_647;
const FACTOR = 48_271;

/** Whole numbers below the bound that is asked for each time (Lehmer's generator). */
export function wholeNumbers(seed: number): (below: number) => number {
  let state = (seed % (MODULUS - 1)) + 1;
  return (below) => {
    state = (state * FACTOR) % MODULUS;
    return state % below;
  };
}

/** Numbers from 0 to 1, 1 left out. Seeds that are neighbours begin far from each other. */
export function seeded(seed: number): () => number {
  const next = wholeNumbers((seed + 1) * 7_919);
  return () => next(MODULUS) / MODULUS;
}

/** One of a list, which must not be empty. */
export function oneOf<T>(list: readonly T[], random: () => number): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error("There is nothing to choose from");
  return one;
}
