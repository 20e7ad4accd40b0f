import { fileLabel } from "./files";
import { readMessage, type ReadableMessage } from "./readMessage";
import { plainText, type ReadPart } from "./parts";
import { cutBytes, utf8Length } from "../text";

/**
 * Converts parts to what the dashboard can render. Its pages fail on text that is not a string, and
 * Convex cannot return every key and depth of JSON, so text is always a string here, and values
 * that Convex cannot hold become JSON text. Pure.
 */

export type DashboardValue =
  string | number | boolean | null | DashboardValue[] | { [key: string]: DashboardValue };
export type DashboardPart = { type: string; content: DashboardValue };

/**
 * The most parts returned per message. A Convex array holds 8,192 elements, and nobody scrolls
 * through half of that.
 */
const PARTS_MAX = 4_000;

/**
 * The most bytes (UTF-8) of a message's parts: enough for any text that one can have (7 MiB), and
 * less than a function may return (16 MiB) however numbers are written.
 */
const MESSAGE_MAX_BYTES = 10 * 1024 * 1024;

/**
 * The most JSON (UTF-16 units) that a message returns as values; the rest becomes JSON text,
 * because a list of digits takes five times the space as a value.
 */
const VALUES_MAX_LENGTH = 100_000;

/** The longest name or type of a part; plugins may send any text there. */
const NAME_MAX_BYTES = 200;

/** What may still be added to the current message. */
type Allowance = { bytes: number; values: number };

/** Converts a message's parts. Its own text comes first, unless a part repeats it. */
export function dashboardParts(message: ReadableMessage): DashboardPart[] {
  const parts = readMessage(message);
  const allowance = { bytes: MESSAGE_MAX_BYTES, values: VALUES_MAX_LENGTH };
  const shown: DashboardPart[] = [];
  for (const part of parts) {
    if (shown.length >= PARTS_MAX || allowance.bytes <= 0) break;
    shown.push(dashboardPart(part, allowance));
  }
  const hidden = parts.length - shown.length;
  return hidden > 0 ? [...shown, { type: "text", content: `… ${hidden} more parts` }] : shown;
}

function dashboardPart(part: ReadPart, allowance: Allowance): DashboardPart {
  switch (part.kind) {
    case "text":
    case "thinking":
      return { type: part.kind, content: textWithin(part.text, allowance) };
    case "tool-call": {
      const name = cutBytes(part.name, NAME_MAX_BYTES);
      const args = valueWithin(part.args, allowance);
      return { type: "tool-call", content: { name, toolName: name, args } };
    }
    case "tool-result": {
      const { output } = part;
      const isText = typeof output === "string";
      const content = isText ? textWithin(output, allowance) : wrapped(output, allowance);
      return { type: "tool-result", content };
    }
    case "file":
      return { type: "text", content: textWithin(fileLabel(part.file), allowance) };
    case "other": {
      const type = cutBytes(part.type, NAME_MAX_BYTES);
      return { type, content: textWithin(plainText(part.content), allowance) };
    }
  }
}

/**
 * The pages render `result` if it is truthy, otherwise the whole content. An empty output must not
 * show as an object.
 */
function wrapped(output: unknown, allowance: Allowance): DashboardValue {
  return output ? { result: valueWithin(output, allowance) } : plainText(output);
}

/** The longest prefix of a text that the allowance permits. */
function textWithin(text: string, allowance: Allowance): string {
  const shown = cutBytes(text, allowance.bytes);
  allowance.bytes -= utf8Length(shown);
  return shown;
}

/** The value itself while the allowance permits it, otherwise JSON text. */
function valueWithin(value: unknown, allowance: Allowance): DashboardValue {
  if (typeof value === "string") return textWithin(value, allowance);
  const json = JSON.stringify(value) ?? "";
  if (json.length > allowance.values) return textWithin(json, allowance);
  allowance.values -= json.length;
  return dashboardValue(value);
}

/** Levels of nesting kept as values. Convex allows 64, and the answer around them needs some. */
const DEPTH_MAX = 32;
const ELEMENTS_MAX = 8_000;
const KEYS_MAX = 1_000;

/** The value itself if Convex can return it, otherwise JSON text. */
export function dashboardValue(value: unknown): DashboardValue {
  const found = copy(value, DEPTH_MAX);
  return found === undefined ? (JSON.stringify(value) ?? "") : found;
}

/** Copies a value; undefined if Convex cannot return any part of it. */
function copy(value: unknown, depth: number): DashboardValue | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || depth === 0) return undefined;
  if (Array.isArray(value)) return value.length > ELEMENTS_MAX ? undefined : list(value, depth);
  return fields(value, depth);
}

function list(values: readonly unknown[], depth: number): DashboardValue | undefined {
  const copies: DashboardValue[] = [];
  for (const value of values) {
    const found = copy(value, depth - 1);
    if (found === undefined) return undefined;
    copies.push(found);
  }
  return copies;
}

/** Field names that Convex accepts: printable ASCII that does not start with `$` or `_`. */
const FIELD_NAME = /^[\x20-\x7e]{1,1024}$/;

function fields(value: object, depth: number): DashboardValue | undefined {
  const entries = Object.entries(value);
  if (entries.length > KEYS_MAX) return undefined;
  const copies = new Map<string, DashboardValue>();
  for (const [key, inner] of entries) {
    const found = /^[$_]/.test(key) || !FIELD_NAME.test(key) ? undefined : copy(inner, depth - 1);
    if (found === undefined) return undefined;
    copies.set(key, found);
  }
  return Object.fromEntries(copies);
}
