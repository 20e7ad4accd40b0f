import { readMessage, type ReadableMessage } from "./messages";
import { plainText, type ReadPart } from "./parts";

/**
 * A conversation as the dashboard draws it. Its pages fail on a text that is no string, and Convex
 * can return neither every key nor every depth of JSON; so text is always a string here, and what
 * no Convex value can hold comes as JSON text. Pure.
 */

type Drawable = string | number | boolean | null | Drawable[] | { [key: string]: Drawable };
type DrawnPart = { type: string; content: Drawable };

/** A Convex array holds 8,192 elements; nobody scrolls through half of that within one message. */
const PARTS_MAX = 4_000;

/** The parts of a message, its own text in front where no part says it. */
export function drawnParts(message: ReadableMessage): DrawnPart[] {
  const parts = readMessage(message);
  const shown = parts.slice(0, PARTS_MAX).map(drawn);
  const hidden = parts.length - shown.length;
  return hidden > 0 ? [...shown, { type: "text", content: `… ${hidden} more parts` }] : shown;
}

function drawn(part: ReadPart): DrawnPart {
  switch (part.kind) {
    case "text":
    case "thinking":
      return { type: part.kind, content: part.text };
    case "tool-call": {
      const args = drawable(part.args);
      return { type: "tool-call", content: { name: part.name, toolName: part.name, args } };
    }
    case "tool-result": {
      const { output } = part;
      const isText = typeof output === "string";
      return { type: "tool-result", content: isText ? output : wrapped(output) };
    }
    case "other":
      return { type: part.type, content: plainText(part.content) };
  }
}

/** The pages draw `result` if there is one, else the whole content: nothing must not look like that. */
function wrapped(output: unknown): Drawable {
  const result = drawable(output);
  return result ? { result } : plainText(output);
}

/** Levels of nesting kept as such; Convex takes 64, of which the answer around it uses some. */
const DEPTH_MAX = 32;
const ELEMENTS_MAX = 8_000;
const KEYS_MAX = 1_000;

/** A value as it is if Convex can return it, else as JSON text. */
export function drawable(value: unknown): Drawable {
  const found = copy(value, DEPTH_MAX);
  return found === undefined ? (JSON.stringify(value) ?? "") : found;
}

/** A copy, or undefined if any of it is beyond Convex. */
function copy(value: unknown, depth: number): Drawable | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || depth === 0) return undefined;
  if (Array.isArray(value)) return value.length > ELEMENTS_MAX ? undefined : list(value, depth);
  return fields(value, depth);
}

function list(values: readonly unknown[], depth: number): Drawable | undefined {
  const copies: Drawable[] = [];
  for (const value of values) {
    const found = copy(value, depth - 1);
    if (found === undefined) return undefined;
    copies.push(found);
  }
  return copies;
}

/** Field names that Convex takes and its documentation allows: printable ASCII, no `$` or `_` in front. */
const FIELD_NAME = /^[\x20-\x7e]{1,1024}$/;

function fields(value: object, depth: number): Drawable | undefined {
  const entries = Object.entries(value);
  if (entries.length > KEYS_MAX) return undefined;
  const copies = new Map<string, Drawable>();
  for (const [key, inner] of entries) {
    const found = /^[$_]/.test(key) || !FIELD_NAME.test(key) ? undefined : copy(inner, depth - 1);
    if (found === undefined) return undefined;
    copies.set(key, found);
  }
  return Object.fromEntries(copies);
}
