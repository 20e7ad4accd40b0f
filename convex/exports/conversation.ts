import type { JsonObject } from "../lib/json";
import { fileLabel, readableValue } from "../lib/sessions/files";
import { argumentsObject, plainText, type ReadPart, UNKNOWN_TOOL } from "../lib/sessions/parts";
import { readMessage } from "../lib/sessions/readMessage";
import type { ExportMessage } from "./types";

/**
 * A tool call with its result, wherever in the conversation the result was. Files and encrypted
 * fields in arguments and output are replaced by labels.
 */
export type Call = {
  name: string;
  args: unknown;
  isAnswered: boolean;
  output?: unknown;
  isError?: true;
};

/** One statement, with the tools used right after it. */
export type Step = {
  role: "user" | "assistant" | "system";
  text: string;
  thinking: string;
  calls: Call[];
  message: ExportMessage;
  /** The index of its message in the segment. */
  at: number;
};

/** A call without a result so far. */
type OpenCall = { id?: string; call: Call; message: ExportMessage };

/** A result whose call is not open, though its id is known. It stands by itself until `remove`. */
type UnmatchedResult = { result: ToolResult & { id: string }; remove: () => void };

type Calls = { open: OpenCall[]; unmatched: UnmatchedResult[]; ids: ReadonlySet<string> };

type ToolResult = Extract<ReadPart, { kind: "tool-result" }>;

/**
 * Converts a conversation to steps: questions, answers, system prompts. Tool calls belong to the
 * answer that made them and carry their result, whichever message brought it, before the call or
 * after it (matched by id; an id that no call has, by name, then by distance). A result of a named tool without a recorded call becomes a call with
 * only a result. Text of unknown roles and results of unnamed tools become system steps, so that
 * they are never attributed to the assistant.
 */
export function conversation(messages: readonly ExportMessage[]): Step[] {
  const read = messages.map((message) => readMessage(message));
  const steps: Step[] = [];
  const calls: Calls = { open: [], unmatched: [], ids: callIds(read) };
  messages.forEach((message, at) =>
    addMessage(steps, calls, { message, at, parts: read[at] ?? [] }),
  );
  matchEarlyResults(calls);
  return steps.filter((s) => s.text !== "" || s.thinking !== "" || s.calls.length > 0);
}

/** The output of a call as text; empty for a call without a recorded result. */
export function outputText({ output, isError }: Pick<Call, "output" | "isError">): string {
  const text = plainText(output);
  return isError && !/^\s*error\b/i.test(text) ? `Error: ${text}` : text;
}

/** The arguments of a call as an object, for consumers that accept nothing else. */
export function callArguments(call: Call): JsonObject {
  return argumentsObject(call.args);
}

/** Whether the call names its tool. */
export function isNamed({ name }: Pick<Call, "name">): boolean {
  return name !== UNKNOWN_TOOL;
}

type StepFor = (role: Step["role"]) => Step;

/** The ids of all calls. */
function callIds(read: readonly (readonly ReadPart[])[]): ReadonlySet<string> {
  const ids = read.flat().map((part) => (part.kind === "tool-call" ? part.id : undefined));
  return new Set(ids.filter((id) => id !== undefined));
}

/**
 * Gives results to calls that came after them, as some tools log a result under the time at which it ended. Only
 * calls without a later result take one, because plugins repeat ids.
 */
function matchEarlyResults({ open, unmatched }: Calls): void {
  for (const { result, remove } of unmatched) {
    const found = open.findIndex(({ id }) => id === result.id);
    const [waiting] = found >= 0 ? open.splice(found, 1) : [];
    if (waiting === undefined) continue;
    answer(waiting.call, result);
    remove();
  }
}

type ReadAt = { message: ExportMessage; at: number; parts: readonly ReadPart[] };

function addMessage(steps: Step[], calls: Calls, { message, at, parts }: ReadAt): void {
  const own: Step[] = [];
  const stepFor: StepFor = (role) => {
    const last = own[own.length - 1];
    if (last !== undefined && last.role === role && last.calls.length === 0) return last;
    const step: Step = { role, text: "", thinking: "", calls: [], message, at };
    own.push(step);
    return step;
  };
  for (const part of parts) addPart(part, message, calls, own, stepFor);
  steps.push(...own);
}

function addPart(
  part: ReadPart,
  message: ExportMessage,
  calls: Calls,
  own: Step[],
  stepFor: StepFor,
): void {
  switch (part.kind) {
    case "text":
      addText(part.text, message, calls, stepFor);
      return;
    case "file":
      addText(fileLabel(part.file), message, calls, stepFor);
      return;
    case "thinking":
      append(stepFor("assistant"), "thinking", part.text);
      return;
    case "tool-call": {
      const last = own[own.length - 1];
      const step = last !== undefined && last.role === "assistant" ? last : stepFor("assistant");
      const call: Call = { name: part.name, args: readableValue(part.args), isAnswered: false };
      step.calls.push(call);
      calls.open.push({ ...(part.id === undefined ? {} : { id: part.id }), call, message });
      return;
    }
    case "tool-result":
      addResult(part, calls, stepFor);
      return;
    case "other":
      return;
  }
}

function addText(text: string, message: ExportMessage, calls: Calls, stepFor: StepFor): void {
  if (message.role === "tool") addResult({ kind: "tool-result", output: text }, calls, stepFor);
  else append(stepFor(stepRole(message)), "text", text);
}

function addResult(result: ToolResult, calls: Calls, stepFor: StepFor): void {
  const { id } = result;
  const { open, unmatched } = calls;
  const found = findCall(calls, result);
  const [waiting] = found >= 0 ? open.splice(found, 1) : [];
  if (waiting !== undefined) {
    answer(waiting.call, result);
    return;
  }
  const remove = addByItself(result, stepFor);
  if (id !== undefined && calls.ids.has(id)) unmatched.push({ result: { ...result, id }, remove });
}

function answer(call: Call, { output, isError }: ToolResult): void {
  Object.assign(call, { isAnswered: true, output: readableValue(output), ...mark(isError) });
}

const mark = (isError?: true) => (isError ? { isError } : {});

/** Adds a result without its call: as a call of its own, or as context. Returns how to take it back. */
function addByItself({ name, output, isError }: ToolResult, stepFor: StepFor): () => void {
  const answered = { output: readableValue(output), ...mark(isError) };
  if (name === undefined) {
    const step = stepFor("system");
    const before = step.text;
    append(step, "text", outputText(answered));
    const added = step.text.slice(before.length);
    return () => {
      step.text = step.text.replace(added, () => "").replace(/^\n\n/, "");
    };
  }
  const { calls } = stepFor("assistant");
  const call: Call = { name, args: {}, isAnswered: true, ...answered };
  calls.push(call);
  return () => {
    calls.splice(calls.indexOf(call), 1);
  };
}

/**
 * Finds the call of a result: by id. A result without an id, or with one that no call has, belongs to the first
 * call of its name in the latest message with open calls, otherwise to the first call of that name. Older calls
 * often never get a result.
 */
function findCall({ open, ids }: Calls, { id, name }: ToolResult): number {
  if (id !== undefined && ids.has(id)) return open.findIndex((waiting) => waiting.id === id);
  const latest = open[open.length - 1]?.message;
  const isOfName = ({ call }: OpenCall) => name === undefined || call.name === name;
  const nearby = open.findIndex((waiting) => waiting.message === latest && isOfName(waiting));
  if (nearby >= 0 && (id === undefined || name !== undefined)) return nearby;
  return name === undefined ? -1 : open.findIndex(isOfName);
}

function append(step: Step, field: "text" | "thinking", text: string): void {
  const more = text.trim() === "" ? "" : text;
  step[field] =
    step[field] !== "" && more !== "" ? `${step[field]}\n\n${more}` : step[field] || more;
}

/** Only the assistant speaks as the assistant; unknown roles count as context. */
function stepRole({ role }: ExportMessage): Step["role"] {
  return role === "user" || role === "assistant" ? role : "system";
}
