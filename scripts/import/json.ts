import { isJsonObject, type JsonObject, parseJson } from "../../convex/lib/json";

/** Reading fields of records that tools wrote: a field of another type counts as absent. Pure. */

export type { JsonObject } from "../../convex/lib/json";
export { isJsonObject } from "../../convex/lib/json";

/** Text without the byte order mark that some programs begin a file with. */
export const withoutMark = (text: string) => text.replace(/^\ufeff/, "");

/** A JSON object as text; undefined for anything else. */
export function parsedObject(text: string): JsonObject | undefined {
  const json = parseJson(withoutMark(text));
  return json.ok && isJsonObject(json.value) ? json.value : undefined;
}

/** Text with something in it. */
export function textIn(fields: JsonObject, key: string): string | undefined {
  const value = fields[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** An id: text, or a number, which some tools write. */
export function idIn(fields: JsonObject, key: string): string | undefined {
  const value = fields[key];
  return typeof value === "number" && Number.isFinite(value) ? String(value) : textIn(fields, key);
}

/** A number that is finite and not negative. */
export function numberIn(fields: JsonObject, key: string): number | undefined {
  const value = fields[key];
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A number, 0 where there is none. */
export const countIn = (fields: JsonObject, key: string) => numberIn(fields, key) ?? 0;

/** An object, empty where there is none. */
export function fieldsIn(fields: JsonObject, key: string): JsonObject {
  const value = fields[key];
  return isJsonObject(value) ? value : {};
}

/** The objects of a list; empty if the value is not a list. */
export function objectsIn(fields: JsonObject, key: string): JsonObject[] {
  const value = fields[key];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** An object of JSON as a parser's memo: the parser wrote it itself. */
export function asObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}
