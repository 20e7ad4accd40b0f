import { isJsonObject, isTooDeep, type JsonObject, parseJson } from "./json";

/** Reading fields of JSON objects that came from outside. Pure. */

/** Whether the object has the field itself, and not by inheritance. */
export const has = (fields: JsonObject, key: string) =>
  Object.prototype.hasOwnProperty.call(fields, key);

/** The first of these fields that is there, so that a stored `null` is told from nothing. */
export function first(fields: JsonObject, keys: readonly string[]): { value: unknown } | undefined {
  const key = keys.find((candidate) => has(fields, candidate));
  return key === undefined ? undefined : { value: fields[key] };
}

/** The first of these fields that is text with something in it. */
export function firstText(fields: JsonObject, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = has(fields, key) ? fields[key] : undefined;
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return undefined;
}

/** The object in this field, or `otherwise`. */
export function objectIn(fields: JsonObject, key: string, otherwise: JsonObject): JsonObject {
  const value = has(fields, key) ? fields[key] : undefined;
  return isJsonObject(value) ? value : otherwise;
}

/** The fields but these; undefined where none is left. */
export function without(
  fields: JsonObject,
  keys: readonly string[],
): { value: JsonObject } | undefined {
  const entries = Object.entries(fields).filter(([key]) => !keys.includes(key));
  return entries.length === 0 ? undefined : { value: Object.fromEntries<unknown>(entries) };
}

/** A string that holds a JSON object or array, as that value; anything else as it is. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  const json = parseJson(value);
  return json.ok && !isTooDeep(json.value) ? json.value : value;
}
