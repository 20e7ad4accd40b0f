import { jsonToConvex, type JSONValue } from "convex/values";
import { NOBODY, type Identity } from "../auth/identity.ts";
import { newRecord, type Trace } from "../meter.ts";
import type { Engine } from "../runtime.ts";
import type { Transaction } from "../transaction/transactor.ts";
import type { Usage } from "../transaction/usage.ts";
import { parseJson } from "../values/json.ts";
import { checkPassedValue } from "../values/limits.ts";
import { validate } from "../values/validate.ts";
import { runAs, type Call, type RequestMetadata } from "./context.ts";
import { toFunctionError } from "./errors.ts";
import type { FunctionPath, ResolvedFunction } from "./registry.ts";

/** On whose behalf a function runs, and who keeps the account. */
interface Caller {
  identity: Identity;
  request: RequestMetadata;
  trace: Trace;
  depth: number;
}

/** `ctx.run*` inside `ctx.run*`, and so on, at most this deep. */
const MAX_DEPTH = 8;

function newCall(
  engine: Engine,
  fn: ResolvedFunction,
  caller: Caller,
  transaction: Transaction | null,
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
    depth: caller.depth,
    paginated: false,
    scans: new Map(),
    nested: null,
  };
}

/** Run a handler: arguments and result checked by its own validators and by Convex's limits. */
async function execute(fn: ResolvedFunction, call: Call, args: JSONValue): Promise<string> {
  const { catalog } = call.engine;
  const isIdOf = (table: string, id: string) => catalog.isIdOf(fn.component, table, id);
  const value = jsonToConvex(args);
  checkPassedValue(value, "arguments");
  validate(fn.args, value, "ArgumentValidationError", isIdOf);
  const text = await runAs(call, () =>
    fn.invoke(`[${JSON.stringify(args)}]`, call.request.requestId),
  );
  const result = jsonToConvex(parseJson(text));
  checkPassedValue(result, "return value");
  if (fn.returns !== null) validate(fn.returns, result, "ReturnsValidationError", isIdOf);
  return text;
}

/** Run a call, keeping its line of the account whether it succeeds or not. */
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
  const before = call.transaction?.account.used;
  const start = performance.now();
  try {
    return await work();
  } catch (thrown) {
    const error = toFunctionError(thrown);
    record.error = error.message;
    throw error;
  } finally {
    record.ms = performance.now() - start;
    const used = call.transaction?.account.used;
    if (used && before)
      for (const name of Object.keys(used) as (keyof Usage)[])
        record[name] = used[name] - before[name];
    call.engine.meter.record(record, call.trace);
  }
}

/**
 * Run a function as a request of its own: a query or mutation in a transaction of its own, an
 * action outside of any. Resolves to the JSON of its result, once that is durable. What
 * `alsoCommit` writes shares a mutation's fate: both are durable, or neither.
 */
export async function runFunction(
  engine: Engine,
  fn: ResolvedFunction,
  args: JSONValue,
  caller: Caller,
  alsoCommit?: () => void,
): Promise<string> {
  if (fn.type === "action") {
    const call = newCall(engine, fn, caller, null);
    return await metered(call, false, () => execute(fn, call, args));
  }
  const inTransaction = (transaction: Transaction) => {
    const call = newCall(engine, fn, caller, transaction);
    return metered(call, false, () => {
      alsoCommit?.();
      return execute(fn, call, args);
    });
  };
  if (fn.type === "query") return await engine.transactor.query(inTransaction);
  // What a scheduled mutation also commits is that it ran: lost together, it runs again.
  return await engine.commit(inTransaction, alsoCommit !== undefined);
}

/** Run a query or mutation inside the caller's transaction; its writes are undone if it throws. */
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
    transaction.assertOpen();
    const fn = expectType(engine.registry.resolve(where), kind);
    // Identity does not cross into another component.
    const identity = fn.component === parent.component ? parent.identity : NOBODY;
    const caller = { ...parent, identity, depth: parent.depth + 1 };
    const call = newCall(engine, fn, caller, transaction);
    return await engine.transactor.nested(transaction, limits, () =>
      metered(call, true, () => execute(fn, call, args)),
    );
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
