/**
 * The time of one engine, for its functions, jobs and limits. It is the machine's time, unless a test lets it
 * skip: then `settle` moves it forward to the next job, instead of waiting. A cron that came due meanwhile runs
 * once, as on a machine that slept. With a time to start at, it stands still between the skips, so that what is
 * due when does not depend on how fast the machine is.
 */
export class Clock {
  readonly #aheadMs: Float64Array;
  #onSkip: () => void = () => undefined;

  /** `shared` is the memory of a clock in another thread, which this one follows. */
  constructor(
    readonly skips = false,
    readonly startsAt: number | null = null,
    readonly shared = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT),
  ) {
    this.#aheadMs = new Float64Array(shared);
  }

  get #ahead(): number {
    return this.#aheadMs[0] ?? 0;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return (this.startsAt ?? Date.now()) + this.#ahead;
  }

  /** Milliseconds since the process started, for intervals. */
  elapsed(): number {
    return performance.now() + this.#ahead;
  }

  /** Moves forward to a time; does nothing if it has passed, because time never goes back. */
  skipTo(time: number): void {
    this.#aheadMs[0] = this.#ahead + Math.max(0, Math.ceil(time - this.now()));
    this.#onSkip();
  }

  /** Sets what follows a skip: the scheduler looks for what has become due. */
  onSkip(look: () => void): void {
    this.#onSkip = look;
  }
}
