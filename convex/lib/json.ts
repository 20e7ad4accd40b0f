import { ByteChunks, jsonSlices } from "./jsonStream";
import { isWellFormed as isWellFormedText, wellFormed } from "./text";
import { decodeUtf8, joined } from "./utf8";

/**
 * The deepest nesting accepted in client JSON. `JSON.stringify` recurses, and answers wrap stored
 * values a few levels deeper, so the bound stays far below the engine's stack (about 5,000 levels).
 */
const JSON_DEPTH_MAX = 1_000;

/**
 * Serialises any JSON value. Unpaired surrogates are written as escapes, so the text is well formed
 * and parses back equal. Throws a `RangeError` for values nested deeper than `JSON_DEPTH_MAX`.
 */
export function jsonText(value: unknown): string {
  return laterJsonText(value)();
}

/**
 * Like `jsonText`, in two steps, for a caller that releases the value before it asks for the text:
 * value and text together take 28 MB if a text of 7 MB has one character beyond Latin-1. Between the
 * steps a long text is bytes, which are not on the heap.
 */
export function laterJsonText(value: unknown): () => string {
  if (isTooDeep(value)) {
    throw new RangeError(`is nested deeper than ${JSON_DEPTH_MAX} levels`);
  }
  return hasLongText(value) ? laterText(jsonSlices(value)) : always(JSON.stringify(value));
}

function laterText(slices: Iterable<string>): () => string {
  const bytes = new ByteChunks();
  for (const slice of slices) bytes.add(slice);
  // These bytes were encoded from text, so decoding them cannot fail.
  return () => decodeUtf8(joined(bytes.chunks), true) ?? "";
}

function always(text: string): () => string {
  return () => text;
}

const LONG_TEXT_CHARS = 1_000_000;

function hasLongText(value: unknown): boolean {
  if (typeof value === "string") return value.length > LONG_TEXT_CHARS;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasLongText);
}

/** Whether a JSON value nests deeper than `JSON_DEPTH_MAX`. */
export function isTooDeep(value: unknown): boolean {
  return isDeeperThan(value, JSON_DEPTH_MAX);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((inner) => isDeeperThan(inner, levels - 1));
  const fields = value as JsonObject;
  for (const key in fields) if (isDeeperThan(fields[key], levels - 1)) return true;
  return false;
}

export type JsonObject = { readonly [key: string]: unknown };

/** Whether a JSON value is an object: neither a list nor null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Replaces unpaired surrogates by U+FFFD in values and keys, because JSON may contain them and
 * Convex values may not. Returns the value itself if it contains none, because a copy of a large one takes long.
 */
export function wellFormedJson<Value>(value: Value): Value {
  if (isWellFormed(value)) return value;
  // The result has the shape of the input, which TypeScript cannot infer through the recursion.
  return replaced(value) as Value;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return isWellFormedText(value);
  if (Array.isArray(value)) return value.every(isWellFormed);
  if (typeof value !== "object" || value === null) return true;
  const fields = value as JsonObject;
  // No list of its entries: an object may have 100,000 of them, and each entry would be a list of its own.
  for (const key in fields) if (!isWellFormed(key) || !isWellFormed(fields[key])) return false;
  return true;
}

function replaced(value: unknown): unknown {
  if (typeof value === "string") return wellFormed(value);
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [wellFormed(key), replaced(inner)]),
  );
}

/** Parses JSON text; `ok` is false when it is invalid. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}

/** The longest text that is indented, because nobody reads a longer one by its indentation. */
const READABLE_MAX_CHARS = 100_000;
/** The most indentation relative to the text, because it grows with the square of the nesting. */
const INDENTATION_MAX_RATIO = 3;

/**
 * Formats JSON for people: indented, or on one line when the text would be long or mostly
 * indentation. At most about four times as long as the compact form; empty for undefined.
 */
export function readableJson(value: unknown): string {
  const line = JSON.stringify(value) ?? "";
  const isReadable =
    line.length <= READABLE_MAX_CHARS &&
    indentation(value, 0) <= line.length * INDENTATION_MAX_RATIO;
  return isReadable ? (JSON.stringify(value, null, 2) ?? "") : line;
}

/** The line breaks and spaces that indentation adds to a value nested `depth` levels deep. */
function indentation(value: unknown, depth: number): number {
  const inner = typeof value === "object" && value !== null ? Object.values(value) : [];
  if (inner.length === 0) return 0;
  const own = inner.length * (2 * depth + 3) + 2 * depth + 1;
  return inner.reduce<number>((sum, one) => sum + indentation(one, depth + 1), own);
}
