import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Value } from "convex/values";
import type { EngineOptions, RunningEngine } from "../engine.ts";
import { Meter, type Trace } from "../meter.ts";
import type { Report, Request, Started } from "./engineMessages.ts";

const CHILD = fileURLToPath(new URL("engineChild.ts", import.meta.url));

/** What Node, the engine and its libraries take themselves, measured after the start. */
const ENGINE_MIB = 8;
/** Young objects; V8 would take three times 16 MiB, which a small heap does not have. */
const SEMI_SPACE_MIB = 4;

/** The platform's words for it; there it ends the isolate and what runs in it. */
export class OutOfMemoryError extends Error {
  override name = "OutOfMemoryError";

  constructor(mib: number) {
    super(`JavaScript execution ran out of memory (maximum memory usage: ${mib} MB)`);
  }
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** Asks an engine in another process, and hears what its functions did. */
class RemoteEngine {
  readonly meter = new Meter();
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #traces = new Map<number, Trace>();
  readonly #log: EngineOptions["log"];
  #lastId = 0;
  #ended: Error | null = null;

  constructor(heapMiB: number, log: EngineOptions["log"]) {
    this.#log = log;
    this.#child = fork(CHILD, {
      serialization: "advanced",
      execArgv: [
        `--max-old-space-size=${heapMiB + ENGINE_MIB}`,
        `--max-semi-space-size=${SEMI_SPACE_MIB}`,
        ...["--import", "tsx"],
      ],
      // Of V8's report when memory ends, nothing helps the reader of a test.
      stdio: ["ignore", "inherit", "ignore", "ipc"],
    });
    this.#child.on("message", (report: Report) => {
      this.#hear(report);
    });
    this.#child.once("exit", () => {
      this.#end(new OutOfMemoryError(heapMiB));
    });
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  #hear(report: Report): void {
    switch (report.kind) {
      case "log":
        this.#log?.(report.line);
        return;
      case "call": {
        const { traceId, trace: kind, call } = report;
        const trace = this.#traces.get(traceId) ?? { kind, calls: [] };
        this.#traces.set(traceId, trace);
        this.meter.record(call, trace);
        return;
      }
      case "answer":
        this.#waiting.get(report.id)?.resolve(report.value);
        break;
      case "failure": {
        const { message, data } = report;
        const error = Object.assign(new Error(message), data === undefined ? {} : { data });
        this.#waiting.get(report.id)?.reject(error);
      }
    }
    this.#waiting.delete(report.id);
  }

  ask(request: Request): Promise<unknown> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, request });
    });
  }

  async stop(): Promise<void> {
    if (this.#ended !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    await this.ask({ kind: "stop" });
    await gone;
  }

  /** Everything that ended before now has been heard. */
  async flush(): Promise<void> {
    if (this.#ended === null) await this.ask({ kind: "flush" });
  }
}

/**
 * Start an engine whose functions have a heap as small as a deployment's. When they run out of it the
 * process ends, as an isolate does: what runs fails with `OutOfMemoryError`, HTTP requests with a broken
 * connection, and the engine has to be started again.
 */
export async function startEngineProcess(
  options: EngineOptions,
  heapMiB: number,
): Promise<RunningEngine> {
  const { log, onRequest: _, ...sent } = options;
  const remote = new RemoteEngine(heapMiB, log);
  const started = (await remote.ask({ kind: "start", options: sent })) as Started;
  const { meter } = remote;
  const notes = new Map<string, string>();
  return {
    ...started,
    runFunction: async (path, args = {}) =>
      (await remote.ask({ kind: "run", path, args })) as Value,
    note: (name, value) => {
      notes.set(name, value);
      void remote.ask({ kind: "note", name, value });
    },
    noted: (name) => notes.get(name) ?? null,
    settle: async (withinMs) => {
      await remote.ask({ kind: "settle", withinMs });
    },
    measure: (work) =>
      meter.measure(async () => {
        const result = await work();
        await remote.flush();
        return result;
      }),
    onCall: (listener) => meter.onCall(listener),
    peaks: () => meter.peaks.all(),
    forgetPeaks: () => {
      meter.peaks.forget();
    },
    stop: () => remote.stop(),
  };
}
