import type { Job } from "./jobs.ts";

/** The first pause; each doubles, up to the longest pause of a deployment's scheduler. */
const FIRST_MS = 500;
const MAX_MS = 60_000;

/** Returns how long to wait after this many failures in a row. */
export function pauseAfter(failures: number): number {
  return Math.min(FIRST_MS * 2 ** (failures - 1), MAX_MS);
}

/**
 * Jobs that could not run or be recorded through no fault of their function, such as a full disk: they run again
 * after growing pauses. Kept in memory, because the disk may refuse to store it; a restart tries at once.
 */
export class Retries {
  readonly #byJob = new Map<string, { failures: number; notBefore: number }>();

  /** Number of jobs that wait for another attempt. */
  get size(): number {
    return this.#byJob.size;
  }

  postpone(job: Job, now: number): void {
    const failures = (this.#byJob.get(job.id)?.failures ?? 0) + 1;
    this.#byJob.set(job.id, { failures, notBefore: now + pauseAfter(failures) });
  }

  forget(id: string): void {
    this.#byJob.delete(id);
  }

  /** Forgets jobs that were canceled meanwhile. */
  keepOnly(isWaiting: (id: string) => boolean): void {
    for (const id of this.#byJob.keys()) if (!isWaiting(id)) this.#byJob.delete(id);
  }

  /** Returns when a job may run: when it is due, or later if it is postponed. */
  timeOf(job: Job): number {
    return Math.max(job.due, this.#byJob.get(job.id)?.notBefore ?? 0);
  }
}
