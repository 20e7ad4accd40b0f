import { NOBODY } from "../auth/identity.ts";
import { searchVectors, type VectorQuery } from "../search/vectorSearch.ts";
import type { Usage } from "../transaction/usage.ts";
import type { JsonObject } from "../values/json.ts";
import { argumentsIn, argumentsOf } from "./arguments.ts";
import { calledBy, expectType, runFunction, runNested } from "./call.ts";
import type { Call } from "./context.ts";
import { resolveAddress, type ResolvedFunction } from "./registry.ts";
import type { AsyncSyscall } from "./syscallTypes.ts";

function address(call: Call, args: JsonObject) {
  return resolveAddress(call.component, args);
}

/** `ctx.run*` of an action: a separate request with the same identity. */
function fromAction(type: ResolvedFunction["type"]): AsyncSyscall {
  return (call, args, _text, list) => {
    if (call.transaction !== null) throw new Error(`Unknown async operation actions/${type}`);
    const fn = expectType(call.engine.registry.resolve(address(call, args)), type);
    const identity = fn.component === call.component ? call.identity : NOBODY;
    const passed = list === undefined ? argumentsOf(args["args"] ?? {}) : argumentsIn(list);
    return runFunction(call.engine, fn, passed, calledBy(call, identity));
  };
}

export const callSyscalls: Record<string, AsyncSyscall> = {
  "1.0/actions/query": fromAction("query"),
  "1.0/actions/mutation": fromAction("mutation"),
  "1.0/actions/action": fromAction("action"),
  "1.0/runUdf": (call, args) => {
    const kind = args["udfType"] === "mutation" ? "mutation" : "query";
    if (kind === "mutation" && call.type !== "mutation")
      throw new Error("Only mutations can run mutations in their transaction");
    const limits = args["transactionLimits"] as Partial<Usage> | undefined;
    return runNested(call, address(call, args), kind, args["args"] ?? {}, limits);
  },
  "1.0/actions/vectorSearch": async (call, args) => {
    if (call.transaction !== null) throw new Error("Vector search is only available in actions");
    const results = await searchVectors(call, args["query"] as unknown as VectorQuery);
    return JSON.stringify({ results });
  },
};
