/** Vectors compared before yielding to other work: about 3 ms. */
const CHUNK = 2000;
const BLOCK = 1024;
/** More than the rounding error of Float32 in a dot product of unit vectors. */
const ROUNDING = 1e-5;

/**
 * Unit vectors with one byte per dimension, a quarter of Float32. The selection of candidates is still exact:
 * each vector has the distance `error` between itself and its stored form, so that for a query `q` of unit
 * length, by the Cauchy–Schwarz inequality, `|q·vector - q·stored| ≤ error`.
 */
export class QuantizedVectors {
  readonly #dimensions: number;
  readonly #blocks: Int8Array[] = [];
  readonly #seqs: number[] = [];
  readonly #scales: number[] = [];
  readonly #errors: number[] = [];
  readonly #slots = new Map<number, number>();

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  get seqs(): readonly number[] {
    return this.#seqs;
  }

  /**
   * Stores a vector; replaces one of the same document. Leaves out a vector that is not finite, because it has no score,
   * and would exclude vectors that have one.
   */
  set(seq: number, vector: Float32Array): void {
    if (!vector.every(Number.isFinite)) {
      this.delete(seq);
      return;
    }
    const slot = this.#slots.get(seq) ?? this.#seqs.length;
    this.#slots.set(seq, slot);
    this.#seqs[slot] = seq;
    if (slot % BLOCK === 0) this.#blocks[slot / BLOCK] ??= new Int8Array(BLOCK * this.#dimensions);
    const bytes = this.#bytes(slot);
    const scale = vector.reduce((max, x) => Math.max(max, Math.abs(x)), 0) / 127;
    let squares = 0;
    for (let i = 0; i < vector.length; i++) {
      const x = vector[i] ?? 0;
      const byte = scale === 0 ? 0 : Math.round(x / scale);
      bytes[i] = byte;
      squares += (x - byte * scale) ** 2;
    }
    this.#scales[slot] = scale;
    this.#errors[slot] = Math.sqrt(squares) + ROUNDING;
  }

  delete(seq: number): void {
    const slot = this.#slots.get(seq);
    if (slot === undefined) return;
    const last = this.#seqs.length - 1;
    if (slot !== last) {
      const moved = this.#seqs[last] ?? 0;
      this.#bytes(slot).set(this.#bytes(last));
      this.#seqs[slot] = moved;
      this.#scales[slot] = this.#scales[last] ?? 0;
      this.#errors[slot] = this.#errors[last] ?? 0;
      this.#slots.set(moved, slot);
    }
    this.#slots.delete(seq);
    for (const list of [this.#seqs, this.#scales, this.#errors]) list.pop();
  }

  #block(slot: number): Int8Array {
    const block = this.#blocks[Math.floor(slot / BLOCK)];
    if (block === undefined) throw new Error("No such vector");
    return block;
  }

  #bytes(slot: number): Int8Array {
    const start = (slot % BLOCK) * this.#dimensions;
    return this.#block(slot).subarray(start, start + this.#dimensions);
  }

  #dot(query: Float32Array, slot: number): number {
    // Reads the block directly, because creating a view takes as long as the computation.
    const block = this.#block(slot);
    const start = (slot % BLOCK) * this.#dimensions;
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += (query[i] ?? 0) * (block[start + i] ?? 0);
    return sum * (this.#scales[slot] ?? 0);
  }

  /**
   * Returns the documents among `seqs` that may be among the `limit` nearest to a unit vector: all that are,
   * and a few more that only the exact score can exclude. Vectors must not change meanwhile.
   */
  async candidates(query: Float32Array, seqs: readonly number[], limit: number): Promise<number[]> {
    const known = seqs.filter((seq) => this.#slots.has(seq));
    const slots = known.map((seq) => this.#slots.get(seq) ?? 0);
    const scores = new Float64Array(slots.length);
    for (let i = 0; i < slots.length; i++) {
      if (i % CHUNK === CHUNK - 1) await new Promise((resolve) => setImmediate(resolve));
      scores[i] = this.#dot(query, slots[i] ?? 0);
    }
    const error = (i: number) => this.#errors[slots[i] ?? 0] ?? 0;
    // At least `limit` documents have this score; documents that cannot reach it are not among the nearest.
    const sure =
      scores
        .map((score, i) => score - error(i))
        .sort()
        .at(-limit) ?? -Infinity;
    return known.filter((_, i) => (scores[i] ?? 0) + error(i) >= sure);
  }
}
