import type { Value } from "convex/values";
import { encodeKey } from "../values/keys.ts";
import type { Statements } from "../store/database.ts";
import { fieldAt, type Document } from "../store/fields.ts";
import type { TableIndex } from "../store/indexes.ts";
import type { IndexDefinition } from "../store/schema.ts";

type Definition = IndexDefinition & { kind: "vector" };

interface VectorHit {
  seq: number;
  score: number;
}

/** Float32, unit length: cosine is then a dot product. Zero stays zero and scores 0. */
function normalized(vector: readonly number[]): Float32Array {
  let sum = 0;
  for (const x of vector) sum += x * x;
  const scale = sum === 0 ? 0 : 1 / Math.sqrt(sum);
  return Float32Array.from(vector, (x) => x * scale);
}

function asFloats(bytes: Buffer): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  return byteOffset % 4 === 0
    ? new Float32Array(buffer, byteOffset, byteLength / 4)
    : new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Exact cosine over the vectors of the documents that the filter lets through. */
export class VectorIndex implements TableIndex {
  readonly number: number;
  readonly definition: Definition;
  readonly #sql: Statements;

  constructor(sql: Statements, number: number, definition: Definition) {
    this.#sql = sql;
    this.number = number;
    this.definition = definition;
  }

  create(): void {
    // Vectors of all indexes share their tables.
  }

  drop(): void {
    this.#sql.run("DELETE FROM vectors WHERE index_number = ?", this.number);
    this.#sql.run("DELETE FROM vector_filters WHERE index_number = ?", this.number);
  }

  /** The stored vector, or null: of another length, or none at all, a document is not indexed. */
  #vectorOf(document: Document): number[] | null {
    const value = fieldAt(document, this.definition.vectorField);
    if (!Array.isArray(value) || value.length !== this.definition.dimensions) return null;
    const numbers = value.filter((x): x is number => typeof x === "number");
    return numbers.length === value.length ? numbers : null;
  }

  #filterKeys(document: Document): Buffer[] {
    return this.definition.filterFields.map((path) => encodeKey([path, fieldAt(document, path)]));
  }

  add(seq: number, document: Document): void {
    const vector = this.#vectorOf(document);
    if (vector === null) return;
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
  }

  remove(seq: number, document: Document): void {
    this.#sql.run("DELETE FROM vectors WHERE index_number = ? AND seq = ?", this.number, seq);
    for (const filter of this.#filterKeys(document))
      this.#sql.run(
        "DELETE FROM vector_filters WHERE index_number = ? AND filter = ? AND seq = ?",
        this.number,
        filter,
        seq,
      );
  }

  change(seq: number, before: Document, after: Document): void {
    this.remove(seq, before);
    this.add(seq, after);
  }

  #candidates(
    filters: { path: string; value: Value | undefined }[] | null,
  ): Iterable<{ seq: number; vector: Buffer }> {
    if (filters === null)
      return this.#sql.iterate(
        "SELECT seq, vector FROM vectors WHERE index_number = ?",
        this.number,
      );
    const keys = filters.map(({ path, value }) => encodeKey([path, value]));
    const places = keys.map(() => "?").join(", ");
    return this.#sql.iterate(
      `SELECT v.seq, v.vector FROM vectors v WHERE v.index_number = ? AND v.seq IN
        (SELECT seq FROM vector_filters WHERE index_number = ? AND filter IN (${places}))`,
      this.number,
      this.number,
      ...keys,
    );
  }

  /** The nearest documents, best first; several filters are OR-ed, `null` means no filter. */
  search(
    vector: readonly number[],
    limit: number,
    filters: { path: string; value: Value | undefined }[] | null,
  ): VectorHit[] {
    const wanted = normalized(vector);
    const best: VectorHit[] = [];
    let worst = -Infinity;
    for (const row of this.#candidates(filters)) {
      const score = dot(wanted, asFloats(row.vector));
      if (best.length >= limit && score <= worst) continue;
      best.push({ seq: row.seq, score });
      if (best.length >= 2 * limit + 64) {
        best.sort((a, b) => b.score - a.score).splice(limit);
        worst = best.at(-1)?.score ?? -Infinity;
      }
    }
    return best.sort((a, b) => b.score - a.score || a.seq - b.seq).slice(0, limit);
  }
}
