import { fileLabel } from "./files";
import { readMessage, type ReadableMessage } from "./readMessage";
import { plainText, type ReadPart } from "./parts";
import { cutBytes, utf8Length } from "../text";

/**
 * A conversation as the dashboard draws it. Its pages fail on a text that is no string, and Convex
 * can return neither every key nor every depth of JSON; so text is always a string here, and what
 * no Convex value can hold comes as JSON text. Pure.
 */

export type Drawable = string | number | boolean | null | Drawable[] | { [key: string]: Drawable };
export type DrawnPart = { type: string; content: Drawable };

/** A Convex array holds 8,192 elements; nobody scrolls through half of that within one message. */
const PARTS_MAX = 4_000;

/**
 * What the parts of one message may hold, in UTF-8 bytes: all of any text that one can have
 * (7 MiB), and less than a function may return (16 MiB), whatever becomes of numbers on the way.
 */
const MESSAGE_MAX_BYTES = 10 * 1024 * 1024;

/**
 * JSON that one message gives as values, in UTF-16 units; more comes as JSON text. As a value a list
 * of digits takes five times the room.
 */
const VALUES_MAX_LENGTH = 100_000;

/** Names and types of parts are labels; any text may stand there. */
const NAME_MAX_BYTES = 200;

/** What one message may still hold. */
type Room = { bytes: number; values: number };

/** The parts of a message, its own text in front where no part says it. */
export function drawnParts(message: ReadableMessage): DrawnPart[] {
  const parts = readMessage(message);
  const room = { bytes: MESSAGE_MAX_BYTES, values: VALUES_MAX_LENGTH };
  const shown: DrawnPart[] = [];
  for (const part of parts) {
    if (shown.length >= PARTS_MAX || room.bytes <= 0) break;
    shown.push(drawn(part, room));
  }
  const hidden = parts.length - shown.length;
  return hidden > 0 ? [...shown, { type: "text", content: `… ${hidden} more parts` }] : shown;
}

function drawn(part: ReadPart, room: Room): DrawnPart {
  switch (part.kind) {
    case "text":
    case "thinking":
      return { type: part.kind, content: textWithin(part.text, room) };
    case "tool-call": {
      const name = cutBytes(part.name, NAME_MAX_BYTES);
      const args = valueWithin(part.args, room);
      return { type: "tool-call", content: { name, toolName: name, args } };
    }
    case "tool-result": {
      const { output } = part;
      const isText = typeof output === "string";
      const content = isText ? textWithin(output, room) : wrapped(output, room);
      return { type: "tool-result", content };
    }
    case "file":
      return { type: "text", content: textWithin(fileLabel(part.file), room) };
    case "other": {
      const type = cutBytes(part.type, NAME_MAX_BYTES);
      return { type, content: textWithin(plainText(part.content), room) };
    }
  }
}

/** The pages draw `result` if there is one, else the whole content: nothing must not look like that. */
function wrapped(output: unknown, room: Room): Drawable {
  return output ? { result: valueWithin(output, room) } : plainText(output);
}

/** As much of a text as there is room for. */
function textWithin(text: string, room: Room): string {
  const shown = cutBytes(text, room.bytes);
  room.bytes -= utf8Length(shown);
  return shown;
}

/** A value as it is while there is room for it as such, else as JSON text. */
function valueWithin(value: unknown, room: Room): Drawable {
  if (typeof value === "string") return textWithin(value, room);
  const json = JSON.stringify(value) ?? "";
  if (json.length > room.values) return textWithin(json, room);
  room.values -= json.length;
  return drawable(value);
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
