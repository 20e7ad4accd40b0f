import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Memory may grow by this much before garbage is collected to measure what is in use. */
const GARBAGE_BYTES = 4 << 20;

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/**
 * Measures how much of the heap is in use. It can measure only while a function waits for the engine, and
 * between calls; a peak in between shows only if the process runs out of memory.
 */
export class HeapProbe {
  readonly #collect = collector();
  readonly #base: number;
  #inUse: number;

  /** Memory in use at construction belongs to the engine and is not counted. */
  constructor() {
    this.#collect();
    this.#base = process.memoryUsage().heapUsed;
    this.#inUse = this.#base;
  }

  /** Returns the bytes in use by functions and their modules. */
  sample(): number {
    const used = process.memoryUsage().heapUsed;
    if (used > this.#inUse + GARBAGE_BYTES) {
      this.#collect();
      this.#inUse = process.memoryUsage().heapUsed;
    }
    return Math.max(0, Math.min(used, this.#inUse + GARBAGE_BYTES) - this.#base);
  }
}
