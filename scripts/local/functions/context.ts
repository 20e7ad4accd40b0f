import type { Identity } from "../auth/identity.ts";
import type { Trace } from "../callRecord.ts";
import { EndedError, type Transaction } from "../transaction/transaction.ts";
import type { Scan } from "../transaction/queries.ts";
import type { Engine, FunctionHost } from "../runtime.ts";
import { bind, newAsyncContext } from "./asyncContext.ts";
import type { FunctionPath, FunctionType } from "./registry.ts";

/** The origin of a request, as `ctx.meta.getRequestMetadata()` returns it. */
export interface RequestMetadata {
  ip: string | null;
  userAgent: string | null;
  requestId: string;
  scheduledFunctionId: string | null;
  authToken: string | null;
}

/** Who calls a function: the identity and the request that it runs for. */
export interface Origin {
  identity: Identity;
  request: RequestMetadata;
}

/** One running function. The globals of functions find it by the asynchronous context. */
export interface RunningCall extends FunctionPath, Origin {
  engine: FunctionHost;
  type: FunctionType;
  /** Null in actions, which have no database of their own. */
  transaction: Transaction | null;
  /** The highest memory use seen while it ran; null unless the engine measures memory. */
  heapBytes: number | null;
}

/** A running function whose syscalls this thread answers. */
export interface Call extends RunningCall {
  engine: Engine;
  trace: Trace;
  /** The function that called it in the same transaction; null for others. */
  parent: Call | null;
  /** False once a query's or mutation's handler has ended. */
  isOpen: boolean;
  /** Number of enclosing `run*` calls. */
  depth: number;
  /** `.paginate()` is allowed once. */
  paginated: boolean;
  scans: Map<number, Scan>;
  /** The nested call in progress. Operations of the caller wait for it, because a rollback would undo them too. */
  nested: Promise<unknown> | null;
}

/** Throws if a query or mutation, or one that called it, has ended: nobody waits for what it still does. */
export function assertOpen(call: Call): void {
  call.transaction?.assertOpen();
  for (let at: Call | null = call; at !== null; at = at.parent)
    if (!at.isOpen) throw new EndedError();
}

/** Measures the memory in use, if the engine does, and keeps the maximum for the call. */
export function sampleHeap(call: RunningCall): void {
  if (call.engine.heap === null) return;
  call.heapBytes = Math.max(call.heapBytes ?? 0, call.engine.heap.sample());
}

const calls = newAsyncContext<RunningCall>();

/** Returns the running function, or undefined outside of one. */
export function currentCall(): RunningCall | undefined {
  return calls.getStore();
}

export function runAs<T>(call: RunningCall, work: () => Promise<T>): Promise<T> {
  return calls.run(call, work);
}

/** Returns a callback that runs as part of the running function. */
export function inCall<A extends unknown[], R>(callback: (...args: A) => R): (...args: A) => R {
  return bind(calls, callback);
}

/** Runs engine work outside of the function that caused it. */
export function outside<T>(work: () => T): T {
  return calls.exit(work);
}
