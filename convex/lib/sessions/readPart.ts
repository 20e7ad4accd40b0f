import { isJsonObject, type JsonObject } from "../json";
import { first, firstText, hasOtherThan, objectIn, parsed, without } from "../jsonFields";
import { type FileFacts, fileOf } from "./files";
import {
  CALL_HOLDERS,
  type Kind,
  kindOfCallId,
  kindOfFields,
  kindOfType,
  toolOfType,
  wordsOf,
} from "./partKinds";
import { RESULT_HOLDERS } from "./partKinds";
import type { StoredPart } from "./storedPart";
import { plainText } from "./plainText";

/**
 * Interprets a part of any dialect. Plugins spell the same thing in many ways (two dozen for a tool
 * call), and half of the parts do not name their sender, so the meaning is derived from the part
 * itself. Parts are stored as sent; only this file interprets them. `dialects.test.ts` lists the
 * dialects.
 */

/** The meaning of a part, whatever its dialect. */
export type ReadPart =
  | { kind: "text"; text: string }
  | { kind: "thinking"; text: string }
  | { kind: "tool-call"; name: string; id?: string; args: unknown }
  | { kind: "tool-result"; name?: string; id?: string; output: unknown; isError?: true }
  | { kind: "file"; file: FileFacts }
  | { kind: "other"; type: string; content: unknown };

type ToolResult = Extract<ReadPart, { kind: "tool-result" }>;

/** The name of a tool call that does not name its tool. */
export const UNKNOWN_TOOL = "unknown";

const NAME_KEYS = ["toolName", "name", "tool", "tool_name"];
const ARGS_KEYS = ["args", "input", "arguments", "parameters", "rawInput"];
/** Arguments of special calls: Codex' shell and search, Gemini's code. */
const OWN_ARGS_KEYS = ["action", "queries"];
const OUTPUT_KEYS = ["result", "output"];
const ERROR_KEYS = ["error", "errorText", "error_message", "errorMessage"];
const CALL_ID_KEYS = [
  "toolCallId",
  "tool_call_id",
  "callID",
  "callId",
  "call_id",
  "toolUseId",
  "id",
];
const RESULT_ID_KEYS = ["toolCallId", "tool_call_id", "tool_use_id", "toolUseId", "callID"].concat([
  "callId",
  "call_id",
]);

/** Fields of a part, and of a call, that are read by name or mean nothing to a reader. */
const PART_KEYS = ["type", "content"];
const CALL_KEYS = [
  ...["type", "state", "function", "status", "metadata", "success", "isError", "is_error"],
  ...["exitCode", "exit_code", "server_name", "server_label", "providerExecuted", "time", "title"],
  ...[...NAME_KEYS, ...CALL_ID_KEYS, ...OUTPUT_KEYS, ...ERROR_KEYS],
];

/** `"shell: npm i"`: a tool and its arguments in one string. */
const NAMED_CALL = /^([A-Za-z][\w.-]{0,63}):\s([\s\S]*)$/;

/** The fields of a call that dialects name differently; `sameCallKey` compares them. */
export const CALL_SPELLINGS = [NAME_KEYS, ARGS_KEYS, CALL_ID_KEYS] as const;

/**
 * Interprets one stored part without dropping any of its content. A call with its own result gives
 * two parts, the call first; every other part gives one.
 */
export function readPart(part: StoredPart): ReadPart[] {
  const outerFields = without(part, PART_KEYS)?.value;
  const content = hasContent(part) ? part.content : outerFields;
  const fields = isJsonObject(content) ? content : {};
  const kind = kindOf(part, fields);
  switch (kind) {
    case "text":
      return [{ kind, text: embeddedText(fields) ?? plainText(content) }];
    case "thinking":
      return [{ kind, text: thinkingText(content) }];
    case "call":
      return readCall(content, { ...nameOfType(part, fields), ...outerFields });
    case "result":
      return [readResult(part, content, outerFields ?? {})];
    case "file": {
      const file = fileOf(
        { ...outerFields, ...fields, ...ownContent(content) },
        nounOf(part.type, fields),
      );
      return [file === undefined ? otherPart(part, content, outerFields) : { kind, file }];
    }
    case undefined:
      return [otherPart(part, content, outerFields)];
  }
}

/** The kind of a stored part. A part that was sent without a type is stored as `unknown`. */
function kindOf({ type }: StoredPart, fields: JsonObject): Kind | undefined {
  if (type === "unknown" || type === "") return kindOfFields(fields);
  if (toolOfType(type, fields) !== undefined) return "call";
  const kind = kindOfType(type) ?? kindOfCallId(fields);
  // A document whose source is text counts as text, and so does a resource with text.
  return kind === "file" && embeddedText(fields) !== undefined ? "text" : kind;
}

function embeddedText(fields: JsonObject): string | undefined {
  const source = objectIn(fields, "source", {});
  const isText = source.type === "text";
  return isText
    ? firstText(source, ["data"])
    : firstText(objectIn(fields, "resource", {}), ["text"]);
}

function otherPart(
  part: StoredPart,
  content: unknown,
  outerFields: JsonObject | undefined,
): ReadPart {
  const whole = hasContent(part) && outerFields ? { ...outerFields, content } : content;
  return { kind: "other", type: part.type, content: whole };
}

const ownContent = (content: unknown): JsonObject =>
  typeof content === "string" ? { content } : {};

function nounOf(type: string, fields: JsonObject): string {
  const words = [wordsOf(type), ...Object.keys(fields)].join(" ");
  if (/image|screenshot/.test(words)) return "image";
  return /\b(?:document|audio|video)\b/.exec(words)?.[0] ?? "file";
}

/** The thinking in any dialect: its text or its summary. Encrypted thinking is unreadable. */
function thinkingText(content: unknown): string {
  if (!isJsonObject(content)) return plainText(content);
  const inner = objectIn(content, "reasoningContent", content);
  const texts = [inner.summary, inner.content, inner.reasoningText].filter(
    (value) => value !== undefined && value !== null,
  );
  const own = firstText(inner, ["thinking", "text", "reasoning", "reasoning_text", "subject"]);
  const found = texts.map(plainText).filter((text) => text !== "" && text !== "[]");
  if (own !== undefined) return [own, ...found.filter((text) => text !== own)].join("\n");
  return found.join("\n");
}

/** Tools named only by the type of their calls: `web_search_call` calls `web_search`. */
function nameOfType({ type }: StoredPart, fields: JsonObject): { name?: string } {
  const tool = toolOfType(type, fields);
  if (tool !== undefined) return { name: tool };
  const words = wordsOf(type);
  if (words === "bash-execution") return { name: "bash" };
  if (/executable-code$/.test(words) || "executableCode" in fields)
    return { name: "code_execution" };
  const name = /^(?:local-)?((?!tool-|function-|custom-tool-|mcp-)[a-z-]+)-call$/.exec(words)?.[1];
  return name === undefined || name === "custom" ? {} : { name: name.replace(/-/g, "_") };
}

/** Reads a call. Name, id and result may be in its content or next to it. */
function readCall(content: unknown, outerFields: JsonObject): ReadPart[] {
  const value = parsed(content);
  if (!isJsonObject(value)) return withResult(namedCall(value), outerFields, outerFields);
  const held = first(value, CALL_HOLDERS)?.value;
  if (isJsonObject(held))
    return readCall(held, { ...outerFields, ...without(value, CALL_HOLDERS)?.value });
  if (firstText(value, NAME_KEYS) === undefined && isNamed(value.content)) {
    return readCall(value.content, { ...outerFields, ...value });
  }
  const inner = objectIn(value, "function", value);
  const state = objectIn(value, "state", value);
  const name = firstText(inner, NAME_KEYS);
  const args =
    first(inner, ARGS_KEYS) ??
    first(state, ARGS_KEYS) ??
    first(inner, OWN_ARGS_KEYS) ??
    without(inner, CALL_KEYS);
  const call = { name, id: firstText(value, CALL_ID_KEYS), args: parsed(args?.value) };
  const hasOutput = [state, value, outerFields].find((holder) => outputIn(holder) !== undefined);
  return withResult(call, outerFields, { ...hasOutput, ...errorFlag([value, state, outerFields]) });
}

const isNamed = (value: unknown) =>
  isJsonObject(value) && firstText(value, NAME_KEYS) !== undefined;

/** Returns the call, followed by its own result if it has one. */
function withResult(
  { name, id, args }: { name?: string; id?: string; args: unknown },
  outerFields: JsonObject,
  holder: JsonObject,
): ReadPart[] {
  const named = { name: name ?? firstText(outerFields, NAME_KEYS) ?? UNKNOWN_TOOL };
  const known = id ?? firstText(outerFields, CALL_ID_KEYS);
  const identity = known === undefined ? named : { ...named, id: known };
  const call: ReadPart = { kind: "tool-call", ...identity, args };
  const output = outputIn(holder);
  const mark = errorFlag([holder]);
  if (output === undefined && mark.isError === undefined) return [call];
  return [call, { kind: "tool-result", ...identity, output: output?.value ?? null, ...mark }];
}

function namedCall(value: unknown): { name?: string; args: unknown } {
  const match = typeof value === "string" ? NAMED_CALL.exec(value) : null;
  return match === null ? { args: value } : { name: match[1], args: parsed(match[2]?.trimStart()) };
}

/** Reads a result. Name and id of its call may be in its content or next to it. */
function readResult(part: StoredPart, content: unknown, outerFields: JsonObject): ToolResult {
  const whole = isJsonObject(content) ? content : {};
  const held = first(whole, RESULT_HOLDERS)?.value;
  const fields = isJsonObject(held) ? held : whole;
  const isHeld = fields !== whole;
  const ids = isHeld ? [...RESULT_ID_KEYS, "id"] : RESULT_ID_KEYS;
  const [ownName, ownId] = [firstText(fields, NAME_KEYS), firstText(fields, ids)];
  const name = ownName ?? firstText(outerFields, NAME_KEYS);
  const id = ownId ?? firstText(outerFields, RESULT_ID_KEYS);
  const isWrapped = isHeld || ownName !== undefined || ownId !== undefined;
  const output = outputIn(fields) ?? first(fields, isWrapped ? ["content", "response"] : []);
  const response = unwrapped(output === undefined ? content : output.value);
  const mark = /error$/i.test(part.type) ? { isError: true as const } : {};
  return {
    kind: "tool-result",
    ...(name === undefined ? {} : { name }),
    ...(id === undefined ? {} : { id }),
    output: response.output,
    ...mark,
    ...errorFlag([fields, outerFields, response.outerFields]),
  };
}

/** Unwraps the output of a result, because Gemini and Codex wrap it once more. */
function unwrapped(value: unknown): { output: unknown; outerFields: JsonObject } {
  const json = typeof value === "string" && /^\s*\{"output":/.test(value) ? parsed(value) : value;
  if (!isJsonObject(json)) return { output: value, outerFields: {} };
  const output = outputIn(json);
  return output === undefined || hasOtherThan(json, ["output", "metadata", "error"])
    ? { output: value, outerFields: json }
    : { output: output.value, outerFields: json };
}

/** The output of a call, or its error if there is no output. */
function outputIn(fields: JsonObject): { value: unknown } | undefined {
  const output = first(fields, OUTPUT_KEYS);
  const error = first(fields, ERROR_KEYS);
  const isFailure = error !== undefined && isPresent(error.value);
  const isEmpty = output === undefined || !isPresent(output.value);
  return isFailure && isEmpty ? error : output;
}

const isPresent = (value: unknown) =>
  value !== null && value !== undefined && value !== "" && value !== false;

const FAILED_STATES =
  /^(?:output-|result-)?(?:error|errored|failed|failure|denied|rejected|cancelled)$/i;

/** `{ isError: true }` if any of these marks a failed tool. */
function errorFlag(holders: readonly JsonObject[]): { isError?: true } {
  return holders.some(isFailure) ? { isError: true } : {};
}

/** Whether fields mark a failed tool, in any dialect. */
function isFailure(fields: JsonObject): boolean {
  const { status, state, metadata, content, outcome, type } = fields;
  const states = [status, state].filter((value) => typeof value === "string");
  const types = [type, isJsonObject(content) ? content.type : undefined];
  return (
    fields.is_error === true ||
    fields.isError === true ||
    fields.success === false ||
    states.some((value) => FAILED_STATES.test(value)) ||
    isPresent(first(fields, ERROR_KEYS)?.value) ||
    types.some((one) => typeof one === "string" && /error$/i.test(one)) ||
    (typeof outcome === "string" && /^outcome_(?!ok)/i.test(outcome)) ||
    [fields, isJsonObject(metadata) ? metadata : {}].some(hasExitCode)
  );
}

function hasExitCode(fields: JsonObject): boolean {
  const code = first(fields, ["exit_code", "exitCode", "exit"])?.value;
  return typeof code === "number" && code !== 0;
}

const hasContent = (part: StoredPart) => part.content !== undefined && part.content !== null;
