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

/** The most bytes that a character of JSON text stands for: `1,` is a number of 9 bytes. */
const MAX_BYTES_PER_CHARACTER = 9;

const PRINTABLE_ASCII = /^[ -~]+$/;

/** A value that Convex would refuse; the message says which rule and where. */
class LimitError extends Error {
  override name = "LimitError";
}

/** Names without a problem, of which there are few. The number that is remembered is bounded. */
const goodNames = new Set<string>();
const MAX_GOOD_NAMES = 10_000;

function problemOf(name: string, isDocument: boolean): string | null {
  if (goodNames.has(name)) return null;
  const problem = newProblemOf(name, isDocument);
  if (problem === null && !name.startsWith("_") && goodNames.size < MAX_GOOD_NAMES)
    goodNames.add(name);
  return problem;
}

function newProblemOf(name: string, isDocument: boolean): string | null {
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

/** Where a value is inside of the one that is checked: its name or place in its parent. Null for the whole. */
type Path = { parent: Path; step: string | number } | null;

function checkObject(value: object, path: Path, depth: number, rules: Rules): void {
  const names = Object.keys(value);
  if (names.length > MAX_FIELDS)
    throw new LimitError(
      `Object has too many fields (${names.length} > maximum number ${MAX_FIELDS})${at(path)}`,
    );
  for (const name of names) {
    const child = (value as Record<string, Value | undefined>)[name];
    if (child === undefined) continue;
    const problem = problemOf(name, rules.isDocument);
    if (problem !== null)
      throw new LimitError(`Field name ${JSON.stringify(name)}${at(path)} ${problem}`);
    if (!isFine(child)) checkValue(child, { parent: path, step: name }, depth + 1, rules);
  }
}

function at(path: Path): string {
  let text = "";
  for (let one = path; one !== null; one = one.parent)
    text = (typeof one.step === "number" ? `[${one.step}]` : `.${one.step}`) + text;
  return text === "" ? "" : ` at ${text}`;
}

/** Whether a value has no parts and passes. Most do, so no path is built for them: a vector has 1,536 numbers. */
function isFine(value: Value): boolean {
  if (typeof value === "string") return value.isWellFormed();
  return typeof value !== "object" || value === null;
}

function checkValue(value: Value, path: Path, depth: number, rules: Rules): void {
  if (isFine(value)) return;
  if (typeof value === "string")
    throw new LimitError(`String is not valid Unicode: unpaired surrogate${at(path)}`);
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
      if (!isFine(element)) checkValue(element, { parent: path, step: i }, depth + 1, rules);
    }
    return;
  }
  checkObject(value, path, depth, rules);
}

/** Throws for a document that Convex would not store; returns its size as Convex measures it. */
export function checkDocument(table: string, fields: Record<string, Value>, id: string): number {
  checkValue(fields, null, 1, { maxNesting: MAX_DOCUMENT_NESTING, isDocument: true });
  const size = getDocumentSize(fields, { customIdLength: id.length });
  if (size > MAX_DOCUMENT_BYTES)
    throw new LimitError(
      `Value is too large (${size} bytes > maximum size ${MAX_DOCUMENT_BYTES} bytes) in table "${table}"`,
    );
  return size;
}

/** Throws for arguments or a return value that Convex would refuse. `jsonLength` is the length of its JSON. */
export function checkPassedValue(
  value: Value,
  jsonLength: number,
  what: "arguments" | "return value",
): void {
  checkValue(value, null, 1, { maxNesting: MAX_VALUE_NESTING, isDocument: false });
  const limit = what === "arguments" ? MAX_ARGS_BYTES : MAX_RETURN_BYTES;
  // What is short enough need not be measured.
  if (jsonLength * MAX_BYTES_PER_CHARACTER <= limit) return;
  const size = getConvexSize(value);
  if (size > limit)
    throw new LimitError(
      `Function ${what} is too large: ${size} bytes, the maximum is ${limit} bytes`,
    );
}
