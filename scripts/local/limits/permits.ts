/** How long a deployment lets an action wait for a permit. */
const WAIT_MS = 5000;

/** Too many actions are running, and none ended in time. */
export class TooManyConcurrentError extends Error {
  override name = "TooManyConcurrentError";

  constructor() {
    super("TooManyConcurrentRequests: Too many concurrent requests, backoff and try again.");
  }
}

/** A semaphore: a bounded number of holders at a time; the others wait in order, for at most five seconds. */
export class Permits {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Runs `work` while holding a permit. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    await this.#acquire();
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  async #acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(take);
        reject(new TooManyConcurrentError());
      }, WAIT_MS);
      const take = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(take);
    });
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
