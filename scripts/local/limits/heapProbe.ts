import { garbageCollector } from "./garbage.ts";

/** Memory may grow by this much before garbage is collected to measure what is in use. */
const GARBAGE_BYTES = 4 << 20;

/** Garbage is always collected above this, because such values are compared with a budget (48 MiB). */
const EXACT_ABOVE_BYTES = 40 << 20;

/**
 * Measures how much of the heap is in use. It can measure only while a function waits for the engine, and
 * between calls; a peak in between shows only if the process runs out of memory.
 */
export class HeapProbe {
  readonly #collect = garbageCollector();
  readonly #base: number;
  #inUse: number;

  /** Memory in use at construction belongs to the engine and is not counted. */
  constructor() {
    this.#collect();
    this.#base = process.memoryUsage().heapUsed;
    this.#inUse = this.#base;
  }

  /** Returns the bytes in use by functions and their modules. Up to 40 MiB, they may include some garbage. */
  sample(): number {
    let used = process.memoryUsage().heapUsed;
    if (used > this.#inUse + GARBAGE_BYTES || used > this.#base + EXACT_ABOVE_BYTES) {
      this.#collect();
      used = process.memoryUsage().heapUsed;
      this.#inUse = used;
    }
    // V8 may have collected garbage itself.
    this.#inUse = Math.min(this.#inUse, used);
    return Math.max(0, used - this.#base);
  }
}
