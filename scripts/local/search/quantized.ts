/** Vectors computed between two looks at what else the process has to do: about 3 ms. */
const CHUNK = 2000;
const BLOCK = 1024;
/** More than what Float32 loses in a sum of products of unit vectors. */
const ROUNDING = 1e-5;

/**
 * Unit vectors at a byte a dimension, a quarter of Float32. Which vectors may be nearest is decided
 * exactly all the same: each keeps the distance `error` between itself and what is stored of it, so
 * that for a query `q` of unit length, by Cauchy and Schwarz, `|q·vector - q·stored| ≤ error`.
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

  /** Keep a vector; one of the same document is replaced. */
  set(seq: number, vector: Float32Array): void {
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
    // No view of its own: to make one takes as long as to compute.
    const block = this.#block(slot);
    const start = (slot % BLOCK) * this.#dimensions;
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += (query[i] ?? 0) * (block[start + i] ?? 0);
    return sum * (this.#scales[slot] ?? 0);
  }

  /**
   * The documents among `seqs` that may be one of the `limit` nearest to a unit vector: all that are,
   * and a few more whose place only their exact score can tell. Nothing may change meanwhile.
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
    // At least `limit` documents score this much; whoever cannot reach it is none of the nearest.
    const sure =
      scores
        .map((score, i) => score - error(i))
        .sort()
        .at(-limit) ?? -Infinity;
    return known.filter((_, i) => (scores[i] ?? 0) + error(i) >= sure);
  }
}
