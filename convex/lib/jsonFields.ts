import { isJsonObject, isTooDeep, type JsonObject, parseJson } from "./json";

/** Reads fields of JSON objects that come from outside. Pure. */

/** Whether the object has the field as its own property. */
export const has = (fields: JsonObject, key: string) =>
  Object.prototype.hasOwnProperty.call(fields, key);

/**
 * The first of these fields that exists, wrapped, so that a stored `null` differs from a missing
 * field.
 */
export function first(fields: JsonObject, keys: readonly string[]): { value: unknown } | undefined {
  const key = keys.find((candidate) => has(fields, candidate));
  return key === undefined ? undefined : { value: fields[key] };
}

/** The first of these fields that holds non-blank text. */
export function firstText(fields: JsonObject, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = has(fields, key) ? fields[key] : undefined;
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return undefined;
}

/** The object in this field, or `otherwise` when the field holds something else. */
export function objectIn(fields: JsonObject, key: string, otherwise: JsonObject): JsonObject {
  const value = has(fields, key) ? fields[key] : undefined;
  return isJsonObject(value) ? value : otherwise;
}

/** The object without these fields; undefined when no field is left. Returns the object itself if it has none of them. */
export function without(
  fields: JsonObject,
  keys: readonly string[],
): { value: JsonObject } | undefined {
  if (!hasOtherThan(fields, keys)) return undefined;
  if (first(fields, keys) === undefined) return { value: fields };
  const entries = Object.entries(fields).filter(([key]) => !keys.includes(key));
  return { value: Object.fromEntries<unknown>(entries) };
}

/** Whether the object has a field besides these. Looks no further than the first one, because it may have 100,000. */
export function hasOtherThan(fields: JsonObject, keys: readonly string[]): boolean {
  for (const key in fields) if (!keys.includes(key)) return true;
  return false;
}

/** Parses a string that holds a JSON object or array; returns any other value unchanged. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  const json = parseJson(value);
  return json.ok && !isTooDeep(json.value) ? json.value : value;
}
