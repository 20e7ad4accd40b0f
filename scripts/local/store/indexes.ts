import { idsOf } from "../values/ids.ts";
import { encodeKey, firstText } from "../values/keys.ts";
import { LIMIT, type Statements } from "./database.ts";
import { fieldAt, type Document } from "./fields.ts";
import type { IndexDefinition } from "./schema.ts";
import { asBuffer } from "./sqlite.ts";
import { SearchIndex } from "../search/searchIndex.ts";
import type { SearchWrites } from "../search/searchWrites.ts";
import { VectorIndex } from "../search/vectorIndex.ts";
import type { IndexedDocument, StoredDocument } from "./storedDocument.ts";
import type { TableIndex } from "./tableIndex.ts";

/** Keys of an index: lower ≤ key < upper. */
interface KeyBounds {
  lower: Buffer;
  upper: Buffer;
}

/** The row of an ordered index as SQL returns it. */
type EntryRow = Omit<IndexedDocument, "key"> & { key: Uint8Array };

/** The texts of a query in both orders. They are constants, because to build such a text takes longer than a short read. */
const inBothOrders = (query: string) => ({
  asc: `${query} ASC ${LIMIT}`,
  desc: `${query} DESC ${LIMIT}`,
});

const BY_KEY = inBothOrders(
  `SELECT e.key, d.seq, d.id, d.size, d.json FROM entries e CROSS JOIN documents d ON d.seq = e.seq
   WHERE e.index_number = ? AND e.key >= ? AND e.key < ? ORDER BY e.key`,
);
const BY_ID = inBothOrders(
  "SELECT seq, id, size, json FROM documents WHERE id >= ? AND id < ? ORDER BY id",
);

/** An index that orders documents by keys: the values of its fields, and then the id. */
export abstract class OrderedIndex implements TableIndex {
  abstract readonly definition: IndexDefinition;
  abstract readonly fields: readonly string[];

  constructor(readonly number: number) {}

  /** Returns a document's key in this index. */
  keyOf(document: Document): Buffer {
    return encodeKey([...this.fields.map((path) => fieldAt(document, path)), document["_id"]]);
  }

  /** Yields the documents within the bounds, at most `limit`. */
  abstract scan(
    bounds: KeyBounds,
    order: "asc" | "desc",
    limit: number,
  ): IterableIterator<IndexedDocument>;

  abstract create(): void;
  abstract drop(): void;
  abstract add(seq: number, document: Document): number;
  abstract remove(seq: number, document: Document): void;
  abstract change(seq: number, before: Document, after: Document): number;
}

/** An index by fields: one row of `entries` per document. */
class FieldIndex extends OrderedIndex {
  readonly definition: IndexDefinition & { kind: "ordered" };
  readonly fields: readonly string[];
  readonly #sql: Statements;

  constructor(sql: Statements, number: number, definition: IndexDefinition & { kind: "ordered" }) {
    super(number);
    this.#sql = sql;
    this.definition = definition;
    this.fields = definition.fields;
  }

  *scan(
    { lower, upper }: KeyBounds,
    order: "asc" | "desc",
    limit: number,
  ): IterableIterator<IndexedDocument> {
    const rows = this.#sql.iterate<EntryRow>(BY_KEY[order], this.number, lower, upper, limit);
    for (const row of rows) yield Object.assign(row, { key: asBuffer(row.key) });
  }

  create(): void {
    // Entries need no table of their own.
  }

  drop(): void {
    this.#sql.run("DELETE FROM entries WHERE index_number = ?", this.number);
  }

  add(seq: number, document: Document): number {
    const key = this.keyOf(document);
    this.#insert(seq, key);
    return key.length;
  }

  #insert(seq: number, key: Buffer): void {
    this.#sql.run(
      "INSERT INTO entries (index_number, key, seq) VALUES (?, ?, ?)",
      this.number,
      key,
      seq,
    );
  }

  remove(_seq: number, document: Document): void {
    this.#delete(this.keyOf(document));
  }

  #delete(key: Buffer): void {
    this.#sql.run("DELETE FROM entries WHERE index_number = ? AND key = ?", this.number, key);
  }

  change(seq: number, before: Document, after: Document): number {
    const key = this.keyOf(after);
    const isSame = this.fields.every((path) =>
      Object.is(fieldAt(before, path), fieldAt(after, path)),
    );
    const old = isSame ? key : this.keyOf(before);
    // A deployment writes the entry again even if it has not changed.
    if (old.equals(key)) return key.length;
    this.#delete(old);
    this.#insert(seq, key);
    return key.length;
  }
}

/** The index by id. It has no entries, because the ids of `documents` have an index of their own in the same order. */
class IdIndex extends OrderedIndex {
  readonly definition = { kind: "id" } as const;
  readonly fields = [];
  readonly #sql: Statements;
  readonly #ids: { lower: string; upper: string };
  /** The length of every key, because the ids of a table have the same length. */
  readonly #keyBytes: number;

  constructor(sql: Statements, number: number, tableNumber: number) {
    super(number);
    this.#sql = sql;
    this.#ids = idsOf(tableNumber);
    this.#keyBytes = encodeKey([this.#ids.lower]).length;
  }

  *scan(
    bounds: KeyBounds,
    order: "asc" | "desc",
    limit: number,
  ): IterableIterator<IndexedDocument> {
    const lower = firstText(bounds.lower);
    const upper = firstText(bounds.upper);
    const ids = this.#ids;
    const rows = this.#sql.iterate<StoredDocument>(
      BY_ID[order],
      lower > ids.lower ? lower : ids.lower,
      upper < ids.upper ? upper : ids.upper,
      limit,
    );
    for (const row of rows) yield Object.assign(row, { key: encodeKey([row.id]) });
  }

  create(): void {
    // The table `documents` has the index.
  }

  drop(): void {
    // Every table has this index.
  }

  /** A deployment writes an entry, whose bytes count. */
  add(): number {
    return this.#keyBytes;
  }

  remove(): void {
    // The row of `documents` is the entry.
  }

  change(): number {
    return this.#keyBytes;
  }
}

/** Creates the index of a definition, for a table. */
export function indexOf(
  { sql, searchWrites }: { sql: Statements; searchWrites: SearchWrites },
  tableNumber: number,
  number: number,
  definition: IndexDefinition,
): TableIndex {
  switch (definition.kind) {
    case "id":
      return new IdIndex(sql, number, tableNumber);
    case "ordered":
      return new FieldIndex(sql, number, definition);
    case "search":
      return new SearchIndex(sql, searchWrites, number, definition);
    case "vector":
      return new VectorIndex(sql, number, definition);
  }
}
