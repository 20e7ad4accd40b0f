import { isJsonObject, type JsonObject } from "../../json.ts";
import type { Part } from "../../rows.ts";

/** Content blocks of Claude Code as parts. Blocks stay as they are: the server reads this dialect. Pure. */

/** The text of content: a string, or its text blocks. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const texts = content.filter(isJsonObject).filter(({ type }) => type === "text");
  return texts.map(({ text }) => (typeof text === "string" ? text : "")).join("\n");
}

/** Blocks as parts, whole. */
export function contentParts(blocks: readonly JsonObject[]): Part[] {
  return blocks.map(({ type, ...fields }) => {
    const name = typeof type === "string" ? type : "unknown";
    if (name === "text" && Object.keys(fields).length === 1 && typeof fields.text === "string")
      return { type: name, content: fields.text };
    return { type: name, content: fields };
  });
}

/** Fields of `toolUseResult` that repeat a result, or copy whole files from before an edit. */
const REPEATED = new Set(["originalFile", "base64", "stdout", "prompt", "oldTodos"]);

/** What the structured copy of a result tells beyond the result itself. */
export function detailPart(detail: unknown, results: readonly JsonObject[]): Part | undefined {
  if (!isJsonObject(detail)) return undefined;
  const shown = JSON.stringify(results);
  const content = reduced(detail, shown);
  return content === undefined ? undefined : { type: "tool-detail", content };
}

function reduced(value: unknown, shown: string): unknown {
  if (typeof value === "string") return isShown(value, shown) ? undefined : value;
  if (Array.isArray(value)) {
    const items = value.map((item) => reduced(item, shown)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (!isJsonObject(value)) return value ?? undefined;
  const isFile = typeof value.filePath === "string" && typeof value.numLines === "number";
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    // A file's lines are in the result, with their numbers.
    if (isFile && key === "content") return [];
    const isRepeated = REPEATED.has(key) && typeof inner === "string" && key !== "stdout";
    const rest = isRepeated ? undefined : reduced(inner, shown);
    return rest === undefined || rest === "" || rest === false ? [] : [[key, rest] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** Whether the text is part of what is shown already. */
function isShown(text: string, shown: string): boolean {
  return text.length > 40 && shown.includes(JSON.stringify(text.trim()).slice(1, -1));
}
