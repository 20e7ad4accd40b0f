import * as z from "zod";
import { isJsonObject, type JsonObject } from "../lib/json";
import { messageProse } from "../lib/sessions/readMessage";
import {
  isTextPart,
  parsePart,
  sameCallKey,
  storedForm,
  type StoredPart,
} from "../lib/sessions/parts";
import {
  MESSAGE_MAX_BYTES,
  PARTS_MAX,
  storedBytes,
  type WholePart,
} from "../lib/sessions/partRows";
import { isWellFormed, prefixBytes, utf8Length } from "../lib/text";
import { readOrRefuse, readText } from "./fields";

/**
 * A part in the one form that is stored: text as it is, everything else as JSON text, because no
 * Convex value can hold every key, depth and length of JSON.
 */
type PartInput = WholePart;

/** Part types are labels; a longer one is no type. */
const TYPE_MAX_BYTES = 100;

/**
 * The parts of a message in any dialect: a list, or a single part; a part is `{type, content}`, or
 * has its fields beside `type`, or is plain text. Absent and null are the same.
 */
export const PartList = z
  .optional(
    z.unknown().transform((value, issues): PartInput[] | undefined => {
      if (value === undefined || value === null) return undefined;
      return listOf(value, issues).map((part, index) =>
        readOrRefuse(issues, [index, "content"], () => storedForm(shapeOf(part))),
      );
    }),
  )
  .meta({
    type: "array",
    items: { type: "object", properties: { type: { type: "string" }, content: {} } },
    description: "Content blocks, any JSON; kept whole and in order.",
  });

/** A part as it was sent, in the one form of many: a type, and content. */
function shapeOf(part: unknown): StoredPart {
  if (typeof part === "string") return { type: "text", content: part };
  if (!isJsonObject(part)) return { type: "unknown", content: part };
  const { type = "unknown", content, ...beside } = part;
  if (!isTypeName(type)) return { type: "unknown", content: part };
  if (Object.keys(beside).length === 0) return content === undefined ? { type } : { type, content };
  if (content === undefined) return { type, content: beside };
  return isFlat(type, beside)
    ? { type, content: { ...beside, content } }
    : { ...beside, type, content };
}

function isTypeName(type: unknown): type is string {
  return typeof type === "string" && isWellFormed(type) && utf8Length(type) <= TYPE_MAX_BYTES;
}

/** Fields beside `content` that belong into it, as the documented flat form of tool parts has them. */
const FLAT_KEYS = [
  "toolName",
  "name",
  "args",
  "arguments",
  "input",
  "result",
  "output",
  "toolCallId",
];

function isFlat(type: string, beside: JsonObject): boolean {
  return /tool|function/.test(type) && FLAT_KEYS.some((key) => key in beside);
}

/** What a message may bring in many dialects at once. */
type SaidFields = {
  textContent?: string;
  content?: unknown;
  parts?: PartInput[];
  toolCalls?: unknown;
  tool_calls?: unknown;
  tool_call_id?: string;
};

/** A result that is larger is found by its place alone, so that no message is stored twice. */
const NAMED_RESULT_MAX_BYTES = 64 * 1024;

/**
 * All that a message says, whichever of the fields say it: the text is `textContent`, else a `content`
 * that is no list or object; what else `content` and `toolCalls` hold joins the parts, but for what they
 * hold already. Where nothing of this was sent, `parts` is undefined, and those of an earlier delivery stay.
 */
export function readSaid(
  { textContent, content, parts, toolCalls, tool_calls, tool_call_id }: SaidFields,
  issues: z.RefinementCtx,
): { text?: string; parts?: PartInput[] } {
  const isScalar = typeof content !== "object";
  const written = isScalar ? readText(content) : undefined;
  const text = textContent || written;
  const second = written && written !== text ? [written] : [];
  const stored = (field: string, shapes: readonly StoredPart[]) => {
    const found: PartInput[] = [];
    shapes.forEach((shape, at) =>
      readOrRefuse(issues, [field, at], () => found.push(storedForm(shape))),
    );
    return found;
  };
  const blocks = stored("content", (isScalar ? second : listOf(content, issues)).map(shapeOf));
  const calls = stored("toolCalls", listOf(toolCalls ?? tool_calls, issues).map(callShape));
  const isResult = tool_call_id !== undefined && text && utf8Length(text) <= NAMED_RESULT_MAX_BYTES;
  const answered = { type: "tool-result", content: { tool_call_id, content: text } };
  const results = isResult ? stored("content", [answered]) : [];
  return { text, parts: joined(joined(parts, blocks), [...calls, ...results]) };
}

/** The message as it will be stored is too large: an issue that becomes 413. */
export function refuseTooLarge(issues: z.RefinementCtx): void {
  const message = `is larger than ${MESSAGE_MAX_BYTES} bytes as it is stored`;
  issues.addIssue({ code: "too_big", origin: "string", maximum: MESSAGE_MAX_BYTES, message });
}

/** The parts, and behind them what they do not hold already, as it is or as the same call in another dialect. */
function joined(
  parts: PartInput[] | undefined,
  more: readonly PartInput[],
): PartInput[] | undefined {
  if (parts === undefined || more.length === 0) return more.length === 0 ? parts : [...more];
  const unmatched = new Set(parts.keys());
  const placesOf = new Map<string, number[]>();
  for (const [at, part] of parts.entries()) {
    for (const key of keysOf(part)) {
      const places = placesOf.get(key);
      if (places === undefined) placesOf.set(key, [at]);
      else places.push(at);
    }
  }
  // What is said twice is held twice: each part stands for one of the same.
  const added = more.filter((part) => {
    for (const places of keysOf(part).map((key) => placesOf.get(key) ?? [])) {
      for (let at = places.pop(); at !== undefined; at = places.pop()) {
        if (unmatched.delete(at)) return false;
      }
    }
    return true;
  });
  return [...parts, ...added];
}

/** What parts that say the same have in common. */
function keysOf(part: PartInput): string[] {
  const call = sameCallKey(parsePart(part));
  return call === undefined ? [asText(part)] : [asText(part), call];
}

const asText = ({ type, format, content }: PartInput) => [type, format, content].join("\n");

/** A list as it is, one thing as a list of it; absent and null are the same. */
function listOf(value: unknown, issues: z.RefinementCtx): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [value];
  if (value.length <= PARTS_MAX) return value;
  refuseTooLarge(issues);
  return [];
}

function callShape(call: unknown): StoredPart {
  return { type: "tool-call", content: call };
}

/**
 * The text that the text parts hold together; empty if there is none. It stands in the parts already,
 * so that it ends where it would make the message too large.
 */
export function textOfParts(parts: PartInput[]): string {
  const texts = parts.filter(isTextPart).map(parsePart);
  const text = messageProse({ role: "unknown", parts: texts });
  return prefixBytes(text, MESSAGE_MAX_BYTES - storedBytes("", parts));
}
