import { closeSync, fdatasync, openSync } from "node:fs";

/**
 * Waits for commits to reach the disk. SQLite writes them to its log without waiting; the log is synchronised
 * (fsync) here, off the main thread. All commits made during one synchronisation share the next one (group
 * commit). A single commit is synchronised at once.
 *
 * The log is written in order, so one synchronisation makes everything before it durable.
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
  #idle: (() => void)[] = [];

  /** `path` is the data file; its log is next to it. */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  /** Number of synchronisations so far. */
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

  /** Calls `work` when no synchronisation is running: now, or at the end of the one that is. */
  whenIdle(work: () => void): void {
    if (this.#isSyncing) this.#idle.push(work);
    else work();
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
    // After a failed synchronisation the state of the disk is unknown, so no later commit is reported as durable.
    else this.#failure = new Error(`The disk refused to store data: ${String(error)}`);
    this.#settle();
    const idle = this.#idle;
    this.#idle = [];
    for (const work of idle) work();
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

  /** Closes the log; nothing may be committed afterwards. */
  async close(): Promise<void> {
    if (this.#failure === null) await this.wait();
    if (this.#log !== null) closeSync(this.#log);
    this.#log = null;
  }
}
