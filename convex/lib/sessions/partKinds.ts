import { isJsonObject, type JsonObject } from "../json";
import { first, firstText, has } from "../jsonFields";
import { isFileType } from "./files";

/** Determines the kind of a part from its type or, without a type, from its fields. Pure. */

export type Kind = "text" | "thinking" | "call" | "result" | "file";

/**
 * Suffixes of part types (lower case, `-` between words). Matching suffixes means that a new type
 * of a known kind (`server_tool_use`, `custom_tool_call_output`) needs no change here.
 */
const ENDINGS: readonly [RegExp, Kind][] = [
  [/(?:^|-)(?:thinking|reasoning|thoughts?)(?:-(?:text|content|summary|item))?$/, "thinking"],
  [/^summary-text$/, "thinking"],
  [
    /(?:^|-)(?:tool|function|call|shell|command|exec|execution|bash|mcp)(?:-use)?-(?:results?|responses?|outputs?|returns?|error)(?:-error)?$/,
    "result",
  ],
  [/(?:^|-)(?:call|use|invocation|tool|function|execution|executable-code)$/, "call"],
  [/^(?:[a-z]+-)*(?:text|refusal)$/, "text"],
];

/** The kind of a part by its type; undefined for unknown types. */
export function kindOfType(type: string): Kind | undefined {
  const words = wordsOf(type);
  return (
    ENDINGS.find(([ending]) => ending.test(words))?.[1] ?? (isFileType(words) ? "file" : undefined)
  );
}

/**
 * A type in lower case with `-` between words, so that `toolCall`, `tool_call` and `Tool-Call` are
 * equal.
 */
export function wordsOf(type: string): string {
  return type
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/[_\s.]+/g, "-")
    .toLowerCase();
}

/** Fields that contain a whole call or a whole result (Gemini, Bedrock, Vercel AI SDK 4). */
export const CALL_HOLDERS = [
  "functionCall",
  "function_call",
  "toolUse",
  "toolCall",
  "tool_call",
].concat(["toolInvocation", "executableCode", "executable_code"]);
export const RESULT_HOLDERS = ["functionResponse", "function_response", "toolResult"].concat([
  "tool_result",
  "codeExecutionResult",
  "code_execution_result",
]);
const FILE_HOLDERS = [
  "inlineData",
  "inline_data",
  "fileData",
  "file_data",
  "image",
  "document",
].concat(["video", "audio", "input_audio", "image_url"]);
const THINKING_KEYS = ["thinking", "reasoning", "reasoningContent", "encrypted_content"];
const RESULT_IDS = ["tool_use_id", "tool_call_id", "toolCallId", "toolUseId", "call_id", "callID"];
const TOOL_NAMES = ["toolName", "tool_name", "name"];
const ARGUMENTS = ["args", "arguments", "input", "parameters"];
const RESULTS = ["output", "result"];

/** The kind of a part without a type, by its fields. */
export function kindOfFields(fields: JsonObject): Kind | undefined {
  const hasObject = (keys: readonly string[]) => isJsonObject(first(fields, keys)?.value);
  const named = firstText(fields, ["part_kind", "kind"]);
  const byName = named === undefined ? undefined : kindOfType(named);
  if (byName !== undefined) return byName;
  if (hasObject(CALL_HOLDERS)) return "call";
  if (hasObject(RESULT_HOLDERS)) return "result";
  if (hasObject(FILE_HOLDERS)) return "file";
  if (fields.thought === true || first(fields, THINKING_KEYS) !== undefined) return "thinking";
  return kindOfTool(fields) ?? (typeof fields.text === "string" ? "text" : undefined);
}

/** The kind of a part of an unknown type that carries the id of a call: a result, or the call itself. */
export function kindOfCallId(fields: JsonObject): Kind | undefined {
  const has = (keys: readonly string[]) => first(fields, keys) !== undefined;
  if (firstText(fields, RESULT_IDS) === undefined) return undefined;
  if (has(RESULTS) || has(["content"])) return "result";
  return firstText(fields, TOOL_NAMES) !== undefined && has(ARGUMENTS) ? "call" : undefined;
}

function kindOfTool(fields: JsonObject): Kind | undefined {
  const hasName = firstText(fields, TOOL_NAMES) !== undefined;
  const has = (keys: readonly string[]) => first(fields, keys) !== undefined;
  if (isJsonObject(fields.function) || (hasName && has(ARGUMENTS))) return "call";
  return has(RESULT_IDS) || (hasName && has(RESULTS)) ? "result" : undefined;
}

/** Types that start with `tool-` but name no tool, unless a `state` marks them as SDK parts. */
const NO_TOOL = /^tool-(?:call|use|invocation|result|response|output|error|return)/;

/** The tool named by a type of the Vercel AI SDK 5 (`tool-getWeather`); undefined for other types. */
export function toolOfType(type: string, fields: JsonObject): string | undefined {
  if (!type.startsWith("tool-") || !has(fields, "toolCallId")) return undefined;
  const isTool = typeof fields.state === "string" || !NO_TOOL.test(type);
  return isTool && type.length > 5 ? type.slice(5) : undefined;
}
