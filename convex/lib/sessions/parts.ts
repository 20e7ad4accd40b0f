import { isJsonObject, type JsonObject, jsonText, laterJsonText } from "../json";
import { isWellFormed } from "../text";
import { firstText, has, without } from "../jsonFields";
import { kindOfFields, kindOfType } from "./partKinds";
import { type JoinedPart, unpackParts, type WholePart } from "./partRows";
import { CALL_SPELLINGS, readPart } from "./readPart";
import type { StoredPart } from "./storedPart";

export { argumentsObject, plainText } from "./plainText";
export { type ReadPart, readPart, UNKNOWN_TOOL } from "./readPart";

export type { StoredPart } from "./storedPart";

/** Converts parts to their stored form and back. `readPart` interprets them. Pure. */

/** Converts a part to its stored form (`parsePart` reverses it). */
export function storedForm(part: StoredPart): WholePart {
  return laterStoredForm(part)();
}

/** Like `storedForm`, in two steps, between which the caller releases the part (`laterJsonText`). */
export function laterStoredForm({ type, content, ...beside }: StoredPart): () => WholePart {
  const isText = typeof content === "string" && isWellFormed(content);
  const format = isText ? "text" : "json";
  const text = isText ? always(content) : laterContent(content);
  if (Object.keys(beside).length === 0) return () => ({ type, format, content: text() });
  const fields = jsonText(beside);
  return () => ({ type, format: `${format}AndFields`, content: `${text()}\n${fields}` });
}

function always(text: string): () => string {
  return () => text;
}

function laterContent(content: unknown): () => string {
  return content === undefined ? () => "" : laterJsonText(content);
}

/** Parts that were parsed from text in which no surrogate is escaped: Convex stores only well-formed text. */
const wellFormedParts = new WeakSet<StoredPart>();
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * Whether a part is known to have no unpaired surrogate in any text or key. Saves a walk through parts that
 * `parsePart` returned; any other part is not known.
 */
export function isKnownWellFormed(part: StoredPart): boolean {
  return wellFormedParts.has(part);
}

/** Converts a stored part to what the client sent. Empty JSON text means that there was no content. */
export function parsePart(stored: WholePart): StoredPart {
  const part = parseContent(stored);
  if (!ESCAPED_SURROGATE.test(stored.content)) wellFormedParts.add(part);
  return part;
}

function parseContent({ type, format, content }: WholePart): StoredPart {
  switch (format) {
    case "text":
      return { type, content };
    case "json":
      return content === "" ? { type } : { type, content: JSON.parse(content) as unknown };
    case "textAndFields":
    case "jsonAndFields": {
      // The last line holds the fields, because JSON text contains no line breaks.
      const end = content.lastIndexOf("\n");
      const inner = format === "textAndFields" ? ("text" as const) : ("json" as const);
      const part = parseContent({ type, format: inner, content: content.slice(0, end) });
      return { ...part, ...(JSON.parse(content.slice(end + 1)) as JsonObject) };
    }
  }
}

/** Converts a message's stored parts to what the client sent. */
export function parseParts(parts: readonly JoinedPart[]): StoredPart[] {
  return unpackParts(parts).map(parsePart);
}

/** Whether a stored part is prose, in any dialect. */
export function isTextPart(part: WholePart): boolean {
  const kind = kindOfType(part.type);
  if (kind !== undefined || part.type !== "unknown") return kind === "text";
  const { content } = parsePart(part);
  return isJsonObject(content) && kindOfFields(content) === "text";
}

/**
 * A key that is equal for the same call in different dialects. Undefined for parts that are not
 * calls, have no name, or have anything besides one name, one id and one set of arguments.
 */
export function sameCallKey(part: StoredPart): string | undefined {
  const { content } = part;
  if (kindOfType(part.type) !== "call" || !isJsonObject(content)) return undefined;
  const [names] = CALL_SPELLINGS;
  // OpenAI's calls say again that they are calls, and hold name and arguments in `function`.
  const { type: _, function: held, ...own } = content;
  const fields: JsonObject = { ...own, ...(isJsonObject(held) ? held : {}) };
  const spelled = CALL_SPELLINGS.map((keys) => keys.filter((key) => has(fields, key)));
  const isPlain =
    without(part, ["type", "content"]) === undefined &&
    firstText(fields, names) !== undefined &&
    spelled.every((keys) => keys.length <= 1) &&
    spelled.flat().length === Object.keys(fields).length;
  return isPlain ? JSON.stringify(readPart(part)) : undefined;
}
