import type { JsonObject } from "../values/json.ts";
import type { Call } from "./context.ts";

/** A syscall that the `convex` package makes to its backend. Arguments and results are JSON. */
export type SyncSyscall = (call: Call, args: JsonObject) => string;
/**
 * The same, where the package awaits the result; `text` is the JSON text of the arguments, without the list of arguments
 * that `takeArguments` may have taken out of it.
 */
export type AsyncSyscall = (
  call: Call,
  args: JsonObject,
  text: string,
  list?: string,
) => string | Promise<string>;

/** Convex's message for a syscall that no function makes. */
export const OUTSIDE_OF_FUNCTIONS =
  "The Convex database and auth objects are being used outside of a Convex function.";

/** The object through which the `convex` package makes its syscalls. */
export interface Backend {
  syscall(this: void, op: string, args: string): string;
  asyncSyscall(this: void, op: string, args: string): Promise<string>;
  /** Syscalls whose arguments are not JSON: blobs of file storage. */
  jsSyscall(this: void, op: string, args: Record<string, unknown>): unknown;
}
