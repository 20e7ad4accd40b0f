/** Intervals shorter than this are measured only by the wall clock. */
const SHORT_SLICE_MS = 5;

/** How old a shared reading may be. A long interval may be measured too long by as much. */
const READING_MAX_AGE_MS = 5;

/** The last reading of this process's CPU time. Transactions that follow each other closely share it. */
const last = { cpuMs: 0, at: -Infinity };

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  last.cpuMs = (user + system) / 1000;
  last.at = performance.now();
  return last.cpuMs;
}

const recentCpuMs = () => (performance.now() - last.at < READING_MAX_AGE_MS ? last.cpuMs : cpuMs());

/**
 * Measures how long the JavaScript of one transaction runs. The engine pauses it while it answers an
 * asynchronous syscall, as Convex does; synchronous ones count as the function's own time.
 *
 * Convex counts wall-clock time while a function runs. On a shared machine that would include other
 * processes, so a long interval counts at most the CPU time that this process used.
 */
export class UserClock {
  #ms = 0;
  #since: number | null = null;
  #cpuMs: number | null;
  #isWatched = false;

  /** Skips the CPU time if no limit is enforced, because reading it takes tens of microseconds with many threads. */
  constructor(looksAtCpu: boolean) {
    this.#cpuMs = looksAtCpu ? recentCpuMs() : null;
  }

  /** Milliseconds so far. */
  get ms(): number {
    return this.#since === null ? this.#ms : this.#ms + this.#slice(this.#since);
  }

  /** Starts counting, because the function's JavaScript runs. */
  resume(): void {
    if (this.#since !== null) return;
    this.#since = performance.now();
    if (this.#isWatched) return;
    this.#isWatched = true;
    // When the microtask queue is empty, the function does not run until the next syscall returns.
    process.nextTick(() => {
      this.#isWatched = false;
      this.pause();
    });
  }

  /** Stops counting, because the engine works or the function waits. */
  pause(): void {
    if (this.#since === null) return;
    const slice = this.#slice(this.#since);
    this.#since = null;
    this.#ms += slice;
    if (slice > SHORT_SLICE_MS && this.#cpuMs !== null) this.#cpuMs = cpuMs();
  }

  #slice(since: number): number {
    const wall = performance.now() - since;
    if (wall <= SHORT_SLICE_MS || this.#cpuMs === null) return wall;
    return Math.min(wall, cpuMs() - this.#cpuMs);
  }
}

/** Has Convex's message; a function that catches this error still fails. */
export class UserTimeoutError extends Error {
  override name = "UserTimeoutError";

  constructor(limitMs: number) {
    super(`Function execution timed out (maximum duration: ${limitMs / 1000}s)`);
  }
}
