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

type ToolResult = Extract<ReadPart, { kind: "tool-result" }>;

/**
 * Converts a conversation to steps: questions, answers, system prompts. Tool calls belong to the
 * answer that made them and carry their result, whichever message brought it (matched by id, then
 * by name, then by distance). A result of a named tool without a recorded call becomes a call with
 * only a result. Text of unknown roles and results of unnamed tools become system steps, so that
 * they are never attributed to the assistant.
 */
export function conversation(messages: readonly ExportMessage[]): Step[] {
  const steps: Step[] = [];
  const open: OpenCall[] = [];
  messages.forEach((message, at) => addMessage(steps, open, message, at));
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

function addMessage(steps: Step[], open: OpenCall[], message: ExportMessage, at: number): void {
  const own: Step[] = [];
  const stepFor: StepFor = (role) => {
    const last = own[own.length - 1];
    if (last !== undefined && last.role === role && last.calls.length === 0) return last;
    const step: Step = { role, text: "", thinking: "", calls: [], message, at };
    own.push(step);
    return step;
  };
  for (const part of readMessage(message)) addPart(part, message, open, own, stepFor);
  steps.push(...own);
}

function addPart(
  part: ReadPart,
  message: ExportMessage,
  open: OpenCall[],
  own: Step[],
  stepFor: StepFor,
): void {
  switch (part.kind) {
    case "text":
      addText(part.text, message, open, stepFor);
      return;
    case "file":
      addText(fileLabel(part.file), message, open, stepFor);
      return;
    case "thinking":
      append(stepFor("assistant"), "thinking", part.text);
      return;
    case "tool-call": {
      const last = own[own.length - 1];
      const step = last !== undefined && last.role === "assistant" ? last : stepFor("assistant");
      const call: Call = { name: part.name, args: readableValue(part.args), isAnswered: false };
      step.calls.push(call);
      open.push({ ...(part.id === undefined ? {} : { id: part.id }), call, message });
      return;
    }
    case "tool-result":
      addResult(part, open, stepFor);
      return;
    case "other":
      return;
  }
}

function addText(text: string, message: ExportMessage, open: OpenCall[], stepFor: StepFor): void {
  if (message.role === "tool") addResult({ kind: "tool-result", output: text }, open, stepFor);
  else append(stepFor(stepRole(message)), "text", text);
}

function addResult(result: ToolResult, open: OpenCall[], stepFor: StepFor): void {
  const { id, name, isError } = result;
  const output = readableValue(result.output);
  const mark = isError ? { isError } : {};
  const found = findCall(open, id, name);
  const [waiting] = found >= 0 ? open.splice(found, 1) : [];
  if (waiting !== undefined) Object.assign(waiting.call, { isAnswered: true, output, ...mark });
  else if (name === undefined) append(stepFor("system"), "text", outputText({ output, ...mark }));
  else stepFor("assistant").calls.push({ name, args: {}, isAnswered: true, output, ...mark });
}

/**
 * Finds the call of a result: by id, otherwise the first call of that name in the latest message
 * with open calls, otherwise the first call of that name. Older calls often never get a result.
 */
function findCall(
  open: readonly OpenCall[],
  id: string | undefined,
  name: string | undefined,
): number {
  const byId = id === undefined ? -1 : open.findIndex((waiting) => waiting.id === id);
  if (byId >= 0) return byId;
  const latest = open[open.length - 1]?.message;
  const isNamed = ({ call }: OpenCall) => name === undefined || call.name === name;
  const nearby = open.findIndex((waiting) => waiting.message === latest && isNamed(waiting));
  if (nearby >= 0 && (id === undefined || name !== undefined)) return nearby;
  return name === undefined ? -1 : open.findIndex(isNamed);
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
