import type { CallRecord, Trace } from "./callRecord.ts";
import { Peaks } from "./limits/peaks.ts";

/** Totals in the units that a deployment bills and limits. */
interface Totals {
  /** Functions called, including the HTTP action, without nested calls (they share a transaction). */
  functionCalls: number;
  nestedCalls: number;
  /** `db.get` and `db.query` calls. */
  indexRanges: number;
  documentsRead: number;
  bytesRead: number;
  documentsWritten: number;
  bytesWritten: number;
  /** Each declared index of a written row counts as a copy of the row, as billed. */
  indexBytesWritten: number;
  calls: CallRecord[];
}

export interface Measured extends Totals {
  /** The same for functions that ran on schedule meanwhile. */
  background: Totals;
}

/** Sums up calls, of queries that did not run because their results were kept too. A nested call counts as a call, but its reads and writes are already in its caller's. */
export function totalsOf(calls: CallRecord[]): Totals {
  const own = calls.filter((call) => !call.isNested);
  const sum = (read: (call: CallRecord) => number) => own.reduce((n, call) => n + read(call), 0);
  return {
    functionCalls: own.length,
    nestedCalls: calls.length - own.length,
    indexRanges: sum((call) => call.databaseQueries),
    documentsRead: sum((call) => call.documentsRead),
    bytesRead: sum((call) => call.bytesRead),
    documentsWritten: sum((call) => call.documentsWritten),
    bytesWritten: sum((call) => call.bytesWritten),
    indexBytesWritten: sum((call) => call.indexBytesWritten),
    calls,
  };
}

/** Records finished calls; budgets and benches read them with `measure`. */
export class Meter {
  readonly peaks = new Peaks();
  readonly #listeners = new Set<(call: CallRecord, trace: Trace) => void>();

  /** Calls a listener after every call; returns a function that removes it. */
  onCall(listener: (call: CallRecord, trace: Trace) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  record(call: CallRecord, trace: Trace): void {
    trace.calls.push(call);
    this.peaks.record(call, trace);
    for (const listener of this.#listeners) listener(call, trace);
  }

  /** Measures the calls made while `work` runs, requests and background separately. */
  async measure<T>(work: () => Promise<T>): Promise<Measured & { result: T }> {
    const requests: CallRecord[] = [];
    const background: CallRecord[] = [];
    const stop = this.onCall((call, trace) => {
      (trace.kind === "scheduled" ? background : requests).push(call);
    });
    try {
      const result = await work();
      return { ...totalsOf(requests), background: totalsOf(background), result };
    } finally {
      stop();
    }
  }
}
