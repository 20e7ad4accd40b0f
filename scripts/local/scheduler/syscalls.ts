import { getConvexSize, jsonToConvex } from "convex/values";
import type { Call } from "../functions/context.ts";
import { resolveAddress } from "../functions/registry.ts";
import type { AsyncSyscall } from "../functions/syscallTypes.ts";
import { text, type JsonObject } from "../values/json.ts";

function schedule(call: Call, args: JsonObject): string {
  const where = resolveAddress(call.component, args);
  const fn = call.engine.registry.resolve(where);
  if (fn.type === "query")
    throw new Error(`Cannot schedule ${fn.path}: only mutations and actions can be scheduled`);
  const functionArgs = args["args"] ?? {};
  call.transaction?.account.spend({
    functionsScheduled: 1,
    scheduledFunctionArgsBytes: getConvexSize(jsonToConvex(functionArgs)),
  });
  // Convex sends seconds.
  const due = Number(args["ts"]) * 1000;
  const by = call.request.scheduledFunctionId;
  return JSON.stringify(call.engine.jobs.add(call.component, where, functionArgs, due, by));
}

function cancel(call: Call, args: JsonObject): string {
  call.engine.jobs.cancel(call.component, text(args["id"]));
  return "{}";
}

/** Runs in a separate transaction, for actions. */
function committed(work: (call: Call, args: JsonObject) => string): AsyncSyscall {
  return (call, args) =>
    call.engine.commit((transaction) => Promise.resolve(work({ ...call, transaction }, args)));
}

function inMutation(work: (call: Call, args: JsonObject) => string): AsyncSyscall {
  return (call, args) => {
    if (call.type !== "mutation")
      throw new Error("Only mutations and actions can schedule functions");
    return work(call, args);
  };
}

export const scheduleSyscalls: Record<string, AsyncSyscall> = {
  "1.0/schedule": inMutation(schedule),
  "1.0/cancel_job": inMutation(cancel),
  "1.0/actions/schedule": committed(schedule),
  "1.0/actions/cancel_job": committed(cancel),
};
