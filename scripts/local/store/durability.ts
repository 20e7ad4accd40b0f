import { closeSync, fdatasync, openSync } from "node:fs";

/**
 * Waits for commits to reach the disk. SQLite writes them to its log and goes on; the log is synchronised
 * here, off the main thread. All commits made while one synchronisation is under way share the next one,
 * so that requests which wait together wait once. A lone one waits for nobody.
 *
 * The log is written in order: one synchronisation makes everything before it durable as well.
 */
export class Durability {
  readonly #path: string;
  #log: number | null = null;
  #committed = 0;
  #durable = 0;
  #isSyncing = false;
  #synchronisations = 0;
  #failure: Error | null = null;
  #waiting: { upTo: number; resolve: () => void; reject: (error: Error) => void }[] = [];

  /** `path` is the data file's; its log is beside it. */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  /** How often the disk was waited for. */
  get synchronisations(): number {
    return this.#synchronisations;
  }

  /** A transaction was committed. */
  committed(): void {
    this.#committed++;
  }

  /** Resolves when everything committed so far is on the disk. */
  wait(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const upTo = this.#committed;
    if (upTo <= this.#durable) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ upTo, resolve, reject });
      if (!this.#isSyncing) this.#sync();
    });
  }

  #sync(): void {
    const upTo = this.#committed;
    this.#isSyncing = true;
    this.#synchronisations++;
    try {
      this.#log ??= openSync(this.#path, "r+");
      fdatasync(this.#log, (error) => {
        this.#ended(upTo, error);
      });
    } catch (error) {
      this.#ended(upTo, error instanceof Error ? error : new Error("The log cannot be opened"));
    }
  }

  #ended(upTo: number, error: Error | null): void {
    this.#isSyncing = false;
    if (error === null) this.#durable = upTo;
    // What a failed synchronisation left on the disk is not known: nothing is promised any more.
    else this.#failure = new Error(`The disk refused to store data: ${String(error)}`);
    this.#settle();
    if (this.#waiting.length > 0) this.#sync();
  }

  #settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (this.#failure !== null) one.reject(this.#failure);
      else if (one.upTo <= this.#durable) one.resolve();
      else this.#waiting.push(one);
    }
  }

  /** Close the log; nothing may be committed any more. */
  async close(): Promise<void> {
    if (this.#failure === null) await this.wait();
    if (this.#log !== null) closeSync(this.#log);
    this.#log = null;
  }
}
