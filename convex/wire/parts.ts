import * as z from "zod";
import { isJsonObject, type JsonObject } from "../lib/json";
import { messageProse } from "../lib/sessions/readMessage";
import {
  isTextPart,
  laterStoredForm,
  parsePart,
  readPart,
  sameCallKey,
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
 * A part in its stored form: text as it is, everything else as JSON text, because Convex values
 * cannot hold every key, depth and length of JSON.
 */
type PartInput = WholePart;

/** The longest part type; a longer one is not a type. */
const TYPE_MAX_BYTES = 100;

/**
 * The parts of a message in any dialect: a list or a single part. A part is `{type, content}`, an
 * object with its fields next to `type`, or plain text. Null counts as missing.
 */
export const PartList = z
  .optional(
    z.unknown().transform((value, issues): PartInput[] | undefined => {
      if (value === undefined || value === null) return undefined;
      return storedForms(listOf(value, issues), shapeOf, issues, (at) => [at, "content"]);
    }),
  )
  .meta({
    type: "array",
    items: { anyOf: [{ $ref: "#/components/schemas/Part" }, { type: "string" }] },
    description: "Content blocks as any JSON; stored completely and in order.",
  });

/**
 * Brings sent parts into their stored form. Empties the list, because the parsed body is not read
 * again, and both forms of a long part would fill memory.
 */
function storedForms(
  sent: unknown[],
  shape: (part: unknown) => StoredPart,
  issues: z.RefinementCtx,
  pathOf: (at: number) => PropertyKey[],
): PartInput[] {
  const stored = sent.map((part, at) => {
    const later = readOrRefuse(issues, pathOf(at), () => laterStoredForm(shape(part)));
    sent[at] = null;
    return later;
  });
  // A part that was refused leaves an issue, so that the message is refused.
  return stored.flatMap((later) => (typeof later === "function" ? [later()] : []));
}

/** Normalises a sent part to a type and content. */
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

/** Fields next to `content` that belong into it, as in the documented flat form of tool parts. */
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

/** The fields of a message that may hold its content, in several dialects at once. */
type ContentFields = {
  textContent?: string;
  content?: unknown;
  parts?: PartInput[];
  toolCalls?: unknown;
  tool_calls?: unknown;
  tool_call_id?: string;
};

/** The largest tool result whose call is stored with it, so that no large message is stored twice. */
const NAMED_RESULT_MAX_BYTES = 64 * 1024;

/**
 * Collects the content of a message from all fields that may hold it. The text is `textContent`,
 * otherwise a scalar `content`. Anything else in `content` and `toolCalls` is added to the parts,
 * unless they contain it already; with `tool_call_id`, `content` is the result of that call. If none of these fields was sent, `parts` is undefined and the
 * parts of an earlier delivery stay.
 */
export function readContent(
  { textContent, content, parts, toolCalls, tool_calls, tool_call_id }: ContentFields,
  issues: z.RefinementCtx,
): { text?: string; parts?: PartInput[] } {
  const isScalar = typeof content !== "object";
  const written = isScalar ? readText(content) : undefined;
  const text = textContent || written;
  const second = written && written !== text ? [written] : [];
  const stored = (field: string, sent: unknown[], shape: (part: unknown) => StoredPart) =>
    storedForms(sent, shape, issues, (at) => [field, at]);
  const isNamedResult = tool_call_id !== undefined && !isScalar && !holdsResult(content);
  const sent = isNamedResult
    ? [{ type: "tool-result", content: { tool_call_id, content } }]
    : content;
  const blocks = stored("content", isScalar ? second : listOf(sent, issues), shapeOf);
  const calls = stored("toolCalls", listOf(toolCalls ?? tool_calls, issues), callShape);
  const isResult = tool_call_id !== undefined && text && utf8Length(text) <= NAMED_RESULT_MAX_BYTES;
  const answered = { type: "tool-result", content: { tool_call_id, content: text } };
  const results = isResult ? stored("content", [answered], shapeOf) : [];
  return { text, parts: appendMissing(appendMissing(parts, blocks), [...calls, ...results]) };
}

/** Whether blocks of content include a result, which then names its call itself. */
function holdsResult(content: unknown): boolean {
  const blocks: unknown[] = Array.isArray(content) ? content : [content];
  return blocks.some((block) => isJsonObject(block) && readsAsResult(shapeOf(block)));
}

const readsAsResult = (part: StoredPart) =>
  readPart(part).some(({ kind }) => kind === "tool-result");

/** Adds the issue for a message that is too large to store, which becomes status 413. */
export function refuseTooLarge(issues: z.RefinementCtx): void {
  const message = `takes more than ${MESSAGE_MAX_BYTES} bytes in storage`;
  issues.addIssue({ code: "too_big", origin: "string", maximum: MESSAGE_MAX_BYTES, message });
}

/**
 * Appends the parts that are not contained yet, neither as sent nor as the same call in another
 * dialect.
 */
function appendMissing(
  parts: PartInput[] | undefined,
  more: readonly PartInput[],
): PartInput[] | undefined {
  if (parts === undefined || more.length === 0) return more.length === 0 ? parts : [...more];
  const unmatched = new Set(parts.keys());
  const positionsOf = new Map<string, number[]>();
  for (const [at, part] of parts.entries()) {
    for (const key of matchKeys(part)) {
      const positions = positionsOf.get(key);
      if (positions === undefined) positionsOf.set(key, [at]);
      else positions.push(at);
    }
  }
  // Each part matches one equal part only, so that repeated content stays repeated.
  const added = more.filter((part) => {
    for (const positions of matchKeys(part).map((key) => positionsOf.get(key) ?? [])) {
      for (let at = positions.pop(); at !== undefined; at = positions.pop()) {
        if (unmatched.delete(at)) return false;
      }
    }
    return true;
  });
  return [...parts, ...added];
}

/** Keys that equal parts share. */
function matchKeys(part: PartInput): string[] {
  const call = sameCallKey(parsePart(part));
  return call === undefined ? [serialized(part)] : [serialized(part), call];
}

const serialized = ({ type, format, content }: PartInput) => [type, format, content].join("\n");

/** Wraps a single value in a list. Null counts as missing. */
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
 * Joins the text of all text parts; empty if there is none. It repeats the parts, so it is cut
 * where it would make the message too large.
 */
export function textOfParts(parts: PartInput[]): string {
  const textParts = parts.filter(isTextPart);
  if (textParts.length === 0) return "";
  const max = MESSAGE_MAX_BYTES - storedBytes("", parts);
  const texts: string[] = [];
  let bytes = 0;
  for (const part of textParts) {
    const prose = messageProse({ role: "unknown", parts: [parsePart(part)] });
    if (prose === "") continue;
    texts.push(prose);
    bytes += utf8Length(prose);
    // Joining all of a long message would take as much memory again.
    if (bytes > max) break;
  }
  return prefixBytes(texts.join("\n\n"), max);
}
