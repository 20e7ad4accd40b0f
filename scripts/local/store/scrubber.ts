import type { Transactor } from "../transaction/transactor.ts";
import type { Catalog } from "./catalog.ts";
import type { Statements } from "./database.ts";
import { hasOldEntries, removeOldEntries } from "./oldEntries.ts";
import { SearchIndex } from "../search/searchIndex.ts";

/** Delay after the last deletion, so that a burst of deletions is cleaned up once. */
const DELAY_MS = 1000;
/** The longest delay, even if deletions continue. */
const MAX_DELAY_MS = 10_000;
/** The longest cleanup of an index while the server stops; the next start continues it. */
const STOP_MS = 3000;

/** A table with deleted documents, and the number of deletions since the last cleanup. */
interface Due {
  tableNumber: number;
  times: number;
}

/**
 * Removes remaining copies of deleted documents. `secure_delete` overwrites their rows, but their words stay in
 * segments of text indexes until those are merged, and old pages in the log until it is truncated. The pending
 * work is stored in the file, so that a killed process cleans up after its next start.
 *
 * Also removes the entries that only earlier versions of the file need (`oldEntries.ts`).
 */
export class Scrubber {
  readonly #sql: Statements;
  readonly #catalog: Catalog;
  readonly #transactor: Transactor;
  #timer: NodeJS.Timeout | undefined;
  #firstDeletion: number | null = null;
  /** Never rejects. */
  #running: Promise<void> = Promise.resolve();
  /** Never rejects. */
  #removing: Promise<void> = Promise.resolve();
  #isStopping = false;
  readonly #failed: (error: unknown) => void;

  /** `failed` receives the error of a failed cleanup. The next deletion, the stop or the next start tries again. */
  constructor(
    sql: Statements,
    catalog: Catalog,
    transactor: Transactor,
    failed: (error: unknown) => void,
  ) {
    this.#sql = sql;
    this.#catalog = catalog;
    this.#transactor = transactor;
    this.#failed = failed;
  }

  /** Cleans up what the last process left. */
  start(): void {
    if (this.#isDue()) this.deleted();
    this.#removing = this.#removeOldEntries().catch(this.#failed);
  }

  /** Removes old entries in small steps, so that requests can run in between. The next start continues. */
  async #removeOldEntries(): Promise<void> {
    while (!this.#isStopping && hasOldEntries(this.#sql))
      await this.#inTransaction(() => {
        removeOldEntries(this.#sql);
      });
  }

  /** Schedules a cleanup, because a document was deleted. */
  deleted(): void {
    const now = performance.now();
    this.#firstDeletion ??= now;
    clearTimeout(this.#timer);
    const latest = this.#firstDeletion + MAX_DELAY_MS - now;
    this.#timer = setTimeout(() => void this.#begin(Infinity), Math.min(DELAY_MS, latest));
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isStopping = true;
    await this.#removing;
    await this.#running;
    if (this.#isDue()) await this.#begin(STOP_MS);
  }

  #isDue(): boolean {
    return this.#sql.one("SELECT 1 FROM deletions LIMIT 1") !== undefined;
  }

  #begin(withinMs: number): Promise<void> {
    this.#firstDeletion = null;
    this.#running = this.#running
      .then(() => this.#scrub(performance.now() + withinMs))
      .catch(this.#failed);
    return this.#running;
  }

  async #scrub(until: number): Promise<void> {
    const due = this.#sql.all<Due>("SELECT table_number AS tableNumber, times FROM deletions");
    for (const table of due) if (!(await this.#clean(table, until))) return;
    await this.#transactor.flush(() => {
      this.#sql.checkpoint();
    });
  }

  /** Merges a table's text indexes in small steps, so that requests can run in between; false if out of time. */
  async #clean({ tableNumber, times }: Due, until: number): Promise<boolean> {
    for (const index of this.#catalog.indexesOf(tableNumber)) {
      if (!(index instanceof SearchIndex)) continue;
      let isMerged = await this.#inTransaction(() => index.merge("begin"));
      while (!isMerged && performance.now() < until)
        isMerged = await this.#inTransaction(() => index.merge("continue"));
      if (!isMerged) return false;
    }
    // Keeps the row if more was deleted meanwhile.
    await this.#inTransaction(() =>
      this.#sql.run(
        "DELETE FROM deletions WHERE table_number = ? AND times = ?",
        tableNumber,
        times,
      ),
    );
    return true;
  }

  #inTransaction<T>(work: () => T): Promise<T> {
    return this.#transactor.mutation(() => Promise.resolve(work()), true);
  }
}
