import type { CallRecord, Trace } from "../callRecord.ts";
import type { EngineOptions } from "../engine.ts";
import type { LogLine } from "../logLine.ts";
import type { Value } from "convex/values";

/** Options that can be sent to another process. */
export interface SentOptions extends Omit<EngineOptions, "log" | "onRequest" | "clock"> {
  /** Whether `settle` moves the engine's clock (`Clock.skips`). */
  skips: boolean;
  /** Whether the memory that functions use is measured, which takes most of the time of calls that use much. */
  measuresHeap: boolean;
}

/** Requests to the process that runs an engine. */
export type Request =
  | { kind: "start"; options: SentOptions }
  | { kind: "run"; path: string; args: Record<string, Value> }
  | { kind: "settle"; withinMs: number | undefined }
  | { kind: "note"; name: string; value: string }
  | { kind: "flush" }
  | { kind: "stop" };

export interface Question {
  id: number;
  request: Request;
}

/** Properties of a started engine. */
export interface Started {
  url: string;
  port: number;
  rebuilt: readonly string[];
}

/** Messages from the process: an answer, a finished call, a line that a function logged. */
export type Report =
  | { kind: "answer"; id: number; value: unknown }
  | { kind: "failure"; id: number; message: string; data: Value | undefined }
  | { kind: "call"; call: CallRecord; traceId: number; trace: Trace["kind"] }
  | { kind: "log"; line: LogLine };
