import type { Value } from "convex/values";
import { Clock } from "../clock.ts";
import { startEngine, type RunningEngine } from "../engine.ts";
import type { Trace } from "../callRecord.ts";
import { sendable, type LogLine } from "../logLine.ts";
import { surviveRejections } from "../strayRejections.ts";
import type { Question, Report, Request, SentOptions, Started } from "./engineMessages.ts";
import { HeapProbe } from "./heapProbe.ts";

/** An engine in a separate process, so that its heap can be as small as a deployment's. */
let engine: RunningEngine | undefined;

function tell(report: Report): void {
  process.send?.(report);
}

const traceIds = new WeakMap<Trace, number>();
let lastTraceId = 0;

function traceIdOf(trace: Trace): number {
  const id = traceIds.get(trace) ?? ++lastTraceId;
  traceIds.set(trace, id);
  return id;
}

function log(line: LogLine): void {
  tell({ kind: "log", line: sendable(line) });
}

async function start({ skips, measuresHeap, ...options }: SentOptions): Promise<Started> {
  engine = await startEngine({
    ...options,
    clock: new Clock(skips),
    // They would take from the heap of the functions.
    keepsResults: false,
    ...(measuresHeap ? { heap: new HeapProbe() } : {}),
    log,
  });
  engine.onCall((call, trace) => {
    tell({ kind: "call", call, traceId: traceIdOf(trace), trace: trace.kind });
  });
  const { url, port, rebuilt } = engine;
  return { url, port, rebuilt };
}

async function answer(request: Request): Promise<unknown> {
  if (request.kind === "start") return await start(request.options);
  if (engine === undefined) throw new Error("The engine has not started");
  switch (request.kind) {
    case "run":
      return await engine.runFunction(request.path, request.args);
    case "settle":
      return await engine.settle(request.withinMs);
    case "note":
      engine.writeNote(request.name, request.value);
      return null;
    case "flush":
      return null;
    case "stop":
      return await engine.stop();
  }
}

function failureOf(id: number, error: unknown): Report {
  const message = error instanceof Error ? error.message : String(error);
  const data = error instanceof Error && "data" in error ? (error.data as Value) : undefined;
  return { kind: "failure", id, message, data };
}

surviveRejections(log);
process.on("message", ({ id, request }: Question) => {
  void answer(request)
    .then(
      (value): Report => ({ kind: "answer", id, value }),
      (error: unknown) => failureOf(id, error),
    )
    .then((report) => {
      tell(report);
      if (request.kind === "stop") process.disconnect();
    });
});
// The parent process has ended.
process.on("disconnect", () => process.exit(0));
