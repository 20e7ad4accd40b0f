/** Slices of running time shorter than this are counted by the wall clock alone. */
const SHORT_SLICE_MS = 5;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Measures how long the JavaScript of one transaction runs. The engine pauses it while it answers an
 * asynchronous syscall, as Convex does; synchronous ones count as the function's own time.
 *
 * Convex counts the wall clock while a function runs. On a machine that others use at the same time
 * that would measure them as well, so a long slice counts no more than the CPU this process used.
 */
export class UserClock {
  #ms = 0;
  #since: number | null = null;
  #cpuMs: number | null;
  #isWatched = false;

  /** Looking at the CPU takes a few microseconds: not worth it where nothing fails by this clock. */
  constructor(looksAtCpu: boolean) {
    this.#cpuMs = looksAtCpu ? cpuMs() : null;
  }

  /** Milliseconds so far. */
  get ms(): number {
    return this.#since === null ? this.#ms : this.#ms + this.#slice(this.#since);
  }

  /** Count from now on: the function's JavaScript runs, or runs again. */
  resume(): void {
    if (this.#since !== null) return;
    this.#since = performance.now();
    if (this.#isWatched) return;
    this.#isWatched = true;
    // Runs when the microtask queue is empty: then nothing of the function runs until the next syscall answers.
    process.nextTick(() => {
      this.#isWatched = false;
      this.pause();
    });
  }

  /** Stop counting: the engine works, or nothing of the function runs. */
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

/** Convex's own words; a function that catches this fails all the same. */
export class UserTimeoutError extends Error {
  override name = "UserTimeoutError";

  constructor(limitMs: number) {
    super(`Function execution timed out (maximum duration: ${limitMs / 1000}s)`);
  }
}
