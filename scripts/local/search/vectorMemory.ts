import { LIMIT, type Statements } from "../store/database.ts";
import { QuantizedVectors } from "./quantized.ts";

/** Rows read at a time, between transactions, when an index is first searched. */
const LOAD_ROWS = 1000;

/** Runs work while no transaction is open. */
export type BetweenTransactions = <T>(work: () => T) => Promise<T>;

/** Views the bytes of a stored vector as floats. */
function asFloats(bytes: Uint8Array<ArrayBuffer>): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  return byteOffset % 4 === 0
    ? new Float32Array(buffer, byteOffset, byteLength / 4)
    : new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/**
 * An index's vectors in memory, because reading them all from the file takes five times as long as comparing
 * them. The first search fills it. Transactions only record which documents they changed, and the next search
 * reads those again, so that a rollback needs no handling.
 */
export class VectorMemory {
  readonly #sql: Statements;
  readonly #index: number;
  readonly #vectors: QuantizedVectors;
  /** Documents changed since the last search; null until the first search. */
  #touched: Set<number> | null = null;
  #loading: Promise<void> | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(sql: Statements, index: number, dimensions: number) {
    this.#sql = sql;
    this.#index = index;
    this.#vectors = new QuantizedVectors(dimensions);
  }

  touch(seq: number): void {
    this.#touched?.add(seq);
  }

  /**
   * Returns the documents among `seqs()` (null: all) that may be among the `limit` nearest. Searches run one
   * after the other, in small steps that let requests run in between.
   */
  candidates(
    query: Float32Array,
    seqs: () => readonly number[] | null,
    limit: number,
    between: BetweenTransactions,
  ): Promise<number[]> {
    const found = this.#turn.then(async () => {
      await (this.#loading ??= this.#load(between));
      const among = await between(() => {
        this.#catchUp();
        return seqs() ?? [...this.#vectors.seqs];
      });
      return await this.#vectors.candidates(query, among, limit);
    });
    this.#turn = found.catch(() => undefined);
    return found;
  }

  async #load(between: BetweenTransactions): Promise<void> {
    this.#touched = new Set();
    for (let last = 0, more = true; more;)
      more = await between(() => {
        const rows = this.#sql.all<{ seq: number; vector: Uint8Array<ArrayBuffer> }>(
          `SELECT seq, vector FROM vectors WHERE index_number = ? AND seq > ? ORDER BY seq ${LIMIT}`,
          this.#index,
          last,
          LOAD_ROWS,
        );
        for (const { seq, vector } of rows) this.#vectors.set(seq, asFloats(vector));
        last = rows.at(-1)?.seq ?? last;
        return rows.length === LOAD_ROWS;
      });
  }

  #catchUp(): void {
    for (const seq of this.#touched ?? []) {
      const vector = this.read(seq);
      if (vector === null) this.#vectors.delete(seq);
      else this.#vectors.set(seq, vector);
    }
    this.#touched?.clear();
  }

  /** Reads a vector from the file. */
  read(seq: number): Float32Array | null {
    const row = this.#sql.one<{ vector: Uint8Array<ArrayBuffer> }>(
      "SELECT vector FROM vectors WHERE index_number = ? AND seq = ?",
      this.#index,
      seq,
    );
    return row === undefined ? null : asFloats(row.vector);
  }
}

const memories = new WeakMap<Statements, Map<number, VectorMemory>>();

/** Returns the vectors in memory of an index. They outlive the index object, which every rollback recreates. */
export function memoryOf(sql: Statements, index: number, dimensions: number): VectorMemory {
  const ofFile = memories.get(sql) ?? new Map<number, VectorMemory>();
  memories.set(sql, ofFile);
  const memory = ofFile.get(index) ?? new VectorMemory(sql, index, dimensions);
  ofFile.set(index, memory);
  return memory;
}
