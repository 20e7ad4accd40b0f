import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Catalog } from "../store/catalog.ts";
import type { Statements } from "../store/database.ts";
import type { Durability } from "../store/durability.ts";
import { Commits } from "./commits.ts";
import { Timestamps } from "./timestamps.ts";
import { EndedError, type Observed, type Savepoint, Transaction } from "./transaction.ts";
import type { Usage } from "./usage.ts";

/** Is told how each mutation's transaction ends. Writes of a nested call that was rolled back count as committed too. */
export interface CommitListener {
  committed(): void;
  rolledBack(): void;
  /** Mutations that were reported as committed were rolled back, because the disk did not take them. */
  lost(): void;
}

/** The state of the database after the commit with this timestamp. */
export interface Snapshot {
  readonly timestamp: bigint;
  /** Runs a query on this state. `observed` is filled whether the query succeeds or fails. */
  query<T>(observed: Observed, work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

/** Ends a query or mutation that hangs, because it would block the server; Convex limits their own time to 1 s. */
const TIMEOUT_MS = 15_000;

/** After a longer turn, messages and ends of synchronisations are heard before the next one begins. */
const LONG_TURN_MS = 5;

/**
 * Runs transactions one after the other: serial, atomic, and durable when the promise resolves. SQLite uses
 * one thread anyway, so this costs nothing and makes every query a snapshot. The next transaction starts before
 * the previous one is committed (`Commits`) and written to disk (`Durability`), so a query may see a write shortly
 * before its caller learns that it is durable.
 */
export class Transactor {
  readonly #sql: Statements;
  readonly #catalog: Catalog;
  readonly #durability: Durability;
  readonly #clock: Clock;
  readonly #areLimitsEnforced: boolean;
  readonly #timestamps: Timestamps;
  readonly #commits: Commits;
  #listener: CommitListener | null = null;
  #turn: Promise<void> = Promise.resolve();
  #savepoint = 0;
  #isClosed = false;

  constructor(
    sql: Statements,
    catalog: Catalog,
    durability: Durability,
    clock: Clock,
    areLimitsEnforced: boolean,
  ) {
    this.#clock = clock;
    this.#areLimitsEnforced = areLimitsEnforced;
    this.#durability = durability;
    this.#sql = sql;
    this.#catalog = catalog;
    this.#timestamps = new Timestamps(sql);
    this.#commits = new Commits(
      { sql, durability, searchWrites: catalog.searchWrites },
      {
        commitSoon: () => {
          setImmediate(() => {
            this.#durability.whenIdle(() => {
              // Once it is closed, `close` commits.
              if (!this.#isClosed) void this.flush();
            });
          });
        },
        lost: () => {
          this.#timestamps.lost();
          this.#catalog.reload();
          this.#listener?.lost();
        },
      },
    );
  }

  /** Sets the listener. Call it before the first transaction. */
  listen(listener: CommitListener): void {
    this.#listener = listener;
  }

  /** The timestamp of the latest commit. */
  get latestTimestamp(): bigint {
    return this.#timestamps.latest;
  }

  /** Runs a query, which only reads and commits nothing. `observed` is filled whether it succeeds or fails. */
  query<T>(
    work: (transaction: Transaction) => Promise<T>,
    observed: Observed | null = null,
  ): Promise<T> {
    return this.#inTurn(() => this.#read(observed, work));
  }

  /**
   * Runs several queries on the same state, in one turn: nothing is committed between them. What mutations have
   * written is committed first: a mutation queues a snapshot for each client that watches what it wrote, so its
   * commit would otherwise wait until all of their queries have run. Other work runs between the snapshots, because
   * the mutation is answered only when the event loop learns that its commit is on the disk.
   */
  snapshot<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      this.#commits.commit();
      await nextTurn();
      return await work({
        timestamp: this.#timestamps.latest,
        query: (observed, query) => this.#read(observed, query),
      });
    });
  }

  async #read<T>(
    observed: Observed | null,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    const transaction = this.#begin(false, observed);
    try {
      return await withTimeout(work(transaction));
    } finally {
      transaction.isOpen = false;
    }
  }

  #begin(isMutation: boolean, observed: Observed | null): Transaction {
    const now = this.#clock.now();
    const timestamp = this.#timestamps.next(now);
    return new Transaction(isMutation, now, timestamp, this.#areLimitsEnforced, observed);
  }

  /**
   * Runs a mutation: all its writes are stored, or none. They are durable when the promise resolves, except
   * those of `repeatable` mutations, which no caller waits for and which run again after a power failure: these
   * become durable with the next durable commit, because the log is written in order.
   */
  async mutation<T>(
    work: (transaction: Transaction) => Promise<T>,
    isRepeatable = false,
  ): Promise<T> {
    const { result, committed } = await this.#inTurn(() => this.#write(work));
    await committed;
    if (!isRepeatable) await this.#durability.wait();
    return result;
  }

  /** Runs a mutation's work; `committed` resolves when what it wrote is committed. */
  async #write<T>(
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<{ result: T; committed: Promise<void> }> {
    const transaction = this.#begin(true, null);
    const { timestamp } = transaction;
    this.#commits.begin();
    try {
      const result = await withTimeout(work(transaction));
      transaction.isOpen = false;
      this.#timestamps.reserve(timestamp);
      const committed = this.#commits.keep();
      this.#timestamps.committed(timestamp);
      this.#listener?.committed();
      return { result, committed };
    } catch (error) {
      transaction.isOpen = false;
      this.#commits.undo();
      this.#timestamps.lost();
      this.#catalog.reload();
      this.#listener?.rolledBack();
      throw error;
    }
  }

  /** Commits what mutations have written so far, then runs `work`, before any other transaction. */
  flush<T>(work: () => T | Promise<T>): Promise<T>;
  flush(): Promise<void>;
  flush<T>(work?: () => T | Promise<T>): Promise<T | undefined> {
    return this.#inTurn(() => {
      this.#commits.commit();
      return Promise.resolve(work?.());
    });
  }

  /** Runs a nested call inside a transaction; rolls back its writes if it throws. */
  async nested<T>(
    transaction: Transaction,
    limits: Partial<Usage> | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    // Each has its own name, because a call may end before one that it has not waited for.
    const savepoint: Savepoint = {
      name: `nested_${++this.#savepoint}`,
      isOpen: true,
      searchMark: this.#catalog.searchWrites.mark(),
    };
    if (transaction.isMutation) this.#sql.exec(`SAVEPOINT ${savepoint.name}`);
    transaction.account.open(limits);
    transaction.savepoints.push(savepoint);
    let kept = false;
    try {
      const result = await work();
      if (!savepoint.isOpen) throw new EndedError();
      kept = true;
      return result;
    } finally {
      if (savepoint.isOpen) this.#close(transaction, savepoint, kept);
    }
  }

  /**
   * Undoes the nested calls that are still running. Call this when the function that made them has ended without
   * waiting for them: to keep the function's writes would otherwise keep half of theirs.
   */
  undoNested(transaction: Transaction): void {
    const [outermost] = transaction.savepoints;
    if (outermost !== undefined) this.#close(transaction, outermost, false);
  }

  /** Ends a nested call; undoes those that it made and did not wait for. */
  #close(transaction: Transaction, savepoint: Savepoint, kept: boolean): void {
    const { savepoints } = transaction;
    const made = savepoints[savepoints.indexOf(savepoint) + 1];
    if (made !== undefined) this.#close(transaction, made, false);
    savepoints.pop();
    savepoint.isOpen = false;
    transaction.account.close(kept);
    if (!transaction.isMutation || !transaction.isOpen) return;
    if (!kept) {
      this.#sql.exec(`ROLLBACK TO ${savepoint.name}`);
      this.#catalog.searchWrites.undoTo(savepoint.searchMark);
    }
    this.#sql.exec(`RELEASE ${savepoint.name}`);
    if (!kept) this.#catalog.reload();
  }

  /** Runs work between transactions. It may see what is not committed yet. */
  between<T>(work: () => T): Promise<T> {
    return this.#inTurn(() => Promise.resolve(work()));
  }

  /**
   * Commits what mutations have written so far. Whatever comes later fails, so that a function that outlives the
   * engine leaves nothing half written in a file that is being closed.
   */
  close(): Promise<void> {
    const flushed = this.flush();
    this.#isClosed = true;
    return flushed;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Error("The engine has stopped"));
    let began = 0;
    const result = this.#turn.then(() => {
      began = performance.now();
      return work();
    });
    // A promise keeps its value: a result of up to 16 MiB would stay in memory until the next turn ends.
    const ended = () => (performance.now() - began > LONG_TURN_MS ? nextTurn() : undefined);
    this.#turn = result.then(ended, ended);
    return result;
  }
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Function execution timed out (maximum duration: ${TIMEOUT_MS / 1000}s)`));
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
