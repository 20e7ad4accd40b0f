import { wellFormed } from "./text";

/**
 * How deep client JSON may nest. `JSON.stringify` recurses and an answer wraps what was stored a few
 * levels deeper, so the bound keeps far from the engine's stack (about 5,000 levels).
 */
const JSON_DEPTH_MAX = 1_000;

/**
 * JSON text of any JSON value. Unpaired surrogates come out as escapes, so the text is well formed
 * and parses back equal. Throws a `RangeError` for what nests deeper than `JSON_DEPTH_MAX`.
 */
export function jsonText(value: unknown): string {
  if (isTooDeep(value)) {
    throw new RangeError(`is nested deeper than ${JSON_DEPTH_MAX} levels`);
  }
  return JSON.stringify(value);
}

/** Whether a JSON value nests deeper than `JSON_DEPTH_MAX`. */
export function isTooDeep(value: unknown): boolean {
  return isDeeperThan(value, JSON_DEPTH_MAX);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

export type JsonObject = { readonly [key: string]: unknown };

/** Whether a JSON value is an object: neither a list nor null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A JSON value, or an object made of some, whose unpaired surrogates are replaced by U+FFFD, in keys
 * too. Any JSON may hold them; no Convex value may.
 */
export function wellFormedJson<Value>(value: Value): Value {
  // What comes out has the shape of what went in, which no type can say of a recursion.
  return replaced(value) as Value;
}

function replaced(value: unknown): unknown {
  if (typeof value === "string") return wellFormed(value);
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [wellFormed(key), replaced(inner)]),
  );
}

/** Parses JSON text; `ok` is false if it is none. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}

/** Nobody reads on by its indentation what is longer. */
const READABLE_MAX_CHARS = 100_000;
/** Indentation of deep nesting grows with the square of its depth; more than this helps nobody. */
const INDENTATION_MAX_RATIO = 3;

/**
 * JSON text for people: indented, and on one line where that would be long or mostly indentation. At
 * most about four times as long as the value's JSON, whatever the value; empty for no value.
 */
export function readableJson(value: unknown): string {
  const line = JSON.stringify(value) ?? "";
  const isReadable =
    line.length <= READABLE_MAX_CHARS &&
    indentation(value, 0) <= line.length * INDENTATION_MAX_RATIO;
  return isReadable ? (JSON.stringify(value, null, 2) ?? "") : line;
}

/** Line breaks and spaces that indenting adds to a value inside `depth` others. */
function indentation(value: unknown, depth: number): number {
  const inner = typeof value === "object" && value !== null ? Object.values(value) : [];
  if (inner.length === 0) return 0;
  const own = inner.length * (2 * depth + 3) + 2 * depth + 1;
  return inner.reduce<number>((sum, one) => sum + indentation(one, depth + 1), own);
}
