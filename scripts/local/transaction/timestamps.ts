import type { Statements } from "../store/database.ts";

/** How far ahead a reservation reaches. It costs one write a minute, and a restart may skip up to a minute. */
const RESERVE_NS = 60_000_000_000n;

/**
 * Gives out commit timestamps, in nanoseconds since 1970. They strictly increase, even across restarts and when
 * the machine's clock is set back, because clients remember the highest one they saw. The data file holds a
 * reservation: no timestamp above it has been used.
 */
export class Timestamps {
  readonly #sql: Statements;
  #latest: bigint;
  #reserved: bigint;

  constructor(sql: Statements) {
    this.#sql = sql;
    const row = sql.one<{ value: string }>("SELECT value FROM meta WHERE name = 'timestamp'");
    this.#reserved = BigInt(row?.value ?? 0);
    this.#latest = this.#reserved;
  }

  /** The timestamp of the latest commit; after a restart, possibly a later one. */
  get latest(): bigint {
    return this.#latest;
  }

  /** Returns the timestamp of the next commit; `now` is in milliseconds. */
  next(now: number): bigint {
    const time = BigInt(Math.floor(now)) * 1_000_000n;
    return time > this.#latest ? time : this.#latest + 1n;
  }

  /** Extends the reservation in the file if needed. Call it inside the timestamp's transaction. */
  reserve(timestamp: bigint): void {
    if (timestamp <= this.#reserved) return;
    const reserved = timestamp + RESERVE_NS;
    this.#sql.run(
      "INSERT OR REPLACE INTO meta (name, value) VALUES ('timestamp', ?)",
      String(reserved),
    );
    this.#reserved = reserved;
  }

  /** A transaction was rolled back, possibly one that made a reservation: the next one makes another. */
  lost(): void {
    this.#reserved = 0n;
  }

  /** Records that the transaction with this timestamp ended well. */
  committed(timestamp: bigint): void {
    this.#latest = timestamp;
  }
}
