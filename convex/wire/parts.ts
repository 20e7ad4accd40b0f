import * as z from "zod";
import { isJsonObject, type JsonObject, jsonText } from "../lib/json";
import { messageProse } from "../lib/messages";
import { parsePart, type StoredPart } from "../lib/parts";
import type { WholePart } from "../lib/pieces";
import { isWellFormed, prefixBytes, wellFormed } from "../lib/text";
import { readOrRefuse } from "./fields";

/**
 * A part in the one form that is stored: text as it is, everything else as JSON text, because no
 * Convex value can hold every key, depth and length of JSON. Empty JSON text stands for a part
 * without content.
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
      const list: unknown[] = Array.isArray(value) ? value : [value];
      return list.map((part, index) =>
        readOrRefuse(issues, [index, "content"], () => storedForm(shapeOf(part))),
      );
    }),
  )
  .meta({
    type: "array",
    items: { type: "object", properties: { type: { type: "string" }, content: {} } },
    description: "Content blocks, any JSON; kept whole and in order.",
  });

function shapeOf(part: unknown): StoredPart {
  if (typeof part === "string") return { type: "text", content: part };
  if (!isJsonObject(part)) return { type: "unknown", content: part };
  const { type, content, ...beside } = part;
  const name = typeof type === "string" ? prefixBytes(wellFormed(type), TYPE_MAX_BYTES) : "unknown";
  return { type: name, content: contentOf(name, content, beside) };
}

/** Fields beside `content` that belong to it, as the documented flat form of tool parts has them. */
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

function contentOf(type: string, content: unknown, beside: JsonObject): unknown {
  if (content === undefined) return Object.keys(beside).length > 0 ? beside : undefined;
  const isFlat = /tool|function/.test(type) && FLAT_KEYS.some((key) => key in beside);
  return isFlat ? { ...beside, content } : content;
}

function storedForm({ type, content }: StoredPart): PartInput {
  if (typeof content === "string" && isWellFormed(content)) {
    return { type, format: "text", content };
  }
  return { type, format: "json", content: content === undefined ? "" : jsonText(content) };
}

/** Older clients: a list of content blocks as `content`, or calls as `toolCalls`. */
export function partsFromToolCalls(
  fields: { content?: unknown; toolCalls?: unknown },
  issues: z.RefinementCtx,
): PartInput[] | undefined {
  const blocks: unknown[] = Array.isArray(fields.content) ? fields.content : [];
  const calls: unknown[] = Array.isArray(fields.toolCalls) ? fields.toolCalls : [];
  if (blocks.length + calls.length === 0) return undefined;
  const read = (name: string, part: StoredPart, index: number) =>
    readOrRefuse(issues, [name, index], () => storedForm(part));
  return [
    ...blocks.map((block, index) => read("content", shapeOf(block), index)),
    ...calls.map((call, index) => read("toolCalls", callShape(call), index)),
  ];
}

function callShape(call: unknown): StoredPart {
  return { type: "tool-call", content: call };
}

/** The text that the text parts hold together; empty if there is none. */
export function textOfParts(parts: PartInput[]): string {
  const texts = parts.filter((part) => part.type === "text").map(parsePart);
  return wellFormed(messageProse({ role: "unknown", parts: texts }));
}
