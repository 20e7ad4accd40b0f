import type { JSONValue } from "convex/values";

/** A JSON object, as syscalls and stored documents are written. */
export type JsonObject = { [key: string]: JSONValue };

/**
 * Parse JSON whose shape is known by who wrote it: this engine, or the `convex` package that calls
 * it. The one place where a parsed value is given a type without a check.
 */
export function parseJson<T = JSONValue>(text: string): T {
  return JSON.parse(text) as T;
}

/** A string among JSON values whose shape the `convex` package vouches for. */
export function text(value: JSONValue | undefined): string {
  if (typeof value !== "string") throw new Error("Expected a string");
  return value;
}
