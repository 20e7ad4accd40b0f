import { OrderedIndex } from "../store/indexes.ts";
import type { Catalog } from "../store/catalog.ts";
import type { Documents, Write } from "../store/documents.ts";
import { isTouched, type KeyRange, type ReadSet } from "../transaction/reads.ts";
import type { Transactor } from "../transaction/transactor.ts";

/** Waits for the first commit that touches what a query has read. */
export interface Subscription {
  /** Ends the subscription without calling `touched`. */
  close(): void;
}

/** An open subscription: what its query has read, and whom to notify. */
interface Entry {
  touched: () => void;
  ranges: Map<number, KeyRange[]>;
  tables: ReadonlySet<number>;
}

/**
 * Compares what transactions write with what subscribed queries have read, index range by index range: it takes
 * the keys of each written document, before and after the write, in every index that a subscription has read
 * from. Tables that no subscription reads cost nothing.
 *
 * A new table touches every subscription, because a query may have asked for the table before it existed. That
 * happens once per table. So does the loss of mutations that were not on the disk yet.
 */
export class Subscriptions {
  readonly #catalog: Catalog;
  readonly #byIndex = new Map<number, Set<Entry>>();
  readonly #byTable = new Map<number, Set<Entry>>();
  readonly #all = new Set<Entry>();
  /** What the open transaction has written: keys by index, and tables. */
  readonly #keys = new Map<number, Buffer[]>();
  readonly #tables = new Set<number>();
  #knownTables: number;

  constructor(catalog: Catalog, documents: Documents, transactor: Transactor) {
    this.#catalog = catalog;
    this.#knownTables = catalog.size;
    documents.onWrite = (write) => {
      this.#wrote(write);
    };
    transactor.listen({
      committed: () => {
        this.#committed();
      },
      rolledBack: () => {
        this.#forget();
      },
      lost: () => {
        // Tables may have been lost too, and come again.
        this.#knownTables = catalog.size;
        this.#touch(new Set(this.#all));
      },
    });
  }

  /** Number of open subscriptions. */
  get size(): number {
    return this.#all.size;
  }

  /**
   * Calls `touched` at the first commit that touches the read set, and ends the subscription. Call this in the
   * turn of the query that filled the read set, so that no commit is missed.
   */
  open(reads: ReadSet, touched: () => void): Subscription {
    const entry: Entry = { touched, ranges: reads.ranges(), tables: reads.tables() };
    this.#all.add(entry);
    for (const index of entry.ranges.keys()) add(this.#byIndex, index, entry);
    for (const table of entry.tables) add(this.#byTable, table, entry);
    return {
      close: () => {
        this.#close(entry);
      },
    };
  }

  #close(entry: Entry): void {
    this.#all.delete(entry);
    for (const index of entry.ranges.keys()) remove(this.#byIndex, index, entry);
    for (const table of entry.tables) remove(this.#byTable, table, entry);
  }

  #wrote({ table, before, after }: Write): void {
    if (this.#byTable.has(table.number)) this.#tables.add(table.number);
    for (const index of table.indexes.values()) {
      if (!(index instanceof OrderedIndex) || !this.#byIndex.has(index.number)) continue;
      const keys = this.#keys.get(index.number) ?? [];
      this.#keys.set(index.number, keys);
      for (const document of [before, after])
        if (document !== null) keys.push(index.keyOf(document));
    }
  }

  #committed(): void {
    const touched = this.#touched();
    this.#touch(touched);
  }

  #touch(entries: ReadonlySet<Entry>): void {
    this.#forget();
    for (const entry of entries) this.#close(entry);
    for (const entry of entries) entry.touched();
  }

  #touched(): Set<Entry> {
    if (this.#catalog.size !== this.#knownTables) {
      this.#knownTables = this.#catalog.size;
      return new Set(this.#all);
    }
    const touched = new Set<Entry>();
    for (const table of this.#tables)
      for (const entry of this.#byTable.get(table) ?? []) touched.add(entry);
    for (const [index, keys] of this.#keys) {
      keys.sort((a, b) => Buffer.compare(a, b));
      for (const entry of this.#byIndex.get(index) ?? [])
        if (!touched.has(entry) && isTouched(entry.ranges.get(index) ?? [], keys))
          touched.add(entry);
    }
    return touched;
  }

  #forget(): void {
    this.#keys.clear();
    this.#tables.clear();
  }
}

function add(map: Map<number, Set<Entry>>, key: number, entry: Entry): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([entry]));
  else known.add(entry);
}

function remove(map: Map<number, Set<Entry>>, key: number, entry: Entry): void {
  const known = map.get(key);
  known?.delete(entry);
  if (known?.size === 0) map.delete(key);
}
