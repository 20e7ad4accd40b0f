import { getDocumentSize, getConvexSize, type Value } from "convex/values";

/**
 * Refuses values that Convex refuses, with a similar message, so that code that works on this machine also
 * works on a deployment (https://docs.convex.dev/production/state/limits). Where Convex's documentation and
 * code disagree, this follows the stricter one.
 */
const MIB = 1 << 20;
const MAX_DOCUMENT_BYTES = MIB;
const MAX_ARGS_BYTES = 16 * MIB;
const MAX_RETURN_BYTES = 16 * MIB;
const MAX_DOCUMENT_NESTING = 16;
const MAX_VALUE_NESTING = 64;
const MAX_ARRAY_LENGTH = 8192;
const MAX_FIELDS = 1024;
const MAX_FIELD_NAME_BYTES = 1024;

const LONE_SURROGATE = /\p{Surrogate}/u;
const PRINTABLE_ASCII = /^[ -~]+$/;

/** A value that Convex would refuse; the message says which rule and where. */
class LimitError extends Error {
  override name = "LimitError";
}

function problemOf(name: string, isDocument: boolean): string | null {
  if (name === "") return "is empty: field names must be nonempty";
  if (name.length > MAX_FIELD_NAME_BYTES)
    return `exceeds maximum field name length ${MAX_FIELD_NAME_BYTES}`;
  if (name.startsWith("$")) return "starts with '$', which is reserved";
  if (isDocument && name.startsWith("_")) return "starts with '_', which is reserved";
  return PRINTABLE_ASCII.test(name) ? null : "can only contain non-control ASCII characters";
}

interface Rules {
  maxNesting: number;
  /** Whether names that begin with `_` are refused, except system fields (for documents). */
  isDocument: boolean;
}

function checkObject(value: object, path: string, depth: number, rules: Rules): void {
  const entries = Object.entries(value) as [string, Value | undefined][];
  if (entries.length > MAX_FIELDS)
    throw new LimitError(
      `Object has too many fields (${entries.length} > maximum number ${MAX_FIELDS})${at(path)}`,
    );
  for (const [name, child] of entries) {
    if (child === undefined) continue;
    const problem = problemOf(name, rules.isDocument);
    if (problem !== null)
      throw new LimitError(`Field name ${JSON.stringify(name)}${at(path)} ${problem}`);
    checkValue(child, `${path}.${name}`, depth + 1, rules);
  }
}

function at(path: string): string {
  return path === "" ? "" : ` at ${path}`;
}

function checkValue(value: Value, path: string, depth: number, rules: Rules): void {
  if (typeof value === "string") {
    if (LONE_SURROGATE.test(value))
      throw new LimitError(`String is not valid Unicode: unpaired surrogate${at(path)}`);
    return;
  }
  if (typeof value !== "object" || value === null || value instanceof ArrayBuffer) return;
  if (depth > rules.maxNesting)
    throw new LimitError(
      `Value is too nested (nested ${depth} levels deep > maximum nesting ${rules.maxNesting})`,
    );
  if (Array.isArray(value)) {
    if (value.length > MAX_ARRAY_LENGTH)
      throw new LimitError(
        `Array length is too long (${value.length} > maximum length ${MAX_ARRAY_LENGTH})${at(path)}`,
      );
    for (let i = 0; i < value.length; i++) {
      const element = value[i] as Value;
      // Numbers always pass. A vector has 1,536 of them, so no path is built for them.
      if (typeof element !== "number") checkValue(element, `${path}[${i}]`, depth + 1, rules);
    }
    return;
  }
  checkObject(value, path, depth, rules);
}

/** Throws for a document that Convex would not store; returns its size as Convex measures it. */
export function checkDocument(table: string, fields: Record<string, Value>, id: string): number {
  checkValue(fields, "", 1, { maxNesting: MAX_DOCUMENT_NESTING, isDocument: true });
  const size = getDocumentSize({ ...fields, _id: id, _creationTime: 0 });
  if (size > MAX_DOCUMENT_BYTES)
    throw new LimitError(
      `Value is too large (${size} bytes > maximum size ${MAX_DOCUMENT_BYTES} bytes) in table "${table}"`,
    );
  return size;
}

/** Throws for arguments or a return value that Convex would refuse. */
export function checkPassedValue(value: Value, what: "arguments" | "return value"): void {
  checkValue(value, "", 1, { maxNesting: MAX_VALUE_NESTING, isDocument: false });
  const limit = what === "arguments" ? MAX_ARGS_BYTES : MAX_RETURN_BYTES;
  const size = getConvexSize(value);
  if (size > limit)
    throw new LimitError(
      `Function ${what} is too large: ${size} bytes, the maximum is ${limit} bytes`,
    );
}
