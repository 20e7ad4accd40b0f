import type { Value } from "convex/values";

/** Returns the fields of a stored document without system fields. */
export function ownFields<T>(document: Record<string, T>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(document).filter(([name]) => name !== "_id" && name !== "_creationTime"),
  );
}

export type Document = Record<string, Value>;

/** Returns the value at a dotted path of a document, or undefined. */
export function fieldAt(document: Document, path: string): Value | undefined {
  // System fields and most others are not nested.
  if (!path.includes(".")) return Object.hasOwn(document, path) ? document[path] : undefined;
  let value: Value | undefined = document;
  for (const name of path.split(".")) {
    if (
      typeof value !== "object" ||
      value === null ||
      Array.isArray(value) ||
      value instanceof ArrayBuffer
    )
      return undefined;
    value = Object.hasOwn(value, name) ? (value as Document)[name] : undefined;
  }
  return value;
}
