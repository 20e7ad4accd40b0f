import { parseJson, type JsonObject } from "../values/json.ts";
import { storageGet, storageStore, storageSyscalls } from "../storage/syscalls.ts";
import { scheduleSyscalls } from "../scheduler/syscalls.ts";
import { sqliteCode } from "../store/sqlite.ts";
import { callSyscalls } from "./callSyscalls.ts";
import { assertOpen, currentCall, sampleHeap, type Call, type RunningCall } from "./context.ts";
import { databaseSyscalls, databaseSyncSyscalls } from "./databaseSyscalls.ts";
import { toFunctionError } from "./errors.ts";
import { originSyscalls } from "./originSyscalls.ts";
import { OUTSIDE_OF_FUNCTIONS, type AsyncSyscall, type Backend } from "./syscallTypes.ts";
import { checkUserTime } from "./userTime.ts";

/** The syscalls that the `convex` package makes to its backend, by name; each directory implements its own. */
const ASYNC: Record<string, AsyncSyscall> = {
  ...databaseSyscalls,
  ...callSyscalls,
  ...originSyscalls,
  ...scheduleSyscalls,
  ...storageSyscalls,
};

/** Whether this thread answers the syscalls of a function. */
function isAnsweredHere(call: RunningCall): call is Call {
  return "transactor" in call.engine;
}

function runningCall(): Call {
  const call = currentCall();
  if (call === undefined || !isAnsweredHere(call)) throw new Error(OUTSIDE_OF_FUNCTIONS);
  return call;
}

function syscall(op: string, text: string): string {
  const call = runningCall();
  const answer = databaseSyncSyscalls[op];
  if (answer === undefined) throw new Error(`Unknown operation ${op}`);
  assertOpen(call);
  return answer(call, parseJson<JsonObject>(text));
}

/** Operations that wait for the nested call in progress themselves. */
const QUEUES_ITSELF = new Set(["1.0/runUdf"]);

/** Answers a syscall that a function awaits. Rejects with a `FunctionError`. */
export async function answerSyscall(
  call: Call,
  op: string,
  text: string,
  list?: string,
): Promise<string> {
  const answer = ASYNC[op];
  if (answer === undefined) throw new Error(`Unknown async operation ${op}`);
  try {
    // Operations of the caller wait, so that a rollback of the nested call does not undo them.
    while (call.nested !== null && !QUEUES_ITSELF.has(op)) await call.nested;
    return await answerTimed(call, () => answer(call, parseJson<JsonObject>(text), text, list));
  } catch (thrown) {
    noteFault(call, thrown);
    throw toFunctionError(thrown);
  }
}

/** Keeps an error of the database, because the `convex` package passes only its message to the function. */
function noteFault({ transaction }: Call, thrown: unknown): void {
  if (transaction !== null && thrown instanceof Error && sqliteCode(thrown) !== null)
    transaction.fault ??= thrown;
}

/** Runs a syscall with the function's clock paused, because database time does not count as its own. */
function answerTimed(call: Call, answer: () => string | Promise<string>): string | Promise<string> {
  const clock = call.transaction?.clock;
  clock?.pause();
  sampleHeap(call);
  checkUserTime(call);
  assertOpen(call);
  const result = answer();
  clock?.resume();
  if (clock === undefined || typeof result === "string") return result;
  return result.finally(() => {
    clock.resume();
  });
}

/** Answers a syscall whose arguments are not JSON: blobs of file storage. */
export async function answerJsSyscall(
  call: Call,
  op: string,
  args: Record<string, unknown>,
): Promise<string | Blob | null> {
  if (op === "storage/storeBlob") return await storageStore(call, args);
  if (op === "storage/getBlob") return await storageGet(call, args);
  throw new Error(`Unknown operation ${op}`);
}

/** Answers the syscalls of functions that run in this thread. */
export const engineBackend: Backend = {
  syscall,
  asyncSyscall: async (op, text) => await answerSyscall(runningCall(), op, text),
  jsSyscall: async (op, args) => await answerJsSyscall(runningCall(), op, args),
};
