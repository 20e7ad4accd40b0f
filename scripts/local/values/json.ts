import type { JSONValue } from "convex/values";

/** A JSON object, as used in syscalls and stored documents. */
export type JsonObject = { [key: string]: JSONValue };

/**
 * Parses JSON written by this engine or by the `convex` package, so that its type is known. The only place
 * where a parsed value gets a type without a check.
 */
export function parseJson<T = JSONValue>(text: string): T {
  return JSON.parse(text) as T;
}

/** Returns a JSON value that must be a string. */
export function text(value: JSONValue | undefined): string {
  if (typeof value !== "string") throw new Error("Expected a string");
  return value;
}
