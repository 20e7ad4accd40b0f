import type { Value } from "convex/values";
import { encodeKey } from "../values/keys.ts";
import type { Statements } from "../store/database.ts";
import { fieldAt, type Document } from "../store/fields.ts";
import type { TableIndex } from "../store/tableIndex.ts";
import type { IndexDefinition } from "../store/schema.ts";
import { memoryOf, type BetweenTransactions, type VectorMemory } from "./vectorMemory.ts";

type Definition = IndexDefinition & { kind: "vector" };

interface VectorHit {
  seq: number;
  score: number;
}

/** Vectors read for their exact score before yielding to requests: about 5 ms. */
const READ_AT_ONCE = 512;

/** Normalises to unit length in Float32, so that cosine is a dot product. A zero vector stays zero and scores 0. */
function normalized(vector: readonly number[]): Float32Array {
  let sum = 0;
  for (const x of vector) sum += x * x;
  const scale = sum === 0 ? 0 : 1 / Math.sqrt(sum);
  return Float32Array.from(vector, (x) => x * scale);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Vector search by exact cosine over the documents that match the filter. */
export class VectorIndex implements TableIndex {
  readonly number: number;
  readonly definition: Definition;
  readonly #sql: Statements;
  readonly #memory: VectorMemory;

  constructor(sql: Statements, number: number, definition: Definition) {
    this.#sql = sql;
    this.number = number;
    this.definition = definition;
    this.#memory = memoryOf(sql, number, definition.dimensions);
  }

  create(): void {
    // Vectors of all indexes share their tables.
  }

  drop(): void {
    this.#sql.run("DELETE FROM vectors WHERE index_number = ?", this.number);
    this.#sql.run("DELETE FROM vector_filters WHERE index_number = ?", this.number);
  }

  /** Returns a document's vector; null, and not indexed, if it is missing or has another length. */
  #vectorOf(document: Document): number[] | null {
    const value = fieldAt(document, this.definition.vectorField);
    if (!Array.isArray(value) || value.length !== this.definition.dimensions) return null;
    const numbers = value.filter((x): x is number => typeof x === "number");
    return numbers.length === value.length ? numbers : null;
  }

  #filterKeys(document: Document): Buffer[] {
    return this.definition.filterFields.map((path) => encodeKey([path, fieldAt(document, path)]));
  }

  add(seq: number, document: Document, size: number): number {
    const vector = this.#vectorOf(document);
    if (vector === null) return 0;
    this.#memory.touch(seq);
    const bytes = Buffer.from(normalized(vector).buffer);
    this.#sql.run(
      "INSERT INTO vectors (index_number, seq, vector) VALUES (?, ?, ?)",
      this.number,
      seq,
      bytes,
    );
    for (const filter of this.#filterKeys(document))
      this.#sql.run(
        "INSERT INTO vector_filters (index_number, filter, seq) VALUES (?, ?, ?)",
        this.number,
        filter,
        seq,
      );
    return size;
  }

  remove(seq: number, document: Document): void {
    this.#memory.touch(seq);
    this.#sql.run("DELETE FROM vectors WHERE index_number = ? AND seq = ?", this.number, seq);
    for (const filter of this.#filterKeys(document))
      this.#sql.run(
        "DELETE FROM vector_filters WHERE index_number = ? AND filter = ? AND seq = ?",
        this.number,
        filter,
        seq,
      );
  }

  change(seq: number, before: Document, after: Document, size: number): number {
    this.remove(seq, before);
    return this.add(seq, after, size);
  }

  /** The documents that match any of the filters. */
  #filtered(filters: { path: string; value: Value | undefined }[]): number[] {
    const keys = filters.map(({ path, value }) => encodeKey([path, value]));
    const places = keys.map(() => "?").join(", ");
    const rows = this.#sql.all<{ seq: number }>(
      `SELECT DISTINCT seq FROM vector_filters WHERE index_number = ? AND filter IN (${places})`,
      this.number,
      ...keys,
    );
    return rows.map(({ seq }) => seq);
  }

  /** Returns the nearest documents, best first; several filters are combined by OR, `null` means no filter. */
  async search(
    vector: readonly number[],
    limit: number,
    filters: { path: string; value: Value | undefined }[] | null,
    between: BetweenTransactions,
  ): Promise<VectorHit[]> {
    const wanted = normalized(vector);
    const among = () => (filters === null ? null : this.#filtered(filters));
    const candidates = await this.#memory.candidates(wanted, among, limit, between);
    const hits: VectorHit[] = [];
    for (let i = 0; i < candidates.length; i += READ_AT_ONCE)
      await between(() => {
        for (const seq of candidates.slice(i, i + READ_AT_ONCE)) {
          const stored = this.#memory.read(seq);
          if (stored !== null) hits.push({ seq, score: dot(wanted, stored) });
        }
      });
    return hits.sort((a, b) => b.score - a.score || a.seq - b.seq).slice(0, limit);
  }
}
