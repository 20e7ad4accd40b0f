import type { JsonObject } from "../values/json.ts";
import type { RunningCall } from "./context.ts";
import { functionHandle, resolveAddress } from "./registry.ts";

/** Syscalls that need nothing but the running function and who called it. */
export const originSyscalls: Record<string, (call: RunningCall, args: JsonObject) => string> = {
  "1.0/createFunctionHandle": ({ component }, args) =>
    JSON.stringify(functionHandle(resolveAddress(component, args))),
  "1.0/getUserIdentity": (call) => {
    const { identity } = call;
    if (identity.kind === "invalid" && call.type === "httpAction") throw new Error(identity.reason);
    return JSON.stringify(identity.kind === "user" ? identity.user : null);
  },
  "1.0/getFunctionMetadata": ({ path, component }) =>
    JSON.stringify({ name: path, componentPath: component }),
  "1.0/getRequestMetadata": (call) => {
    if (call.type === "query") throw new Error("getRequestMetadata() is not available in queries");
    return JSON.stringify(call.request);
  },
  "1.0/getDeploymentMetadata": () => JSON.stringify({ name: "local", region: null, class: "s16" }),
  "1.0/auditLog": () => "null",
};
