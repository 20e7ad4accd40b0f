import type { JSONValue } from "convex/values";

/** What a transaction has used; names as in `ctx.meta.getTransactionMetrics()`. */
export interface Usage {
  bytesRead: number;
  bytesWritten: number;
  databaseQueries: number;
  documentsRead: number;
  documentsWritten: number;
  functionsScheduled: number;
  scheduledFunctionArgsBytes: number;
}

/** Bytes of index entries, in addition to documents. */
export interface IndexUsage {
  /** Each declared index of a written row counts as a copy of the row, as billed. */
  indexBytesWritten: number;
  /**
   * Bytes that a write uses of the deployment's write window: the document and its index entries. For text and
   * vector indexes it is unknown what the platform counts; each counts as a copy of the document.
   */
  windowBytes: number;
}

export const NO_INDEX_USAGE: Readonly<IndexUsage> = { indexBytesWritten: 0, windowBytes: 0 };

const MIB = 1 << 20;

/** https://docs.convex.dev/production/state/limits */
export const TRANSACTION_LIMITS: Usage = {
  bytesRead: 16 * MIB,
  bytesWritten: 16 * MIB,
  databaseQueries: 4096,
  documentsRead: 32_000,
  documentsWritten: 16_000,
  functionsScheduled: 1000,
  scheduledFunctionArgsBytes: 16 * MIB,
};

const TOO_MUCH: Record<keyof Usage, string> = {
  bytesRead: "Too many bytes read in a single function execution",
  bytesWritten: "Too many bytes written in a single function execution",
  databaseQueries: "Too many reads in a single function execution",
  documentsRead: "Too many documents read in a single function execution",
  documentsWritten: "Too many documents written in a single function execution",
  functionsScheduled: "Too many functions scheduled by this mutation",
  scheduledFunctionArgsBytes: "Too large total size of the arguments of scheduled functions",
};

export const NO_USAGE: Readonly<Usage> = {
  bytesRead: 0,
  bytesWritten: 0,
  databaseQueries: 0,
  documentsRead: 0,
  documentsWritten: 0,
  functionsScheduled: 0,
  scheduledFunctionArgsBytes: 0,
};

const NAMES = Object.keys(NO_USAGE) as (keyof Usage)[];
const INDEX_NAMES = Object.keys(NO_INDEX_USAGE) as (keyof IndexUsage)[];

const READS: ReadonlySet<keyof Usage> = new Set(["bytesRead", "databaseQueries", "documentsRead"]);

interface Layer {
  used: Usage;
  limits: Usage;
  indexes: IndexUsage;
}

/**
 * Counts the usage of one transaction. A nested call adds a layer, possibly with tighter limits; after a
 * rollback, its reads still count, but its writes do not.
 */
export class Account {
  #layers: Layer[] = [
    { used: { ...NO_USAGE }, limits: TRANSACTION_LIMITS, indexes: { ...NO_INDEX_USAGE } },
  ];

  get #top(): Layer {
    const top = this.#layers.at(-1);
    if (top === undefined) throw new Error("The transaction has ended");
    return top;
  }

  get used(): Readonly<Usage> {
    return this.#top.used;
  }

  get indexes(): Readonly<IndexUsage> {
    return this.#top.indexes;
  }

  /** What has been used so far. */
  snapshot(): Usage & IndexUsage {
    const { used, indexes } = this.#top;
    return Object.assign({}, used, indexes);
  }

  /** What has been used since a snapshot. */
  since(before: Usage & IndexUsage): Usage & IndexUsage {
    const difference = this.snapshot();
    for (const name of NAMES) difference[name] -= before[name];
    for (const name of INDEX_NAMES) difference[name] -= before[name];
    return difference;
  }

  /** Counts the index entries of a written row. */
  countIndexes({ indexBytesWritten, windowBytes }: IndexUsage): void {
    const { indexes } = this.#top;
    indexes.indexBytesWritten += indexBytesWritten;
    indexes.windowBytes += windowBytes;
  }

  spend(amounts: Partial<Usage>): void {
    const { used, limits } = this.#top;
    for (const name of NAMES) {
      const amount = amounts[name];
      if (amount === undefined) continue;
      used[name] += amount;
      if (used[name] > limits[name])
        throw new Error(
          `${TOO_MUCH[name]} (limit: ${limits[name]}). Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a selective index range expressions.`,
        );
    }
  }

  open(tighter: Partial<Usage> = {}): void {
    const { used, limits, indexes } = this.#top;
    const inner = { ...limits };
    for (const name of NAMES) {
      const cap = tighter[name];
      if (cap !== undefined) inner[name] = Math.min(limits[name], used[name] + cap);
    }
    this.#layers.push({ used: { ...used }, limits: inner, indexes: { ...indexes } });
  }

  close(kept: boolean): void {
    const closed = this.#layers.pop();
    if (closed === undefined) return;
    const { used } = this.#top;
    if (kept) this.#top.indexes = closed.indexes;
    for (const name of NAMES) if (kept || READS.has(name)) used[name] = closed.used[name];
  }

  /** Returns the usage in the form of `getTransactionMetrics()`. */
  metrics(): JSONValue {
    const { used, limits } = this.#top;
    return Object.fromEntries(
      NAMES.map((name) => [
        name,
        { used: used[name], remaining: Math.max(0, limits[name] - used[name]) },
      ]),
    );
  }
}
