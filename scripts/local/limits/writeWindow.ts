import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../clock.ts";

const WINDOW_MS = 1000;

/** The platform's retries: their number, and the first maximum delay; it doubles, and each delay is a random part of it. */
const RETRIES = 4;
const FIRST_DELAY_MS = 100;

/** More bytes were written in the last second than a deployment of this class allows. */
export class TooManyWritesError extends Error {
  override name = "TooManyWritesError";

  constructor(bytesPerSecond: number) {
    super(
      `TooManyWrites: Too many bytes written per second. This deployment takes ${bytesPerSecond} bytes a second: spread writes out over time, or write less.`,
    );
  }
}

/**
 * The bytes written by all mutations in the last second, including index entries. A deployment checks them
 * before each mutation starts: a mutation that starts within the limit may exceed it, and the next is refused.
 */
export class WriteWindow {
  readonly #limit: number;
  readonly #clock: Clock;
  #writes: { at: number; bytes: number }[] = [];
  #bytes = 0;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#clock = clock;
    this.#limit = bytesPerSecond;
  }

  /** Throws if no mutation may start now. */
  assertOpen(): void {
    this.#forget(this.#clock.elapsed());
    if (this.#bytes > this.#limit) throw new TooManyWritesError(this.#limit);
  }

  record(bytes: number): void {
    if (bytes === 0) return;
    const now = this.#clock.elapsed();
    this.#forget(now);
    this.#writes.push({ at: now, bytes });
    this.#bytes += bytes;
  }

  #forget(now: number): void {
    const kept = this.#writes.findIndex(({ at }) => at > now - WINDOW_MS);
    const gone = this.#writes.splice(0, kept === -1 ? this.#writes.length : kept);
    for (const { bytes } of gone) this.#bytes -= bytes;
  }
}

/**
 * Runs a mutation as the platform does: if the write window is full, it is retried four times with full
 * jitter (about 0.75 s in total); then the caller gets the error.
 */
export async function withWriteRetries<T>(mutation: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await mutation();
    } catch (error) {
      if (!(error instanceof TooManyWritesError) || retry === RETRIES) throw error;
      await pause(Math.random() * FIRST_DELAY_MS * 2 ** retry);
    }
  }
}
