import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Value } from "convex/values";
import type { EngineOptions, RunningEngine } from "../engine.ts";
import type { Trace } from "../callRecord.ts";
import { Meter } from "../meter.ts";
import type { Report, Request, Started } from "./engineMessages.ts";

const CHILD = fileURLToPath(new URL("engineChild.ts", import.meta.url));

/** Heap used by Node, the engine and its libraries, measured after the start. */
const ENGINE_MIB = 8;
/** For young objects; V8's default of three times 16 MiB does not fit in a small heap. */
const SEMI_SPACE_MIB = 4;

/** The platform's message for it; there it ends the isolate and everything running in it. */
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

/** Controls an engine in another process, and receives records of its function calls. */
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
      // Hides V8's report on running out of memory, which does not help the reader of a test.
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

  /** Resolves when records of all calls that have ended are received. */
  async flush(): Promise<void> {
    if (this.#ended === null) await this.ask({ kind: "flush" });
  }
}

/**
 * Starts an engine whose functions have a heap as small as a deployment's. If they run out of memory, the
 * process ends, as an isolate does: running calls fail with `OutOfMemoryError`, HTTP requests with a closed
 * connection, and the engine must be started again.
 */
export async function startEngineProcess(
  options: EngineOptions,
  heapMiB: number,
  measuresHeap = true,
): Promise<RunningEngine> {
  const { log, onRequest: _, clock, ...own } = options;
  const sent = { ...own, skips: clock?.skips ?? false, measuresHeap, sourceMaps: false };
  const remote = new RemoteEngine(heapMiB, log);
  const started = (await remote.ask({ kind: "start", options: sent })) as Started;
  const { meter } = remote;
  const notes = new Map<string, string>();
  return {
    ...started,
    runFunction: async (path, args = {}) =>
      (await remote.ask({ kind: "run", path, args })) as Value,
    writeNote: (name, value) => {
      notes.set(name, value);
      void remote.ask({ kind: "note", name, value });
    },
    readNote: (name) => notes.get(name) ?? null,
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
    resetPeaks: () => {
      meter.peaks.forget();
    },
    stop: () => remote.stop(),
  };
}
