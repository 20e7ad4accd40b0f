import { jsonValue, parseJson } from "../values/json.ts";
import type { Clock } from "../clock.ts";
import { newId } from "../values/ids.ts";
import type { Table } from "./catalog.ts";
import type { Statements } from "./database.ts";
import type { Document } from "./fields.ts";
import type { OrderedIndex } from "./indexes.ts";
import type { IndexedDocument, StoredDocument } from "./storedDocument.ts";

/** The new version of a document, as JSON text and as values, including system fields. */
export interface NewVersion {
  json: string;
  document: Document;
  size: number;
}

/** A write: the versions of a document before and after it; null before an insert and after a removal. */
export interface Write {
  table: Table;
  before: Document | null;
  after: Document | null;
}

export function toDocument(json: string): Document {
  return jsonValue(json, parseJson(json)) as Document;
}

/** Stores documents and their index entries, without validation, limits or access rules. */
export class Documents {
  readonly #sql: Statements;
  readonly #clock: Clock;
  #lastCreationTime = 0;
  /** Called for every removed document; its transaction may still be rolled back. */
  onRemove: () => void = () => undefined;
  /** Called for every write; its transaction may still be rolled back. */
  onWrite: (write: Write) => void = () => undefined;

  constructor(sql: Statements, clock: Clock) {
    this.#clock = clock;
    this.#sql = sql;
  }

  get(id: string): StoredDocument | undefined {
    return this.#sql.one("SELECT seq, id, size, json FROM documents WHERE id = ?", id);
  }

  getBySeq(seq: number): StoredDocument | undefined {
    return this.#sql.one("SELECT seq, id, size, json FROM documents WHERE seq = ?", seq);
  }

  /** Returns system fields for a new document; creation times are strictly increasing. */
  identify(table: Table): { _id: string; _creationTime: number } {
    const now = this.#clock.now();
    const time = now > this.#lastCreationTime ? now : this.#lastCreationTime + 0.001;
    this.#lastCreationTime = time;
    return { _id: newId(table.number), _creationTime: time };
  }

  /** Stores a new document; returns the bytes of its index entries. */
  insert(table: Table, id: string, { json, document, size }: NewVersion): number {
    const { lastInsertRowid } = this.#sql.run(
      "INSERT INTO documents (id, table_number, size, json) VALUES (?, ?, ?, ?)",
      id,
      table.number,
      size,
      json,
    );
    let entryBytes = 0;
    for (const index of table.indexes.values())
      entryBytes += index.add(Number(lastInsertRowid), document, size);
    this.onWrite({ table, before: null, after: document });
    return entryBytes;
  }

  /** Replaces a document; returns the bytes of its index entries, because a deployment rewrites all of them. */
  update(
    table: Table,
    { seq, before }: { seq: number; before: Document },
    { json, document, size }: NewVersion,
  ): number {
    this.#sql.run("UPDATE documents SET size = ?, json = ? WHERE seq = ?", size, json, seq);
    let entryBytes = 0;
    for (const index of table.indexes.values())
      entryBytes += index.change(seq, before, document, size);
    this.onWrite({ table, before, after: document });
    return entryBytes;
  }

  remove(table: Table, stored: StoredDocument): void {
    const document = toDocument(stored.json);
    for (const index of table.indexes.values()) index.remove(stored.seq, document);
    this.#sql.run("DELETE FROM documents WHERE seq = ?", stored.seq);
    this.#sql.run(
      `INSERT INTO deletions (table_number, times) VALUES (?, 1)
       ON CONFLICT (table_number) DO UPDATE SET times = times + 1`,
      table.number,
    );
    this.onRemove();
    this.onWrite({ table, before: document, after: null });
  }

  /**
   * Returns the first documents of an index with lower ≤ key < upper, in the requested order, until one of the
   * limits is reached. The limit of bytes can be exceeded by the last document.
   */
  range(
    index: OrderedIndex,
    bounds: { lower: Buffer; upper: Buffer },
    order: "asc" | "desc",
    limits: { rows: number; bytes: number },
  ): { rows: IndexedDocument[]; isDone: boolean } {
    const rows: IndexedDocument[] = [];
    let bytes = 0;
    for (const row of index.scan(bounds, order, limits.rows)) {
      rows.push(row);
      bytes += row.size;
      if (bytes >= limits.bytes) return { rows, isDone: false };
    }
    return { rows, isDone: rows.length < limits.rows };
  }
}
