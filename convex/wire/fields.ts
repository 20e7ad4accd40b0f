import * as z from "zod";
import { isTooDeep, jsonText } from "../lib/json";
import { readTime } from "../lib/sync/sourceTime";
import { cutBytes, wellFormed } from "../lib/text";
import { DAY_MS } from "../lib/time";

/**
 * Parses fields as plugins really send them (strings for numbers, null for missing values, times in
 * three units). An unusable value counts as missing, because rejecting it would lose the rest of
 * the message.
 */

const KINDS: { readonly [type: string]: string } = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** The message for an invalid field whose declaration has none of its own; for `safeParse`. */
export const faultOf: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code === "too_big") return `has more than ${issue.maximum} items`;
  if (issue.code !== "invalid_type") return undefined;
  return issue.input === undefined
    ? "is required"
    : `must be ${KINDS[issue.expected] ?? issue.expected}`;
};

type JsonSchema = { type?: string | string[]; description: string; [key: string]: unknown };

/**
 * Declares a field parsed by `read`, where undefined means missing. Only content that makes `read`
 * throw is rejected, because it would be lost. `schema` describes the field in the OpenAPI
 * document.
 */
export function lenient<T>(read: (value: unknown) => T | undefined, schema: JsonSchema) {
  const field = z
    .unknown()
    .transform((value, issues) => readOrRefuse(issues, [], () => read(value)));
  return z.optional(field).meta(schema);
}

/** Returns the result of `read`, or adds an issue at `path` with its error. */
export function readOrRefuse<T>(issues: z.RefinementCtx, path: PropertyKey[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    // JSON nested too deeply to be serialised again.
    const message = error instanceof RangeError ? error.message : "cannot be stored";
    issues.addIssue({ code: "custom", path, message });
    return z.NEVER;
  }
}

/** The largest plausible count. Larger numbers would break exact sums. */
const COUNT_MAX = 1e12;
/** The most dollars for one session or message; a larger sum in nano-dollars would not be exact. */
const COST_MAX = 1e6;
/** The longest duration: ten years. */
const DURATION_MAX_MS = 10 * 365 * DAY_MS;

function readNumber(value: unknown, max: number): number | undefined {
  const number = typeof value === "string" ? numberFromText(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return undefined;
  return number >= 0 && number <= max ? number : undefined;
}

function numberFromText(text: string): number | undefined {
  return /^\s*\d+(\.\d+)?(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

/** A whole number ≥ 0; fractions are rounded down. */
function readCount(value: unknown): number | undefined {
  const number = readNumber(value, COUNT_MAX);
  return number === undefined ? undefined : Math.floor(number);
}

/**
 * Parses well-formed text. Null counts as missing, other types become JSON text. Throws a
 * `RangeError` for values nested too deeply.
 */
export function readText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return wellFormed(typeof value === "string" ? value : jsonText(value));
}

/** Parses non-blank text, trimmed. Values nested too deeply to be serialised count as missing. */
export function readLabel(value: unknown): string | undefined {
  const text = isTooDeep(value) ? undefined : readText(value)?.trim();
  return text === "" ? undefined : text;
}

/**
 * The longest label, because labels are copied into rows and lists; the longest real ones are
 * paths.
 */
const LABEL_MAX_BYTES = 2_000;

export function cutLabel(
  label: string | undefined,
  maxBytes = LABEL_MAX_BYTES,
): string | undefined {
  return label === undefined ? undefined : cutBytes(label, maxBytes);
}

export const count = (description: string) =>
  lenient(readCount, { type: "integer", minimum: 0, description });
export const cost = (description: string) =>
  lenient((value) => readNumber(value, COST_MAX), { type: "number", minimum: 0, description });
export const duration = (description: string) =>
  lenient((value) => readNumber(value, DURATION_MAX_MS), {
    type: "number",
    minimum: 0,
    description,
  });
export const text = (description: string) => lenient(readText, { type: "string", description });
/** A label of bounded size. Longer ones are cut, so that the rest of the message is kept. */
export const label = (description: string, maxBytes = LABEL_MAX_BYTES) =>
  lenient((value) => cutLabel(readLabel(value), maxBytes), { type: "string", description });
/** A time in epoch ms, seconds or ISO text; implausible times count as missing. */
export const time = (description: string) =>
  lenient((value) => readTime(value, Date.now()), { type: ["integer", "string"], description });
