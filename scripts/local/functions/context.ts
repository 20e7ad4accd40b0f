import { AsyncLocalStorage } from "node:async_hooks";
import type { Identity } from "../auth/identity.ts";
import type { Trace } from "../meter.ts";
import type { Transaction } from "../transaction/transactor.ts";
import type { Scan } from "../transaction/queries.ts";
import type { Engine } from "../runtime.ts";
import type { FunctionPath, FunctionType } from "./registry.ts";

/** Where a request came from; `ctx.meta.getRequestMetadata()` answers this. */
export interface RequestMetadata {
  ip: string | null;
  userAgent: string | null;
  requestId: string;
  scheduledFunctionId: string | null;
  authToken: string | null;
}

/** One running function. The `convex` package's syscalls find it through async local storage. */
export interface Call extends FunctionPath {
  engine: Engine;
  type: FunctionType;
  /** Null in actions, which have no database of their own. */
  transaction: Transaction | null;
  identity: Identity;
  request: RequestMetadata;
  trace: Trace;
  /** How many `run*` lie above. */
  depth: number;
  /** `.paginate()` is allowed once. */
  paginated: boolean;
  scans: Map<number, Scan>;
  /** The most memory seen in use while it ran; null unless the engine looks. */
  heapBytes: number | null;
  /** The nested call in progress: what the caller does meanwhile waits, or a rollback would take it along. */
  nested: Promise<unknown> | null;
}

/** Look at the memory in use, if the engine does, and keep the most for the call. */
export function sampleHeap(call: Call): void {
  if (call.engine.heap === null) return;
  call.heapBytes = Math.max(call.heapBytes ?? 0, call.engine.heap.sample());
}

const calls = new AsyncLocalStorage<Call>();

/** The function that is running, or undefined outside of one. */
export function currentCall(): Call | undefined {
  return calls.getStore();
}

export function runAs<T>(call: Call, work: () => Promise<T>): Promise<T> {
  return calls.run(call, work);
}

/** Run engine work that must not be taken for a part of the function that caused it. */
export function outside<T>(work: () => T): T {
  return calls.exit(work);
}
