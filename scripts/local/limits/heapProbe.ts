import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Memory may grow by so much before garbage is told from what is in use. */
const GARBAGE_BYTES = 4 << 20;

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/**
 * Looks how much of the heap is in use. It can only look while a function waits for the engine, and
 * between calls; what a function needs in between shows by running out of memory.
 */
export class HeapProbe {
  readonly #collect = collector();
  readonly #base: number;
  #inUse: number;

  /** What is in use now is the engine's own, and not counted. */
  constructor() {
    this.#collect();
    this.#base = process.memoryUsage().heapUsed;
    this.#inUse = this.#base;
  }

  /** Bytes in use now: what functions hold, and their modules. */
  sample(): number {
    const used = process.memoryUsage().heapUsed;
    if (used > this.#inUse + GARBAGE_BYTES) {
      this.#collect();
      this.#inUse = process.memoryUsage().heapUsed;
    }
    return Math.max(0, Math.min(used, this.#inUse + GARBAGE_BYTES) - this.#base);
  }
}
