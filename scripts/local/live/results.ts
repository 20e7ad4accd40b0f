import type { Statements } from "../store/database.ts";
import type { Clock } from "../clock.ts";
import { KEEP_RESULTS_MS } from "./bounds.ts";

/** Identifies a client's mutation: its session, and the number that the client gave the request. */
export interface RequestName {
  session: string;
  request: number;
}

/** The result of a mutation, as JSON, and the timestamp of its commit. */
export interface CommittedResult {
  result: string;
  timestamp: bigint;
}

/**
 * Stores the results of mutations that arrived over sockets. A client that lost its connection sends a mutation
 * again if it got no response. It then gets the stored result, and the mutation does not run twice. Results are
 * stored in the mutation's transaction, so this also holds after a crash. Failed mutations changed nothing, so
 * they run again.
 */
export class Results {
  readonly #sql: Statements;
  readonly #clock: Clock;
  /** Called after a deletion, inside its transaction. */
  onRemove: () => void = () => undefined;

  constructor(sql: Statements, clock: Clock) {
    this.#sql = sql;
    this.#clock = clock;
  }

  find({ session, request }: RequestName): CommittedResult | null {
    const row = this.#sql.one<{ timestamp: string; result: string }>(
      "SELECT timestamp, result FROM results WHERE session = ? AND request = ?",
      session,
      request,
    );
    return row === undefined ? null : { result: row.result, timestamp: BigInt(row.timestamp) };
  }

  /** Stores a result inside its mutation's transaction. */
  add({ session, request }: RequestName, { result, timestamp }: CommittedResult): void {
    this.#sql.run(
      "INSERT INTO results (session, request, at, timestamp, result) VALUES (?, ?, ?, ?, ?)",
      session,
      request,
      this.#clock.now(),
      String(timestamp),
      result,
    );
  }

  /** Deletes these results. Call it inside a transaction. */
  remove(names: readonly RequestName[]): void {
    for (const { session, request } of names)
      this.#sql.run("DELETE FROM results WHERE session = ? AND request = ?", session, request);
    this.onRemove();
  }

  /** Deletes old results, because they may contain data that has been deleted since. Call it inside a transaction. */
  prune(): void {
    this.#sql.run("DELETE FROM results WHERE at < ?", this.#clock.now() - KEEP_RESULTS_MS);
  }

  /** Whether there is something to prune. */
  hasOld(): boolean {
    const before = this.#clock.now() - KEEP_RESULTS_MS;
    return this.#sql.one("SELECT 1 FROM results WHERE at < ? LIMIT 1", before) !== undefined;
  }
}
