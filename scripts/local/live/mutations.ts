import { argumentsOf } from "../functions/arguments.ts";
import { runFunction, type Caller } from "../functions/call.ts";
import { toClientError, toFunctionError } from "../functions/errors.ts";
import type { Engine } from "../runtime.ts";
import { MAX_PENDING_CALLS } from "./bounds.ts";
import { encodeTimestamp, type CallRequest } from "./protocol.ts";
import { ProtocolError } from "./protocolError.ts";
import type { CommittedResult, RequestName, Results } from "./results.ts";

/** Runs the mutations of one socket in the order in which they arrived, one at a time. */
export class MutationQueue {
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #track: (running: Promise<void>) => void;
  #isRunning = false;

  /** `track` receives a promise that resolves when no mutation runs or waits. */
  constructor(track: (running: Promise<void>) => void) {
    this.#track = track;
  }

  /** Adds work, which must not reject. Throws an `overloaded` error if `MAX_PENDING_CALLS` already wait. */
  add(work: () => Promise<void>): void {
    if (this.#waiting.length >= MAX_PENDING_CALLS)
      throw new ProtocolError("overloaded", `More than ${MAX_PENDING_CALLS} pending mutations`);
    this.#waiting.push(work);
    if (!this.#isRunning) this.#track(this.#run());
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let work = this.#waiting.shift(); work; work = this.#waiting.shift()) await work();
    this.#isRunning = false;
  }

  /** Drops the waiting mutations, because the client sends them again over its next socket. */
  clear(): void {
    this.#waiting.length = 0;
  }
}

/**
 * Runs a mutation, or returns the stored result if the same request was committed before. Calls `committing`
 * just before the commit. Rejects if the function fails.
 */
async function commitOnce(
  { engine, results }: { engine: Engine; results: Results },
  { udfPath, args }: CallRequest,
  { name, caller, committing }: MutationContext,
): Promise<CommittedResult> {
  const fn = engine.registry.resolvePublic(udfPath, "mutation");
  let timestamp = 0n;
  const result = await runFunction(engine, fn, argumentsOf(args[0] ?? {}), caller, {
    isRepeatable: false,
    within: async (transaction, run) => {
      const earlier = name === null ? null : results.find(name);
      if (earlier !== null) {
        timestamp = earlier.timestamp;
        return earlier.result;
      }
      const value = await run();
      // After its time-out, the mutation is rolled back and answered, although it still runs until here.
      transaction.assertOpen();
      timestamp = transaction.timestamp;
      if (name !== null) results.add(name, { result: value, timestamp });
      committing();
      return value;
    },
  });
  return { result, timestamp };
}

interface MutationContext {
  /** Null if the client has not named its session. */
  name: RequestName | null;
  caller: Caller;
  committing: () => void;
}

/** Runs a mutation of a client; resolves to its `MutationResponse`. */
export async function mutationResponse(
  parts: { engine: Engine; results: Results },
  request: CallRequest,
  context: MutationContext,
): Promise<string> {
  const { requestId } = request;
  try {
    const { result, timestamp } = await commitOnce(parts, request, context);
    return `{"type":"MutationResponse","requestId":${requestId},"success":true,"result":${result},"ts":"${encodeTimestamp(timestamp)}","logLines":[]}`;
  } catch (thrown) {
    return failure("MutationResponse", parts.engine, request, context.caller, thrown);
  }
}

/** Runs an action of a client; resolves to its `ActionResponse`. */
export async function actionResponse(
  engine: Engine,
  request: CallRequest,
  caller: Caller,
): Promise<string> {
  const { requestId, udfPath, args } = request;
  try {
    const fn = engine.registry.resolvePublic(udfPath, "action");
    const result = await runFunction(engine, fn, argumentsOf(args[0] ?? {}), caller);
    return `{"type":"ActionResponse","requestId":${requestId},"success":true,"result":${result},"logLines":[]}`;
  } catch (thrown) {
    return failure("ActionResponse", engine, request, caller, thrown);
  }
}

function failure(
  type: "MutationResponse" | "ActionResponse",
  engine: Engine,
  { requestId, udfPath }: CallRequest,
  caller: Caller,
  thrown: unknown,
): string {
  const error = toFunctionError(thrown);
  engine.log({ level: "error", function: udfPath, words: [error.stack ?? error.message] });
  const { errorMessage, ...data } = toClientError(error, caller.request.requestId);
  return JSON.stringify({
    ...{ type, requestId, success: false, result: errorMessage, logLines: [] },
    ...data,
  });
}
