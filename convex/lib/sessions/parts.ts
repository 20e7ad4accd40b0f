import { isJsonObject, isTooDeep, type JsonObject, jsonText, parseJson } from "../json";
import { type JoinedPart, unpackParts, type WholePart } from "./partRows";
import { isWellFormed } from "../text";

/**
 * Reading a part of any dialect. Plugins spell the same thing in many ways (a tool call alone has a
 * dozen: `tool-call` with `toolName`, `tool_use` with its result inside, JSON in a string …); what
 * a part is must be told from the part, because half of them never say who sent it. Parts are
 * stored as they came; this is the one place that says what they mean.
 */

/** A part as it was sent: what it calls itself, its content, and whatever stands beside that. */
export type StoredPart = { type: string; content?: unknown; [beside: string]: unknown };

/** A part in the form that the database holds (`parsePart` is the way back). */
export function storedForm({ type, content, ...beside }: StoredPart): WholePart {
  const isText = typeof content === "string" && isWellFormed(content);
  const text = isText ? content : content === undefined ? "" : jsonText(content);
  const format = isText ? "text" : "json";
  if (Object.keys(beside).length === 0) return { type, format, content: text };
  return { type, format: `${format}AndFields`, content: `${text}\n${jsonText(beside)}` };
}

/** A part as the client sent it; empty JSON text stands for no content. */
export function parsePart({ type, format, content }: WholePart): StoredPart {
  switch (format) {
    case "text":
      return { type, content };
    case "json":
      return content === "" ? { type } : { type, content: JSON.parse(content) as unknown };
    case "textAndFields":
    case "jsonAndFields": {
      // JSON text has no line breaks of its own.
      const end = content.lastIndexOf("\n");
      const inner = format === "textAndFields" ? ("text" as const) : ("json" as const);
      const part = parsePart({ type, format: inner, content: content.slice(0, end) });
      return { ...part, ...(JSON.parse(content.slice(end + 1)) as JsonObject) };
    }
  }
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

/** Whether parts of this type are what somebody says, in whatever dialect. */
export function isTextType(type: string): boolean {
  return kindOf(type) === "text";
}

function kindOf(type: string): Kind | undefined {
  return KINDS.get(type.toLowerCase().replace(/_/g, "-"));
}

/**
 * What one stored part says: nothing it holds is dropped, only told apart. A call that carries its
 * own result gives two readings, the call first; every other part gives one.
 */
export function readPart(part: StoredPart): ReadPart[] {
  const kind = kindOf(part.type);
  const around = beside(part, PART_KEYS)?.value;
  const content = hasContent(part) ? part.content : around;
  switch (kind) {
    case "text":
    case "thinking":
      return [{ kind, text: plainText(content) }];
    case "call":
      return readCall(content, around ?? {});
    case "result":
      return [readResult(content, around ?? {})];
    case undefined: {
      const whole = hasContent(part) && around ? { ...around, content } : content;
      return [{ kind: "other", type: part.type, content: whole }];
    }
  }
}

/**
 * What is the same for a call told twice in different dialects; undefined for what is no call, has no
 * name, or says more than one name, one id and one set of arguments.
 */
export function sameCallKey(part: StoredPart): string | undefined {
  const { content } = part;
  if (kindOf(part.type) !== "call" || !isJsonObject(content)) return undefined;
  const said = [NAME_KEYS, ARGS_KEYS, CALL_ID_KEYS].map((keys) =>
    keys.filter((key) => has(content, key)),
  );
  const isPlain =
    beside(part, PART_KEYS) === undefined &&
    text(content, NAME_KEYS) !== undefined &&
    said.every((keys) => keys.length <= 1) &&
    said.flat().length === Object.keys(content).length;
  return isPlain ? JSON.stringify(readPart(part)) : undefined;
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

/** A call; name, id and result may stand in its content or beside it. */
function readCall(content: unknown, around: JsonObject): ReadPart[] {
  const value = parsed(content);
  if (!isJsonObject(value)) return withResult(namedCall(value), around, around);
  if (text(value, NAME_KEYS) === undefined && isNamed(value.content)) {
    return readCall(value.content, { ...around, ...value });
  }
  const inner = fieldsOr(value, "function", value);
  const state = fieldsOr(value, "state", value);
  const name = text(inner, NAME_KEYS);
  const args = first(inner, ARGS_KEYS) ?? first(state, ARGS_KEYS) ?? beside(inner, CALL_KEYS);
  const call = { name, id: text(value, CALL_ID_KEYS), args: parsed(args?.value) };
  const hasOutput = [value, state, around].find((fields) => first(fields, OUTPUT_KEYS));
  return withResult(call, around, hasOutput ?? {});
}

const isNamed = (value: unknown) => isJsonObject(value) && text(value, NAME_KEYS) !== undefined;

/** The call, and the result that it carries, if any. */
function withResult(
  { name, id, args }: { name?: string; id?: string; args: unknown },
  around: JsonObject,
  holder: JsonObject,
): ReadPart[] {
  const named = { name: name ?? text(around, NAME_KEYS) ?? UNKNOWN_TOOL };
  const known = id ?? text(around, CALL_ID_KEYS);
  const identity = known === undefined ? named : { ...named, id: known };
  const call: ReadPart = { kind: "tool-call", ...identity, args };
  const output = first(holder, OUTPUT_KEYS)?.value;
  return output === undefined ? [call] : [call, { kind: "tool-result", ...identity, output }];
}

function namedCall(value: unknown): { name?: string; args: unknown } {
  const match = typeof value === "string" ? NAMED_CALL.exec(value) : null;
  return match === null ? { args: value } : { name: match[1], args: parsed(match[2]) };
}

/** A result; the call it belongs to may be named in its content or beside it. */
function readResult(content: unknown, around: JsonObject): ReadPart {
  const fields = isJsonObject(content) ? content : {};
  const [ownName, ownId] = [text(fields, NAME_KEYS), text(fields, RESULT_ID_KEYS)];
  const name = ownName ?? text(around, NAME_KEYS);
  const id = ownId ?? text(around, RESULT_ID_KEYS);
  const wrapped = ownName !== undefined || ownId !== undefined ? ["content"] : [];
  const output = first(fields, [...OUTPUT_KEYS, ...wrapped]);
  return {
    kind: "tool-result",
    ...(name === undefined ? {} : { name }),
    ...(id === undefined ? {} : { id }),
    output: output === undefined ? content : output.value,
  };
}

const hasContent = (part: StoredPart) => part.content !== undefined && part.content !== null;

/** Fields that stand beside these: documented flat parts, and arguments beside a tool's name. */
function beside(fields: JsonObject, keys: readonly string[]): { value: JsonObject } | undefined {
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
  const found = [value.text, value.content, value.thinking].find(
    (candidate) => typeof candidate === "string",
  );
  return typeof found === "string" ? found : undefined;
}

/** A string that holds a JSON object or array, as that value; anything else as it is. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  const json = parseJson(value);
  return json.ok && !isTooDeep(json.value) ? json.value : value;
}
