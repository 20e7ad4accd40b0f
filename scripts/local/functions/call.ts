import type { JSONValue } from "convex/values";
import { NOBODY, type Identity } from "../auth/identity.ts";
import { withWriteRetries } from "../limits/writeWindow.ts";
import { newRecord, type CallRecord, type Trace } from "../callRecord.ts";
import type { Engine } from "../runtime.ts";
import { newObserved, type Observed, type Transaction } from "../transaction/transaction.ts";
import type { Snapshot } from "../transaction/transactor.ts";
import type { Usage } from "../transaction/usage.ts";
import { jsonValue, parseJson } from "../values/json.ts";
import { checkPassedValue } from "../values/limits.ts";
import { validate } from "../values/validate.ts";
import { argumentsOf, type Arguments } from "./arguments.ts";
import { assertOpen, runAs, sampleHeap, type Call, type RequestMetadata } from "./context.ts";
import { toFunctionError } from "./errors.ts";
import { cacheName } from "./queryCache.ts";
import type { FunctionPath, ResolvedFunction } from "./registry.ts";
import { checkUserTime } from "./userTime.ts";

/** The identity a function runs for, and where its calls are recorded. */
export interface Caller {
  identity: Identity;
  request: RequestMetadata;
  trace: Trace;
  depth: number;
}

/** The caller of what a running function calls. */
export function calledBy({ request, trace, depth }: Call, identity: Identity): Caller {
  return { identity, request, trace, depth: depth + 1 };
}

/** Maximum depth of nested `ctx.run*` calls. */
const MAX_DEPTH = 8;

function newCall(
  engine: Engine,
  fn: ResolvedFunction,
  caller: Caller,
  transaction: Transaction | null,
  parent: Call | null = null,
): Call {
  if (caller.depth > MAX_DEPTH)
    throw new Error(`Cross component call depth limit exceeded (${MAX_DEPTH})`);
  return {
    engine,
    component: fn.component,
    path: fn.path,
    type: fn.type,
    transaction,
    identity: caller.identity,
    request: caller.request,
    trace: caller.trace,
    parent,
    isOpen: true,
    depth: caller.depth,
    paginated: false,
    scans: new Map(),
    heapBytes: null,
    nested: null,
  };
}

/** Runs a handler; checks arguments and result against its validators and Convex's limits. */
async function execute(fn: ResolvedFunction, call: Call, args: Arguments): Promise<string> {
  const { catalog } = call.engine;
  const isIdOf = (table: string, id: string) => catalog.isIdOf(fn.component, table, id);
  const value = jsonValue(args.list, args.value);
  checkPassedValue(value, args.list.length, "arguments");
  validate(fn.args, value, "ArgumentValidationError", isIdOf);
  const text = await invoke(fn, call, args.list);
  const result = jsonValue(text, parseJson(text));
  checkPassedValue(result, text.length, "return value");
  if (fn.returns !== null) validate(fn.returns, result, "ReturnsValidationError", isIdOf);
  return text;
}

/**
 * Runs a handler and measures its JavaScript time; fails if it ran too long or met an error of the database, whatever it
 * returned.
 */
async function invoke(fn: ResolvedFunction, call: Call, argsList: string): Promise<string> {
  const clock = call.transaction?.clock;
  try {
    return await runAs(call, () => {
      clock?.resume();
      return fn.invoke(argsList, call.request.requestId);
    });
  } finally {
    // An action may go on: it has no transaction that could keep half of what it does.
    if (call.transaction !== null) call.isOpen = false;
    clock?.pause();
    sampleHeap(call);
    checkUserTime(call);
    checkFault(call);
  }
}

/** Throws the error of the database that an operation of the transaction met. A function cannot catch it. */
function checkFault({ transaction }: Call): void {
  if (transaction !== null && transaction.fault !== null) throw transaction.fault;
}

/** Runs a call and records it, whether it succeeds or fails. */
async function metered(
  call: Call,
  isNested: boolean,
  work: () => Promise<string>,
): Promise<string> {
  const record = newRecord({
    name: call.path,
    component: call.component,
    type: call.type,
    isNested,
  });
  const { transaction } = call;
  const before = transaction?.account.snapshot();
  const userMs = transaction?.clock.ms ?? 0;
  const start = performance.now();
  try {
    return await work();
  } catch (thrown) {
    const error = toFunctionError(thrown);
    record.error = error.message;
    throw error;
  } finally {
    record.ms = performance.now() - start;
    if (transaction && before) {
      Object.assign(record, transaction.account.since(before));
      record.userMs = transaction.clock.ms - userMs;
    }
    record.heapBytes = call.heapBytes;
    record.endedAt = performance.now();
    call.engine.meter.record(record, call.trace);
  }
}

/** What the engine adds to a mutation's transaction. */
export interface Wrapping {
  /** Calls `run` to run the mutation, or returns another result. Its own writes are committed with the mutation's. */
  within: (transaction: Transaction, run: () => Promise<string>) => Promise<string>;
  /** Whether the mutation runs again if it is lost in a power failure (`Transactor.mutation`). */
  isRepeatable: boolean;
}

/**
 * Runs a function as a request of its own: a query or mutation in a new transaction, an action in none.
 * Resolves to the JSON of its result once that is durable.
 */
export async function runFunction(
  engine: Engine,
  fn: ResolvedFunction,
  args: Arguments,
  caller: Caller,
  wrapping?: Wrapping,
): Promise<string> {
  if (fn.type === "action") {
    const call = newCall(engine, fn, caller, null);
    const run = () => metered(call, false, () => execute(fn, call, args));
    return await engine.runAction(call.path, run);
  }
  if (fn.type === "query") return await runQuery(engine, fn, args, caller);
  const inTransaction = (transaction: Transaction) => {
    const call = newCall(engine, fn, caller, transaction);
    return metered(call, false, () => {
      const run = async () => {
        const result = await execute(fn, call, args);
        // Before the engine's own writes, which would be undone too.
        engine.transactor.undoNested(transaction);
        return result;
      };
      return wrapping === undefined ? run() : wrapping.within(transaction, run);
    });
  };
  return await withWriteRetries(() => engine.commit(inTransaction, wrapping?.isRepeatable));
}

/** Runs a query in a new transaction, unless its result is kept from before (`QueryCache`). */
async function runQuery(
  engine: Engine,
  fn: ResolvedFunction,
  args: Arguments,
  caller: Caller,
): Promise<string> {
  const { queryCache, transactor } = engine;
  const name = queryCache === null ? null : cacheName(fn, caller.identity, args.list);
  const findKept = () => {
    const result = name === null ? undefined : queryCache?.find(name);
    if (result !== undefined) recordAgain(engine, result.calls, caller);
    return result?.text;
  };
  const observed = name === null ? null : newObserved();
  const run = async (transaction: Transaction) => {
    const { calls } = caller.trace;
    const before = calls.length;
    const text = await runIn(transaction, engine, fn, args, caller);
    transactor.undoNested(transaction);
    // After its time-out, commits may have come between.
    if (name !== null && observed !== null && transaction.isOpen)
      queryCache?.add(
        name,
        { text, calls: calls.slice(before).filter(hasRun) },
        {
          ...{ reads: observed.reads, uses: transaction.uses },
        },
      );
    return text;
  };
  const found = findKept();
  if (found !== undefined) return found;
  // Looked for once more in its turn: somebody may have asked the same meanwhile.
  const inTurn = async (transaction: Transaction) => findKept() ?? (await run(transaction));
  return await transactor.query(inTurn, observed);
}

/** Whether a call ran in the turn of a query: kept results are found at any time. */
const hasRun = ({ type, isCached }: CallRecord) => type === "query" && !isCached;

/** Records the calls behind a kept result as if they had run, so that what requests use can be compared. */
function recordAgain({ meter }: Engine, calls: readonly CallRecord[], { trace }: Caller): void {
  const endedAt = performance.now();
  for (const call of calls)
    meter.record({ ...call, isCached: true, ms: 0, userMs: 0, endedAt }, trace);
}

/** Runs a query in a transaction, and records it. */
function runIn(
  transaction: Transaction,
  engine: Engine,
  fn: ResolvedFunction,
  args: Arguments,
  caller: Caller,
): Promise<string> {
  const call = newCall(engine, fn, caller, transaction);
  return metered(call, false, () => execute(fn, call, args));
}

/** Runs a subscribed query on a snapshot and fills `observed`; resolves to the JSON of its result. */
export function runObserved(
  engine: Engine,
  fn: ResolvedFunction,
  args: JSONValue,
  caller: Caller,
  { snapshot, observed }: { snapshot: Snapshot; observed: Observed },
): Promise<string> {
  return snapshot.query(observed, (transaction) =>
    runIn(transaction, engine, fn, argumentsOf(args), caller),
  );
}

/** Runs a query or mutation inside the caller's transaction; rolls back its writes if it throws. */
export function runNested(
  parent: Call,
  where: FunctionPath,
  kind: "query" | "mutation",
  args: JSONValue,
  limits: Partial<Usage> | undefined,
): Promise<string> {
  const { engine, transaction } = parent;
  const before = parent.nested;
  const work = (async () => {
    await before;
    if (transaction === null) throw new Error("Not in a transaction");
    assertOpen(parent);
    const fn = expectType(engine.registry.resolve(where), kind);
    // The identity is not passed to another component.
    const identity = fn.component === parent.component ? parent.identity : NOBODY;
    const caller = calledBy(parent, identity);
    const call = newCall(engine, fn, caller, transaction, parent);
    return await engine.transactor.nested(transaction, limits, async () => {
      const result = await metered(call, true, () => execute(fn, call, argumentsOf(args)));
      // If the caller has not waited, operations of this call may have been refused, and it may have ignored that.
      assertOpen(parent);
      return result;
    });
  })();
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  parent.nested = settled;
  void settled.then(() => {
    if (parent.nested === settled) parent.nested = null;
  });
  return work;
}

export function expectType(fn: ResolvedFunction, type: ResolvedFunction["type"]): ResolvedFunction {
  if (fn.type !== type)
    throw new Error(
      `Trying to execute ${fn.path} as a ${type}, but it is defined as a ${fn.type}.`,
    );
  return fn;
}
