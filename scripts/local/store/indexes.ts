import { encodeKey } from "../values/keys.ts";
import type { Statements } from "./database.ts";
import { fieldAt, type Document } from "./fields.ts";
import type { IndexDefinition } from "./schema.ts";
import { SearchIndex } from "../search/searchIndex.ts";
import type { SearchWrites } from "../search/searchWrites.ts";
import { VectorIndex } from "../search/vectorIndex.ts";
import type { TableIndex } from "./tableIndex.ts";

/** An ordered index: one row of `entries` per document, keyed by its fields and then its id. */
export class OrderedIndex implements TableIndex {
  readonly number: number;
  readonly definition: IndexDefinition & { kind: "ordered" };
  readonly #sql: Statements;

  constructor(sql: Statements, number: number, definition: IndexDefinition & { kind: "ordered" }) {
    this.#sql = sql;
    this.number = number;
    this.definition = definition;
  }

  /** Returns a document's key in this index. */
  keyOf(document: Document): Buffer {
    const { fields } = this.definition;
    return encodeKey([...fields.map((path) => fieldAt(document, path)), document["_id"]]);
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
    const isSame = this.definition.fields.every((path) =>
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

/** Creates the index of a definition. */
export function indexOf(
  sql: Statements,
  searchWrites: SearchWrites,
  number: number,
  definition: IndexDefinition,
): TableIndex {
  switch (definition.kind) {
    case "ordered":
      return new OrderedIndex(sql, number, definition);
    case "search":
      return new SearchIndex(sql, searchWrites, number, definition);
    case "vector":
      return new VectorIndex(sql, number, definition);
  }
}
