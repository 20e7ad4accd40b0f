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

type ToolCall = Extract<ReadPart, { kind: "tool-call" }>;
type ToolResult = Extract<ReadPart, { kind: "tool-result" }>;

/** A message with its parts, in which the content of a tool's message is a result. */
type ReadAt = { message: ExportMessage; at: number; parts: readonly ReadPart[] };

/**
 * Converts a conversation to steps: questions, answers, system prompts. Tool calls belong to the
 * answer that made them and carry their result, whichever message brought it, before the call or
 * after it. A result of a named tool without a recorded call becomes a call with only a result. Text
 * of unknown roles and results of unnamed tools become system steps, so that they are never
 * attributed to the assistant.
 */
export function conversation(messages: readonly ExportMessage[]): Step[] {
  const read = messages.map((message, at): ReadAt => ({ message, at, parts: partsOf(message) }));
  const results = matchResults(read);
  const steps = read.flatMap((one) => stepsOf(one, results));
  return steps.filter((s) => s.text !== "" || s.thinking !== "" || s.calls.length > 0);
}

/** The parts of a message. What a tool's message contains is its result, unless it has results of its own. */
function partsOf(message: ExportMessage): readonly ReadPart[] {
  const parts = readMessage(message);
  const isUse = ({ kind }: ReadPart) => kind === "tool-result" || kind === "tool-call";
  const thinking = parts.filter(({ kind }) => kind === "thinking");
  const content = parts.filter(({ kind }) => kind !== "thinking");
  const [only] = content;
  if (message.role !== "tool" || only === undefined || content.some(isUse)) return parts;
  const isValue = content.length === 1 && only.kind === "other";
  const output = isValue ? only.content : content.map(contentText).join("\n\n");
  return [...thinking, { kind: "tool-result", output }];
}

function contentText(part: ReadPart): string {
  if (part.kind === "text") return part.text;
  if (part.kind === "file") return fileLabel(part.file);
  return part.kind === "other" ? plainText(part.content) : "";
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

/** A call without a result so far. */
type OpenCall = { call: ToolCall; message: ExportMessage };

/** The result of each call, and the results that belong to some call. */
type Results = { of: ReadonlyMap<ToolCall, ToolResult>; matched: ReadonlySet<ReadPart> };

/**
 * Finds the call of each result. A result whose id belongs to no open call waits: some tools log a result under the
 * time at which it ended, before its call. In the end it answers a call that got no other, because plugins repeat ids.
 */
function matchResults(read: readonly ReadAt[]): Results {
  const open: OpenCall[] = [];
  const early: ToolResult[] = [];
  const of = new Map<ToolCall, ToolResult>();
  const ids = callIds(read);
  const take = (found: number, result: ToolResult) => {
    const [waiting] = found >= 0 ? open.splice(found, 1) : [];
    if (waiting !== undefined) of.set(waiting.call, result);
    return waiting !== undefined;
  };
  for (const { message, parts } of read) {
    for (const part of parts) {
      if (part.kind === "tool-call") open.push({ call: part, message });
      if (part.kind !== "tool-result" || take(findCall(open, ids, part), part)) continue;
      if (part.id !== undefined) early.push(part);
    }
  }
  for (const result of early) take(withId(open, result.id), result);
  return { of, matched: new Set(of.values()) };
}

function callIds(read: readonly ReadAt[]): ReadonlySet<string> {
  const parts = read.flatMap((one) => one.parts);
  return new Set(parts.flatMap((part) => (part.kind === "tool-call" && part.id ? [part.id] : [])));
}

const withId = (open: readonly OpenCall[], id: string | undefined) =>
  id === undefined ? -1 : open.findIndex(({ call }) => call.id === id);

/**
 * Finds the call of a result: by id. A result without an id, or with one that no call has, belongs to the first
 * call of its name in the latest message with open calls, otherwise to the first call of that name. Older calls
 * often never get a result.
 */
function findCall(
  open: readonly OpenCall[],
  ids: ReadonlySet<string>,
  { id, name }: ToolResult,
): number {
  if (id !== undefined && ids.has(id)) return withId(open, id);
  const latest = open[open.length - 1]?.message;
  const isOfName = ({ call }: OpenCall) => name === undefined || call.name === name;
  const nearby = open.findIndex((waiting) => waiting.message === latest && isOfName(waiting));
  if (nearby >= 0 && (id === undefined || name !== undefined)) return nearby;
  return name === undefined ? -1 : open.findIndex(isOfName);
}

type StepFor = (role: Step["role"]) => Step;

function stepsOf({ message, at, parts }: ReadAt, results: Results): Step[] {
  const own: Step[] = [];
  const stepFor: StepFor = (role) => {
    const last = own[own.length - 1];
    if (last !== undefined && last.role === role && last.calls.length === 0) return last;
    const step: Step = { role, text: "", thinking: "", calls: [], message, at };
    own.push(step);
    return step;
  };
  for (const part of parts) {
    if (part.kind === "text") append(stepFor(stepRole(message)), "text", part.text);
    if (part.kind === "file") append(stepFor(stepRole(message)), "text", fileLabel(part.file));
    if (part.kind === "thinking") append(stepFor("assistant"), "thinking", part.text);
    if (part.kind === "tool-result" && !results.matched.has(part)) addAlone(part, stepFor);
    if (part.kind !== "tool-call") continue;
    const last = own[own.length - 1];
    const step = last !== undefined && last.role === "assistant" ? last : stepFor("assistant");
    const result = results.of.get(part);
    const answer = result === undefined ? { isAnswered: false } : answerOf(result);
    step.calls.push({ name: part.name, args: readableValue(part.args), ...answer });
  }
  return own;
}

const answerOf = ({ output, isError }: ToolResult) => ({
  isAnswered: true,
  output: readableValue(output),
  ...(isError ? { isError } : {}),
});

/** Adds a result without its call: as a call of its own, or as context if it does not name its tool. */
function addAlone(result: ToolResult, stepFor: StepFor): void {
  const { name } = result;
  const answer = answerOf(result);
  if (name === undefined) append(stepFor("system"), "text", outputText(answer));
  else stepFor("assistant").calls.push({ name, args: {}, ...answer });
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
