import { jsonToConvex, type JSONValue, type Value } from "convex/values";

/** A JSON object, as used in syscalls and stored documents. */
export type JsonObject = { [key: string]: JSONValue };

/**
 * Parses JSON written by this engine or by the `convex` package, so that its type is known. The only place
 * where a parsed value gets a type without a check.
 */
export function parseJson<T = JSONValue>(text: string): T {
  return JSON.parse(text) as T;
}

/**
 * The value that JSON text of the `convex` package stands for, given the text and what it parses to. Only objects
 * with a name that begins with `$` stand for something else (bytes, integers, special numbers): without one, the
 * parsed JSON is the value, and need not be copied.
 */
export function jsonValue(text: string, parsed: JSONValue): Value {
  return text.includes('"$') ? jsonToConvex(parsed) : parsed;
}

/** Returns a JSON value that must be a string. */
export function text(value: JSONValue | undefined): string {
  if (typeof value !== "string") throw new Error("Expected a string");
  return value;
}
