import type { JsonObject } from "../values/json.ts";
import type { Call } from "./context.ts";

/** A syscall that the `convex` package makes to its backend. Arguments and results are JSON. */
export type SyncSyscall = (call: Call, args: JsonObject) => string;
/** The same, where the package awaits the result; `text` is the JSON text of the arguments. */
export type AsyncSyscall = (call: Call, args: JsonObject, text: string) => string | Promise<string>;
