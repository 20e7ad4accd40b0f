import { type Stored, sumOf } from "./server.ts";

/** What an import of one tool came to. */

export type Fault = { path: string; line?: number; reason: string };

/** Faults that are listed one by one; more are only counted. */
const FAULTS_LISTED = 1_000;

export class Tally {
  files = 0;
  /** Files that were sent before and did not change. */
  unchanged = 0;
  /** Files that `--since` leaves out. */
  tooOld = 0;
  bytes = 0;
  messages = 0;
  /** Messages that were too large, and arrive shortened. */
  shortened = 0;
  faultCount = 0;
  readonly faults: Fault[] = [];
  readonly sessionIds = new Set<string>();
  readonly bookkeeping = new Map<string, number>();
  readonly unknown = new Map<string, number>();
  readonly notes = new Map<string, number>();
  stored: Stored = { inserted: 0, updated: 0, skipped: 0, deleted: 0 };

  constructor(
    readonly source: string,
    readonly label: string,
  ) {}

  addFault(fault: Fault): void {
    this.faultCount += 1;
    if (this.faults.length < FAULTS_LISTED) this.faults.push(fault);
  }

  addStored(messages: Stored): void {
    this.stored = sumOf(this.stored, messages);
  }

  /** What a machine reads. */
  json() {
    const { source, files, unchanged, tooOld, bytes, messages, shortened, faultCount } = this;
    return {
      ...{ source, files, unchanged, tooOld, bytes, sessions: this.sessionIds.size, messages },
      ...{ stored: this.stored, shortened, faultCount, faults: this.faults },
      skipped: Object.fromEntries(this.bookkeeping),
      unknown: Object.fromEntries(this.unknown),
      notes: Object.fromEntries(this.notes),
    };
  }
}

export function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
