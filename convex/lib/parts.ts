import { isJsonObject, type JsonObject, parseJson } from "./json";
import { type JoinedPart, unpackParts, type WholePart } from "./pieces";

/**
 * Reading a part of any dialect. Plugins spell the same thing in many ways (a tool call alone has a
 * dozen: `tool-call` with `toolName`, `tool_use` with its result inside, JSON in a string …); what
 * a part is must be told from the part, because half of them never say who sent it. Parts are
 * stored as they came; this is the one place that says what they mean.
 */

/** A part as it is stored: what it calls itself, and its content as it was sent. */
export type StoredPart = { type: string; content?: unknown };

/** A part with its content as the client sent it; empty JSON text stands for no content. */
export function parsePart({ type, format, content }: WholePart): StoredPart {
  if (format === "text") return { type, content };
  return content === "" ? { type } : { type, content: JSON.parse(content) as unknown };
}

/** A message's parts, as the database gives them, with their contents as the client sent them. */
export function parseParts(parts: readonly JoinedPart[]): StoredPart[] {
  return unpackParts(parts).map(parsePart);
}

/** What a part says, whatever its dialect. */
export type ReadPart =
  | { kind: "text"; text: string }
  | { kind: "thinking"; text: string }
  | { kind: "tool-call"; name: string; id?: string; args: unknown }
  | { kind: "tool-result"; name?: string; id?: string; output: unknown }
  | { kind: "other"; type: string; content: unknown };

/** Name of a tool call whose sender did not say which tool it was. */
export const UNKNOWN_TOOL = "unknown";

type Kind = "text" | "thinking" | "call" | "result";

/** Types as they are written in the wild, without case and with `-` for `_`. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["text", "text"],
  ["input-text", "text"],
  ["output-text", "text"],
  ["thinking", "thinking"],
  ["reasoning", "thinking"],
  ["tool", "call"],
  ["tool-call", "call"],
  ["tool-use", "call"],
  ["tool-invocation", "call"],
  ["function-call", "call"],
  ["tool-result", "result"],
  ["tool-response", "result"],
  ["tool-output", "result"],
  ["function-call-output", "result"],
]);

const NAME_KEYS = ["toolName", "name", "tool", "tool_name"];
const ARGS_KEYS = ["args", "input", "arguments", "parameters"];
const OUTPUT_KEYS = ["result", "output"];
const CALL_ID_KEYS = ["toolCallId", "tool_call_id", "callID", "callId", "call_id", "id"];
const RESULT_ID_KEYS = ["toolCallId", "tool_call_id", "tool_use_id", "callID", "callId", "call_id"];

/** What a part, and a call, hold beside what is read of them by name. */
const PART_KEYS = ["type", "content"];
const CALL_KEYS = [
  ...["type", "state", "function", "status", "metadata"],
  ...[...NAME_KEYS, ...CALL_ID_KEYS, ...OUTPUT_KEYS],
];

/** `"shell: npm i"`: a tool and what it was told, in one string. */
const NAMED_CALL = /^([A-Za-z][\w.-]{0,63}):\s+([\s\S]*)$/;

/**
 * What one stored part says: nothing it holds is dropped, only told apart. A call that carries its
 * own result gives two readings, the call first; every other part gives one.
 */
export function readPart(part: StoredPart): ReadPart[] {
  const kind = KINDS.get(part.type.toLowerCase().replace(/_/g, "-"));
  const content = hasContent(part) ? part.content : beside(part, PART_KEYS)?.value;
  switch (kind) {
    case "text":
    case "thinking":
      return [{ kind, text: plainText(content) }];
    case "call":
      return readCall(content);
    case "result":
      return [readResult(content)];
    case undefined:
      return [{ kind: "other", type: part.type, content }];
  }
}

/** Any JSON value as text: a string as it is, text blocks as their text, the rest as JSON. */
export function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) {
    const texts = value.map(blockText);
    if (texts.length > 0 && texts.every((text) => text !== undefined)) return texts.join("\n");
  }
  return blockText(value) ?? JSON.stringify(value);
}

/** `args` of a call as an object, for consumers that accept nothing else. */
export function argumentsObject(args: unknown): JsonObject {
  if (isJsonObject(args)) return args;
  return args === undefined || args === null || args === "" ? {} : { input: args };
}

function readCall(content: unknown): ReadPart[] {
  const value = parsed(content);
  if (!isJsonObject(value)) return [namedCall(value)];
  const inner = fieldsOr(value, "function", value);
  const state = fieldsOr(value, "state", value);
  const name = text(inner, NAME_KEYS) ?? UNKNOWN_TOOL;
  const id = text(value, CALL_ID_KEYS);
  const args = first(inner, ARGS_KEYS) ?? first(state, ARGS_KEYS) ?? beside(inner, CALL_KEYS);
  const call: ReadPart = {
    kind: "tool-call",
    name,
    ...(id === undefined ? {} : { id }),
    args: parsed(args?.value),
  };
  const output = first(value, OUTPUT_KEYS) ?? first(state, OUTPUT_KEYS);
  if (output === undefined || output.value === undefined) return [call];
  return [
    call,
    { kind: "tool-result", name, ...(id === undefined ? {} : { id }), output: output.value },
  ];
}

function namedCall(value: unknown): ReadPart {
  const match = typeof value === "string" ? NAMED_CALL.exec(value) : null;
  if (match === null) return { kind: "tool-call", name: UNKNOWN_TOOL, args: value };
  return { kind: "tool-call", name: match[1] ?? UNKNOWN_TOOL, args: parsed(match[2]) };
}

function readResult(content: unknown): ReadPart {
  if (!isJsonObject(content)) return { kind: "tool-result", output: content };
  const name = text(content, NAME_KEYS);
  const id = text(content, RESULT_ID_KEYS);
  const wrapped = name !== undefined || id !== undefined ? ["content"] : [];
  const output = first(content, [...OUTPUT_KEYS, ...wrapped]);
  return {
    kind: "tool-result",
    ...(name === undefined ? {} : { name }),
    ...(id === undefined ? {} : { id }),
    output: output === undefined ? content : output.value,
  };
}

const hasContent = (part: StoredPart) => part.content !== undefined && part.content !== null;

/** Fields that stand beside these: documented flat parts, and arguments beside a tool's name. */
function beside(fields: JsonObject, keys: readonly string[]): { value: unknown } | undefined {
  const entries = Object.entries(fields).filter(([key]) => !keys.includes(key));
  return entries.length === 0 ? undefined : { value: Object.fromEntries<unknown>(entries) };
}

const has = (fields: JsonObject, key: string) => Object.prototype.hasOwnProperty.call(fields, key);

/** The first of these keys that is there, so that a stored `null` is told from nothing. */
function first(fields: JsonObject, keys: readonly string[]): { value: unknown } | undefined {
  const key = keys.find((candidate) => has(fields, candidate));
  return key === undefined ? undefined : { value: fields[key] };
}

function text(fields: JsonObject, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = has(fields, key) ? fields[key] : undefined;
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return undefined;
}

function fieldsOr(fields: JsonObject, key: string, otherwise: JsonObject): JsonObject {
  const value = has(fields, key) ? fields[key] : undefined;
  return isJsonObject(value) ? value : otherwise;
}

function blockText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isJsonObject(value)) return undefined;
  const found = [value.text, value.content].find((candidate) => typeof candidate === "string");
  return typeof found === "string" ? found : undefined;
}

/** A string that holds a JSON object or array, as that value; anything else as it is. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  const json = parseJson(value);
  return json.ok ? json.value : value;
}
