import { pause } from "./pause";

/**
 * Retries work that fails for a temporary reason: a conflict that outlived Convex's own retries, or
 * more writes than the deployment accepts per second. Convex retries for less than a second, and a
 * plugin never resends, so the action that holds the data keeps trying for some seconds.
 */

/** Attempts in total. With the waits below, the last one starts 4 to 8 seconds after the first. */
const TRIES = 6;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;

/**
 * Runs `work`, and retries after a growing wait while it fails with an error that `isPassing`
 * accepts.
 */
export async function retrying<T>(
  work: () => Promise<T>,
  isPassing: (error: unknown) => boolean,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === TRIES || !isPassing(error)) throw error;
      await pause.forMs(waitMs(attempt, Math.random()));
    }
  }
}

/**
 * The wait after an attempt (1, 2, …). It doubles; half of it is random, so that parallel requests
 * spread.
 */
export function waitMs(attempt: number, random: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return Math.round((longest * (1 + random)) / 2);
}
