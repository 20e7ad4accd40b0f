import { isJsonObject, type JsonObject } from "../json";
import { first, firstText, has } from "../jsonFields";
import { isFileType } from "./files";

/** Tells what a part is from its type or, where it has none, from its fields. Pure. */

export type Kind = "text" | "thinking" | "call" | "result" | "file";

/**
 * Endings of types as they are written in the wild, in lower case with `-` between words. A new type
 * of an old kind (`server_tool_use`, `custom_tool_call_output`) is understood without a new line here.
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

/** The kind of a part by its type; undefined for types that are none of these kinds. */
export function kindOfType(type: string): Kind | undefined {
  const words = wordsOf(type);
  return (
    ENDINGS.find(([ending]) => ending.test(words))?.[1] ?? (isFileType(words) ? "file" : undefined)
  );
}

/** A type in lower case with `-` between its words: `toolCall`, `tool_call` and `Tool-Call` are one. */
export function wordsOf(type: string): string {
  return type
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/[_\s.]+/g, "-")
    .toLowerCase();
}

/** Fields that hold a whole call or a whole result (Gemini, Bedrock, Vercel AI SDK 4). */
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

/** The kind of a part that has no type of its own, by the fields that it has. */
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

function kindOfTool(fields: JsonObject): Kind | undefined {
  const hasName = firstText(fields, TOOL_NAMES) !== undefined;
  const has = (keys: readonly string[]) => first(fields, keys) !== undefined;
  if (isJsonObject(fields.function) || (hasName && has(ARGUMENTS))) return "call";
  return has(RESULT_IDS) || (hasName && has(RESULTS)) ? "result" : undefined;
}

/** Types that begin with `tool-` and name no tool, unless a state says that they are a part of the SDK. */
const NO_TOOL = /^tool-(?:call|use|invocation|result|response|output|error|return)/;

/** The tool that a type of the Vercel AI SDK 5 names (`tool-getWeather`); undefined for other types. */
export function toolOfType(type: string, fields: JsonObject): string | undefined {
  if (!type.startsWith("tool-") || !has(fields, "toolCallId")) return undefined;
  const isTool = typeof fields.state === "string" || !NO_TOOL.test(type);
  return isTool && type.length > 5 ? type.slice(5) : undefined;
}
