import type { JSONValue } from "convex/values";
import type { Clock } from "../clock.ts";
import type { BundledFunctions } from "../functions/components.ts";
import type { Origin } from "../functions/context.ts";
import type { RouteName, Served } from "../http/actions.ts";
import type { Answer } from "../http/answers.ts";
import type { Incoming } from "../http/messages.ts";
import type { LogLine } from "../logLine.ts";
import type { BodyMessage, SentBody } from "./bodies.ts";

/** What the thread of HTTP actions needs to start. */
export interface ThreadData {
  functions: BundledFunctions;
  /** The deployment's environment variables. */
  env: Record<string, string | undefined>;
  /** The engine's clock. */
  clock: Pick<Clock, "startsAt" | "shared">;
}

/** An error on its way to another thread; `data` is the JSON of a `ConvexError`'s data. */
export interface SentError {
  message: string;
  stack: string | undefined;
  data: JSONValue | undefined;
}

/** A request, numbered, as it is sent to the thread. */
export interface SentRequest extends Omit<Incoming, "body" | "whenClosed"> {
  body: SentBody;
}

export interface SentAnswer extends Omit<Answer, "body"> {
  body: SentBody;
}

/** What a syscall returns: JSON text or, from file storage, a file. */
export type SyscallResult = string | Blob | null;

/** Messages to the thread: requests, what became of them, and results of syscalls. */
export type ToThread =
  | { kind: "serve"; id: number; request: SentRequest; origin: Origin }
  /** The connection of a watched request has ended. */
  | { kind: "closed"; id: number; hasLeft: boolean }
  | { kind: "result"; syscall: number; value: SyscallResult }
  | { kind: "failure"; syscall: number; error: SentError }
  | BodyMessage;

/** Messages from the thread. */
export type FromThread =
  | ({ kind: "served"; id: number; answer: SentAnswer } & Pick<Served, "route" | "error">)
  /** The request could not be answered, which is not the fault of a function. */
  | { kind: "failed"; id: number; error: SentError }
  /** Asks for `closed`. */
  | { kind: "watch"; id: number }
  /** A syscall of the function that answers request `id`. Arguments are JSON text or, for file storage, values. */
  | {
      kind: "syscall";
      id: number;
      syscall: number;
      op: string;
      args: string | Record<string, unknown>;
      /** The arguments of a call that were taken out of `args` (`takeArguments`). */
      list: string | undefined;
      route: RouteName;
      origin: Origin;
    }
  | { kind: "log"; line: LogLine }
  | BodyMessage;
