import { currentCall, inCall, type RunningCall } from "./context.ts";
import {
  FunctionDate,
  functionRandom,
  functionRandomUUID,
  functionRandomValues,
} from "./deterministic.ts";
import type { Backend } from "./syscallTypes.ts";
import { PlatformTextDecoder, subtle } from "./webGlobals.ts";

function inTransaction(): boolean {
  const call = currentCall();
  return call !== undefined && call.transaction !== null;
}

function refused(name: string): () => never {
  return () => {
    throw new Error(
      `Can't use ${name}() in queries and mutations. Please consider using an action. See https://docs.convex.dev/functions/actions for more details.`,
    );
  };
}

const LETTERS = { query: "Q", mutation: "M", action: "A", httpAction: "H" } as const;

function log(
  call: RunningCall | undefined,
  level: "log" | "info" | "warn" | "error" | "debug",
  words: unknown[],
): void {
  if (call === undefined) console[level](...words);
  else call.engine.log({ level, function: `${LETTERS[call.type]}(${call.path})`, words });
}

/** The console for functions: each line contains the name of the function that wrote it. */
const functionConsole = Object.create(console, {
  ...Object.fromEntries(
    (["log", "info", "warn", "error", "debug"] as const).map((level) => [
      level,
      { value: (...words: unknown[]) => log(currentCall(), level, words) },
    ]),
  ),
}) as Console;

/** `process.env` for functions: the deployment's variables, or the component's own. */
const env = new Proxy<Record<string, string | undefined>>(
  {},
  {
    get: (_, name) => variable(name),
    has: (_, name) => variable(name) !== undefined,
    ownKeys: () => Object.keys(currentEnv()),
    getOwnPropertyDescriptor: (_, name) =>
      variable(name) === undefined
        ? undefined
        : { value: variable(name), enumerable: true, configurable: true },
  },
);

function variable(name: string | symbol): string | undefined {
  const variables = currentEnv();
  return typeof name === "string" && Object.hasOwn(variables, name) ? variables[name] : undefined;
}

let loadingEnv: Record<string, string | undefined> = {};

function currentEnv(): Record<string, string | undefined> {
  const call = currentCall();
  if (call === undefined) return loadingEnv;
  return call.engine.registry.component(call.component).env ?? call.engine.env;
}

/** Sets the environment for modules that are evaluated outside of any function. */
export function whileLoading<T>(variables: Record<string, string | undefined>, work: () => T): T {
  const before = loadingEnv;
  loadingEnv = variables;
  try {
    return work();
  } finally {
    loadingEnv = before;
  }
}

type Callback = (...args: unknown[]) => void;

/**
 * Returns a callback that runs as part of the running function, and logs what it throws. Nothing could catch it, so
 * it would end the process.
 */
function guarded(callback: Callback): Callback {
  return inCall((...args) => {
    try {
      callback(...args);
    } catch (error) {
      log(currentCall(), "error", [error]);
    }
  });
}

const setTimeoutInCall = (callback: Callback, ms?: number, ...args: unknown[]) =>
  globalThis.setTimeout(guarded(callback), ms, ...args);
const setIntervalInCall = (callback: Callback, ms?: number, ...args: unknown[]) =>
  globalThis.setInterval(guarded(callback), ms, ...args);

const functionGlobals = {
  env,
  console: functionConsole,
  subtle,
  TextDecoder: PlatformTextDecoder,
  Date: FunctionDate,
  random: functionRandom,
  randomUUID: functionRandomUUID,
  getRandomValues: functionRandomValues,
  get fetch() {
    return inTransaction() ? refused("fetch") : globalThis.fetch;
  },
  get setTimeout() {
    return inTransaction() ? refused("setTimeout") : setTimeoutInCall;
  },
  get setInterval() {
    return inTransaction() ? refused("setInterval") : setIntervalInCall;
  },
  queueMicrotask: (callback: () => void) => {
    queueMicrotask(guarded(callback));
  },
};

/** A backend that other code in this process installed (`convex-test`, in the parity tests). */
let other: Backend | undefined;

/**
 * Installs what a deployment provides to bundled functions: the `Convex` object through which the `convex`
 * package calls its backend, and the globals that `functions/bundle.ts` redirects. Both find the running
 * function by the asynchronous context, so several engines can share a process. `own` answers while one of their
 * functions runs, otherwise the other backend.
 */
export function installGlobals(own: Backend): void {
  Object.assign(globalThis, { __convexFunctionGlobals: functionGlobals });
  const present = Object.getOwnPropertyDescriptor(globalThis, "Convex");
  if (present !== undefined && "value" in present) other = present.value as Backend;
  const backend = () => (currentCall() ? own : (other ?? own));
  const router: Backend = {
    syscall: (op, args) => backend().syscall(op, args),
    asyncSyscall: (op, args) => backend().asyncSyscall(op, args),
    jsSyscall: (op, args) => backend().jsSyscall(op, args),
  };
  Object.defineProperty(globalThis, "Convex", {
    configurable: true,
    get: () => router,
    set: (backend: Backend) => {
      other = backend;
    },
  });
}
