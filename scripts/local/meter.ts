import type { FunctionType } from "./functions/registry.ts";
import { Peaks } from "./limits/peaks.ts";
import { noIndexUsage, noUsage, type IndexUsage, type Usage } from "./transaction/usage.ts";

/** One function call and what its transaction used (zeros for actions, which have none). */
export interface CallRecord extends Usage, IndexUsage {
  /** `module:name`; an HTTP action is `METHOD /route`. */
  name: string;
  component: string;
  type: FunctionType;
  /** Called by `ctx.runQuery`/`runMutation` inside a transaction; its usage is included in the caller's. */
  isNested: boolean;
  /** From the call to its result, including waiting. */
  ms: number;
  /** JavaScript time of a query or mutation, including nested calls; 0 for actions. */
  userMs: number;
  /** The highest memory use measured; null unless an engine with `heapMiB` measures it. */
  heapBytes: number | null;
  /** When it ended, by `performance.now()`. */
  endedAt: number;
  error: string | null;
}

/** All calls that one request, or one scheduled job, caused before it ended. */
export interface Trace {
  kind: "request" | "scheduled" | "internal";
  calls: CallRecord[];
}

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

export function newTrace(kind: Trace["kind"]): Trace {
  return { kind, calls: [] };
}

export function newRecord(
  call: Pick<CallRecord, "name" | "component" | "type" | "isNested">,
): CallRecord {
  const measured = { ms: 0, userMs: 0, heapBytes: null, endedAt: 0, error: null };
  return { ...call, ...noUsage(), ...noIndexUsage(), ...measured };
}

/** Sums up calls. A nested call counts as a call, but its reads and writes are already in its caller's. */
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
