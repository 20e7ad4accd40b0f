import * as z from "zod";
import { readTime } from "../lib/sourceTime";
import { cutBytes, wellFormed } from "../lib/text";

/**
 * Fields as plugins really send them (strings for numbers, null for nothing, times in three units).
 * An unusable value counts as absent: refusing it would lose the rest of the message.
 */

type JsonSchema = { type?: string | string[]; description: string; [key: string]: unknown };

/** A field read by `read`; undefined = absent. `schema` describes it in the OpenAPI document. */
export function lenient<T>(read: (value: unknown) => T | undefined, schema: JsonSchema) {
  return z.optional(z.unknown().transform(read)).meta(schema);
}

/** Counts and token numbers above this are not real and would spoil exact sums. */
const COUNT_MAX = 1e12;
/** Dollars for one session or message; above this a sum in nano-dollars is no longer exact. */
const COST_MAX = 1e6;
/** Ten years. */
const DURATION_MAX_MS = 10 * 365 * 86_400_000;

function readNumber(value: unknown, max: number): number | undefined {
  const number = typeof value === "string" ? numberFromText(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return undefined;
  return number >= 0 && number <= max ? number : undefined;
}

function numberFromText(text: string): number | undefined {
  return /^\s*\d+(\.\d+)?(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

/** A whole number ≥ 0; fractions are rounded down. */
export function readCount(value: unknown): number | undefined {
  const number = readNumber(value, COUNT_MAX);
  return number === undefined ? undefined : Math.floor(number);
}

/** Text, well formed; null and absent are the same, other types become JSON text. */
export function readText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return wellFormed(typeof value === "string" ? value : JSON.stringify(value));
}

/** Text with something in it, trimmed. */
export function readLabel(value: unknown): string | undefined {
  const text = readText(value)?.trim();
  return text === "" ? undefined : text;
}

/** Labels are copied into rows and lists; the longest real ones are paths. */
const LABEL_MAX_BYTES = 2_000;

function cutLabel(label: string | undefined): string | undefined {
  return label === undefined ? undefined : cutBytes(label, LABEL_MAX_BYTES);
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
/** A label of bounded size: a name that long is none, but nothing else should suffer from it. */
export const label = (description: string) =>
  lenient((value) => cutLabel(readLabel(value)), { type: "string", description });
/** Epoch ms, seconds or ISO text; implausible times count as absent. */
export const time = (description: string) =>
  lenient((value) => readTime(value, Date.now()), { type: ["integer", "string"], description });

/** A query parameter that is a whole number in a range: clamped, and `fallback` if it is none. */
export function clamped(description: string, min: number, max: number, fallback: number) {
  return z
    .unknown()
    .optional()
    .transform((value) => clamp(value, min, max) ?? fallback)
    .meta({ type: "integer", minimum: min, maximum: max, default: fallback, description });
}

function clamp(value: unknown, min: number, max: number): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || Number.isNaN(number)) return undefined;
  return Math.min(max, Math.max(min, Math.floor(number)));
}
