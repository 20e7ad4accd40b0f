import type { SearchMark, SearchWrites } from "../search/searchWrites.ts";
import type { Statements } from "../store/database.ts";
import type { Durability } from "../store/durability.ts";

/** The most mutations that share a commit, so that the first of them does not wait long for the last. */
const MAX_MUTATIONS = 64;

/** A group that has taken longer is committed at once: whoever waits for it may have more to send meanwhile. */
const LONG_GROUP_MS = 60;

/** A group that has written more text than this to text indexes is committed at once, because it is kept in memory. */
const MAX_SEARCH_CHARACTERS = 1 << 20;

/** Mutations that share a commit. */
interface Group {
  mutations: number;
  beganAt: number;
  /** Settles when SQLite has committed the group, or has lost it. */
  committed: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Group commit: mutations share a transaction of SQLite, and so the pages that they write, if they run in the same turn
 * of Node's event loop or while the disk is busy with the group before them. Each runs in a savepoint of its own, so
 * that one that fails does not undo the others. A lone mutation waits for nobody: its turn ends with it. One that
 * hangs keeps those of its group waiting.
 *
 * Calls come one after the other: `begin`, then `keep` or `undo`; `commit` in between.
 */
export class Commits {
  readonly #sql: Statements;
  readonly #durability: Durability;
  readonly #searchWrites: SearchWrites;
  readonly #commitSoon: () => void;
  readonly #lost: () => void;
  #group: Group | null = null;
  #mark: SearchMark = { writes: 0, applied: 0 };

  /**
   * `commitSoon` is called when a group begins: it has to call `commit` at the end of this turn of the event loop, or
   * when the disk is idle.
   * `lost` is called after a group's mutations, which were kept, were rolled back.
   */
  constructor(
    {
      sql,
      durability,
      searchWrites,
    }: { sql: Statements; durability: Durability; searchWrites: SearchWrites },
    { commitSoon, lost }: { commitSoon: () => void; lost: () => void },
  ) {
    this.#sql = sql;
    this.#durability = durability;
    this.#searchWrites = searchWrites;
    this.#commitSoon = commitSoon;
    this.#lost = lost;
  }

  /** Begins a mutation. */
  begin(): void {
    if (this.#group === null) {
      this.#sql.run("BEGIN IMMEDIATE");
      const { promise, resolve, reject } = newPromise();
      const beganAt = performance.now();
      this.#group = { mutations: 0, beganAt, committed: promise, resolve, reject };
    }
    this.#sql.run("SAVEPOINT mutation");
    this.#mark = this.#searchWrites.mark();
  }

  /** Keeps what the mutation wrote; the returned promise resolves when it is committed. */
  keep(): Promise<void> {
    const group = this.#opened();
    // Fails if SQLite has ended the transaction by itself, also if the mutation caught the error of that.
    this.#sql.run("RELEASE mutation");
    if (group.mutations === 0) this.#commitSoon();
    group.mutations++;
    const isLong =
      this.#searchWrites.characters >= MAX_SEARCH_CHARACTERS ||
      performance.now() - group.beganAt > LONG_GROUP_MS;
    if (group.mutations >= MAX_MUTATIONS || isLong) this.commit();
    return group.committed;
  }

  /** Undoes what the mutation wrote. */
  undo(): void {
    const group = this.#opened();
    if (group.mutations === 0) {
      this.#group = null;
      this.#rollBack();
      return;
    }
    try {
      this.#sql.run("ROLLBACK TO mutation");
      this.#searchWrites.undoTo(this.#mark);
      this.#sql.run("RELEASE mutation");
    } catch (error) {
      // After some errors, such as a full disk, SQLite has rolled back the whole transaction by itself.
      this.#lose(group, error);
    }
  }

  /** Commits what was kept. */
  commit(): void {
    const group = this.#group;
    if (group === null) return;
    try {
      this.#searchWrites.apply();
      this.#sql.run("COMMIT");
    } catch (error) {
      this.#lose(group, error);
      return;
    }
    this.#searchWrites.ended();
    this.#group = null;
    this.#durability.committed();
    group.resolve();
  }

  #opened(): Group {
    if (this.#group === null) throw new Error("No mutation has begun");
    return this.#group;
  }

  #lose(group: Group, error: unknown): void {
    this.#group = null;
    let reason = error;
    try {
      this.#rollBack();
    } catch (failure) {
      reason = failure;
    }
    try {
      this.#lost();
    } finally {
      group.reject(reason);
    }
  }

  #rollBack(): void {
    this.#searchWrites.ended();
    try {
      this.#sql.run("ROLLBACK");
    } catch (error) {
      // SQLite has rolled back by itself.
      if (!(error instanceof Error && error.message.includes("no transaction is active")))
        throw error;
    }
  }
}

/** A promise with its functions. It may be rejected before anybody waits for it. */
function newPromise() {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
