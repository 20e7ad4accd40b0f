import { afterKey } from "../values/keys.ts";

/** Keys of one ordered index: lower ≤ key < upper. */
export interface KeyRange {
  lower: Buffer;
  upper: Buffer;
}

/** The most ranges kept for one index of a read set. If there are more, one range covers them all. */
const MAX_RANGES = 256;

/**
 * Records everything that a query has read, so that later writes can be compared with it. A document read by
 * its id counts as a range of the index `by_id`. A text search counts as reading its whole table, because every
 * document of the table can change the order of the results.
 */
export class ReadSet {
  readonly #ranges = new Map<number, KeyRange[]>();
  readonly #tables = new Set<number>();

  /** Adds a range of an index. The scan that reads it may widen the range until the transaction ends. */
  addRange(index: number, range: KeyRange): void {
    const known = this.#ranges.get(index);
    if (known === undefined) this.#ranges.set(index, [range]);
    else known.push(range);
  }

  addTable(table: number): void {
    this.#tables.add(table);
  }

  /** Returns the ranges by index number: sorted, without overlaps, and at most `MAX_RANGES` of one index. */
  ranges(): Map<number, KeyRange[]> {
    return new Map([...this.#ranges].map(([index, ranges]) => [index, merged(ranges)]));
  }

  /** Returns the numbers of the tables that were read as a whole. */
  tables(): ReadonlySet<number> {
    return this.#tables;
  }
}

/** The part of an index range that a scan has read so far; it grows row by row. */
export class ReadPart implements KeyRange {
  readonly #whole: KeyRange;
  readonly #isAscending: boolean;
  /** The key of the last row that was read; "none" before the first, "end" after the last. */
  #last: Buffer | "none" | "end" = "none";

  constructor(reads: ReadSet, index: number, whole: KeyRange, order: "asc" | "desc") {
    this.#isAscending = order === "asc";
    const { lower, upper } = whole;
    this.#whole = { lower, upper };
    reads.addRange(index, this);
  }

  /** Records that everything up to this key was read; without a key, everything to the end. */
  upTo(key: Buffer | undefined): void {
    this.#last = key ?? "end";
  }

  get lower(): Buffer {
    const { lower, upper } = this.#whole;
    if (this.#isAscending || this.#last === "end") return lower;
    return this.#last === "none" ? upper : this.#last;
  }

  get upper(): Buffer {
    const { lower, upper } = this.#whole;
    if (!this.#isAscending || this.#last === "end") return upper;
    return this.#last === "none" ? lower : afterKey(this.#last);
  }
}

function merged(ranges: KeyRange[]): KeyRange[] {
  const result: KeyRange[] = [];
  for (const range of [...ranges].sort((a, b) => Buffer.compare(a.lower, b.lower))) {
    if (Buffer.compare(range.lower, range.upper) >= 0) continue;
    const last = result.at(-1);
    if (last !== undefined && Buffer.compare(range.lower, last.upper) <= 0)
      last.upper = later(last.upper, range.upper);
    else result.push({ lower: range.lower, upper: range.upper });
  }
  const [first] = result;
  const last = result.at(-1);
  if (result.length <= MAX_RANGES || first === undefined || last === undefined) return result;
  return [{ lower: first.lower, upper: last.upper }];
}

function later(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) > 0 ? a : b;
}

/** Returns whether one of the keys, which are sorted, lies in one of the ranges. */
export function isTouched(ranges: readonly KeyRange[], keys: readonly Buffer[]): boolean {
  return ranges.some(({ lower, upper }) => {
    const key = keys[firstAtLeast(keys, lower)];
    return key !== undefined && Buffer.compare(key, upper) < 0;
  });
}

/** Returns the position of the first of the sorted keys that is not below `bound`. */
function firstAtLeast(keys: readonly Buffer[], bound: Buffer): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = keys[middle];
    if (key !== undefined && Buffer.compare(key, bound) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
