import type { CallRecord, Trace } from "../callRecord.ts";
import type { FunctionType } from "../functions/registry.ts";

/** The highest values of all calls of one function. */
export interface FunctionPeak {
  name: string;
  component: string;
  type: FunctionType;
  calls: number;
  /** Number of failed calls. */
  failed: number;
  /** The longest running JavaScript of a call; 0 for actions, which have no such limit. */
  userMs: number;
  /** The most memory seen while it ran; null unless an engine with `heapMiB` measures it. */
  heapBytes: number | null;
  /** The most documents and bytes a call read. */
  documentsRead: number;
  bytesRead: number;
  /**
   * The most that a call used of the write window: for a mutation, all its writes; for an action, the most
   * that its mutations wrote within one second.
   */
  writeBurstBytes: number;
}

const SECOND_MS = 1000;

/** The most bytes that calls ending within one second used of the write window. */
function burst(calls: readonly CallRecord[]): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const call of calls) {
    sum += call.windowBytes;
    while ((calls[first]?.endedAt ?? Infinity) <= call.endedAt - SECOND_MS)
      sum -= calls[first++]?.windowBytes ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}

function writeBurst(call: CallRecord, trace: Trace): number {
  const isTransaction = call.type === "mutation" || call.type === "query";
  return isTransaction ? call.windowBytes : burst(trace.calls.filter((one) => !one.isNested));
}

/** Keeps the highest values of each function's calls. */
export class Peaks {
  readonly #byFunction = new Map<string, FunctionPeak>();

  record(call: CallRecord, trace: Trace): void {
    const peak = this.#peakOf(call);
    peak.calls++;
    if (call.error !== null) peak.failed++;
    peak.userMs = Math.max(peak.userMs, call.userMs);
    if (call.heapBytes !== null) peak.heapBytes = Math.max(peak.heapBytes ?? 0, call.heapBytes);
    peak.documentsRead = Math.max(peak.documentsRead, call.documentsRead);
    peak.bytesRead = Math.max(peak.bytesRead, call.bytesRead);
    peak.writeBurstBytes = Math.max(peak.writeBurstBytes, writeBurst(call, trace));
  }

  #peakOf(call: CallRecord): FunctionPeak {
    const key = `${call.component}:${call.type}:${call.name}`;
    let peak = this.#byFunction.get(key);
    if (peak === undefined) {
      peak = newPeak(call);
      this.#byFunction.set(key, peak);
    }
    return peak;
  }

  /** The peaks of all functions called so far, longest running JavaScript first. */
  all(): FunctionPeak[] {
    const peaks = [...this.#byFunction.values()].map((peak) => ({ ...peak }));
    return peaks.sort((a, b) => b.userMs - a.userMs);
  }

  forget(): void {
    this.#byFunction.clear();
  }
}

function newPeak({ name, component, type }: CallRecord): FunctionPeak {
  const nothing = { calls: 0, failed: 0, userMs: 0, heapBytes: null };
  return {
    ...{ name, component, type, ...nothing },
    documentsRead: 0,
    bytesRead: 0,
    writeBurstBytes: 0,
  };
}
