import { parentPort, workerData } from "node:worker_threads";
import { Clock } from "../clock.ts";
import { takeArguments } from "../functions/arguments.ts";
import { loadComponents } from "../functions/components.ts";
import { currentCall, type Origin, type RunningCall } from "../functions/context.ts";
import { toFunctionError } from "../functions/errors.ts";
import { installGlobals } from "../functions/globals.ts";
import { originSyscalls } from "../functions/originSyscalls.ts";
import { Registry } from "../functions/registry.ts";
import { OUTSIDE_OF_FUNCTIONS, type Backend } from "../functions/syscallTypes.ts";
import { loadRoutes, newRunningCall, runHttpAction } from "../http/actions.ts";
import type { BodyReader, Bytes } from "../http/answers.ts";
import type { Incoming } from "../http/messages.ts";
import { sendable, type LogLine } from "../logLine.ts";
import type { FunctionHost } from "../runtime.ts";
import { surviveRejections } from "../strayRejections.ts";
import { parseJson, type JsonObject } from "../values/json.ts";
import { Bodies } from "./bodies.ts";
import { receivedError, sentError } from "./errors.ts";
import type { FromThread, SentRequest, SyscallResult, ThreadData, ToThread } from "./messages.ts";
import { Outbox } from "./outbox.ts";

/** The thread of HTTP actions (`actionThread.ts`). */

const outbox = new Outbox<FromThread>((messages) => {
  parentPort?.postMessage(messages);
});

function post(message: FromThread): void {
  outbox.post(message);
}

function log(line: LogLine): void {
  post({ kind: "log", line: sendable(line) });
}

/** The call of an HTTP action, with the number of its request. */
interface NumberedCall extends RunningCall {
  id: number;
}

function isNumbered(call: RunningCall): call is NumberedCall {
  return "id" in call;
}

const bodies = new Bodies(post);
const syscalls = new Map<
  number,
  { resolve: (value: SyscallResult) => void; reject: (error: Error) => void }
>();
const watched = new Map<number, (hasLeft: boolean) => void>();
let lastSyscall = 0;

/** Lets the engine answer a syscall of the running function. */
async function ask(
  op: string,
  args: string | Record<string, unknown>,
  list?: string,
): Promise<SyscallResult> {
  const call = currentCall();
  if (call === undefined || !isNumbered(call)) throw new Error(OUTSIDE_OF_FUNCTIONS);
  const { id, component, path, identity, request } = call;
  const syscall = ++lastSyscall;
  // Fails here, for its caller, if it cannot be sent.
  if (typeof args !== "string") structuredClone(args);
  return await new Promise((resolve, reject) => {
    syscalls.set(syscall, { resolve, reject });
    const route = { component, name: path };
    post({ kind: "syscall", id, syscall, op, args, list, route, origin: { identity, request } });
  });
}

async function asyncSyscall(op: string, args: string): Promise<string> {
  const call = currentCall();
  const answer = originSyscalls[op];
  try {
    if (call !== undefined && answer !== undefined)
      return answer(call, parseJson<JsonObject>(args));
    const taken = op.startsWith("1.0/actions/") ? takeArguments(args) : null;
    const result = await ask(op, taken?.rest ?? args, taken?.list);
    if (typeof result !== "string") throw new Error(`${op} returned no text`);
    return result;
  } catch (thrown) {
    throw toFunctionError(thrown);
  }
}

const backend: Backend = {
  syscall: () => {
    throw new Error("The database is not available in actions");
  },
  asyncSyscall,
  jsSyscall: ask,
};

async function* chunks(reader: BodyReader): AsyncGenerator<Bytes, void, undefined> {
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}

function incomingOf(id: number, { body, ...request }: SentRequest): Incoming {
  const received = bodies.receive(body);
  return {
    ...request,
    body: received === null || received instanceof Uint8Array ? received : chunks(received),
    whenClosed: (tell) => {
      watched.set(id, tell);
      post({ kind: "watch", id });
    },
  };
}

async function serve(
  host: FunctionHost,
  { id, request, origin }: { id: number; request: SentRequest; origin: Origin },
): Promise<void> {
  try {
    const { answer, route, error } = await runHttpAction(host, incomingOf(id, request), (found) => {
      const call: NumberedCall = { ...newRunningCall(host, found, origin), id };
      return call;
    });
    const sent = { ...answer, body: bodies.send(answer.body) };
    post({ kind: "served", id, answer: sent, route, error });
  } catch (thrown) {
    post({ kind: "failed", id, error: sentError(thrown) });
  }
}

function hear(host: FunctionHost, message: ToThread): void {
  switch (message.kind) {
    case "serve":
      void serve(host, message);
      return;
    case "closed":
      watched.get(message.id)?.(message.hasLeft);
      watched.delete(message.id);
      return;
    case "result":
      syscalls.get(message.syscall)?.resolve(message.value);
      syscalls.delete(message.syscall);
      return;
    case "failure":
      syscalls.get(message.syscall)?.reject(receivedError(message.error));
      syscalls.delete(message.syscall);
      return;
    default:
      bodies.hear(message);
  }
}

function main({ functions, env, clock }: ThreadData): void {
  process.setSourceMapsEnabled(true);
  surviveRejections(log);
  installGlobals(backend);
  const registry = new Registry(loadComponents(functions, env));
  const host: FunctionHost = {
    ...{ registry, env, log, heap: null },
    clock: new Clock(false, clock.startsAt, clock.shared),
  };
  parentPort?.on("message", (messages: ToThread[]) => {
    for (const message of messages) hear(host, message);
  });
  loadRoutes(host);
}

main(workerData as ThreadData);
