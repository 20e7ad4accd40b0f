import { parseJson } from "./json";
import {
  type Fault,
  isLongString,
  type LongString,
  type ReadValue,
  readWithLongStrings,
} from "./jsonLongStrings";
import { decodeUtf8, joined } from "./utf8";

export type { Fault, ReadValue } from "./jsonLongStrings";

/**
 * Reads large JSON in parts, from bytes. The heap of a Convex function is 64 MiB, and parsed JSON
 * can take thirty times its text (`[[],[],…]`). So a body stays bytes, which are not on the heap; each
 * item of its long lists is parsed alone and can be released before the next one; long strings are
 * decoded one by one; and a value whose parsed form would be too large is refused before it is parsed.
 */

/**
 * Estimated heap bytes of one parsed value, above which it is refused. A text of 8 MB takes 16 MB,
 * because one character beyond Latin-1 makes V8 keep two bytes for every character.
 */
const VALUE_MAX_HEAP_BYTES = 18 * 1024 * 1024;
/** The end of the error message for a body or item with too many values. */
export const TOO_MANY_VALUES = `contains too many values: parsed, they take more than ${VALUE_MAX_HEAP_BYTES / 1024 / 1024} MiB of memory`;
/** Heap bytes that V8 takes for an object or array; for an element, property or string beyond its text. */
const CONTAINER_HEAP_BYTES = 64;
const ELEMENT_HEAP_BYTES = 24;
const STRING_HEAP_BYTES = 32;
/** A key that is seen for the first time: an object of many such keys becomes a hash table. */
const NEW_KEY_HEAP_BYTES = 80;

/**
 * A part of the bytes that holds one JSON value, an estimate of the heap that its parsed form takes, and
 * where its long strings are.
 */
type Span = { start: number; end: number; heapBytes: number; longStrings: LongString[] };

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Items of a list in JSON bytes, parsed one at a time each time they are iterated. */
export class JsonItems implements Iterable<ReadValue> {
  readonly #bytes: Uint8Array;
  readonly #spans: readonly Span[];

  constructor(bytes: Uint8Array, spans: readonly Span[]) {
    this.#bytes = bytes;
    this.#spans = spans;
  }

  get length(): number {
    return this.#spans.length;
  }

  *[Symbol.iterator](): Iterator<ReadValue> {
    for (const span of this.#spans) yield readSpan(this.#bytes, span);
  }
}

/** Parses JSON bytes as one value. */
export function readJsonBytes(
  bytes: Uint8Array,
  maxHeapBytes: number = VALUE_MAX_HEAP_BYTES,
): ReadValue {
  return readSpan(bytes, spanFrom(bytes, 0, true), maxHeapBytes);
}

/**
 * Parses a JSON object whose fields in `listNames`, where they are lists, become `JsonItems`. A list
 * of more than `maxItems` has one more than that, so that its length shows that it is too long.
 * Every item was parsed once when this returns: the text as a whole is valid JSON, except for items
 * that are too large to be parsed.
 */
export function readJsonLists(
  bytes: Uint8Array,
  listNames: readonly string[],
  maxItems: number,
): ReadValue {
  let at = skipSpace(
    bytes,
    BYTE_ORDER_MARK.every((byte, n) => bytes[n] === byte) ? BYTE_ORDER_MARK.length : 0,
  );
  if (bytes[at] !== OPEN_OBJECT) return readJsonBytes(bytes);
  const lists = new Map<string, JsonItems>();
  // The body with its lists emptied: parsing it checks everything outside of their items.
  const outside: Uint8Array[] = [];
  let copiedTo = 0;
  at = skipSpace(bytes, at + 1);
  while (at < bytes.length && bytes[at] === QUOTE) {
    const keyEnd = stringEnd(bytes, at);
    const name = listNames.find((one) => isKey(bytes, at, keyEnd, one));
    const colon = skipSpace(bytes, keyEnd);
    const value = skipSpace(bytes, colon + 1);
    if (name !== undefined && bytes[colon] === COLON && bytes[value] === OPEN_LIST) {
      const list = readList(bytes, value, maxItems);
      if (!list.ok) return list;
      lists.set(name, list.items);
      outside.push(bytes.subarray(copiedTo, value + 1));
      copiedTo = list.end;
      at = list.end;
    } else {
      if (name !== undefined) lists.delete(name);
      at = spanFrom(bytes, value, false).end;
    }
    at = skipSpace(bytes, at);
    if (bytes[at] === CLOSE_LIST) at = skipSpace(bytes, at + 1);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  outside.push(bytes.subarray(copiedTo));
  const rest = joined(outside);
  const found = readJsonBytes(rest);
  if (!found.ok || typeof found.value !== "object" || found.value === null) return found;
  return { ok: true, value: { ...found.value, ...Object.fromEntries(lists) } };
}

type FoundList = { ok: true; items: JsonItems; end: number } | { ok: false; why: Fault };

/** The items of the list that opens at `open`; `end` is where its closing bracket should stand. */
function readList(bytes: Uint8Array, open: number, maxItems: number): FoundList {
  const spans: Span[] = [];
  const keys = new SeenKeys(bytes);
  let at = skipSpace(bytes, open + 1);
  if (bytes[at] === CLOSE_LIST) return { ok: true, items: new JsonItems(bytes, spans), end: at };
  for (;;) {
    const span = spanFrom(bytes, at, false, keys);
    if (spans.length <= maxItems) {
      const read = readSpan(bytes, span);
      if (!read.ok && read.why !== "too large") return read;
      spans.push(span);
    }
    if (bytes[span.end] !== COMMA) {
      return { ok: true, items: new JsonItems(bytes, spans), end: span.end };
    }
    at = span.end + 1;
  }
}

function readSpan(
  bytes: Uint8Array,
  { start, end, heapBytes, longStrings }: Span,
  maxHeapBytes: number = VALUE_MAX_HEAP_BYTES,
): ReadValue {
  if (heapBytes > maxHeapBytes) return { ok: false, why: "too large" };
  if (longStrings.length > 0) return readWithLongStrings(bytes, start, end, longStrings);
  // A byte order mark may stand before the whole, not before a value in it.
  const text = decodeUtf8(bytes.subarray(start, end), start > 0);
  if (text === undefined) return { ok: false, why: "not UTF-8" };
  const parsed = parseJson(text);
  return parsed.ok ? parsed : { ok: false, why: "not JSON" };
}

/**
 * The span of the value that begins at `from`. It ends before the comma or bracket that follows it
 * outside of the value, or, if `isWhole`, at the end of the bytes. Invalid JSON has some span too:
 * parsing it fails.
 */
function spanFrom(
  bytes: Uint8Array,
  from: number,
  isWhole: boolean,
  keys = new SeenKeys(bytes),
): Span {
  keys.beginValue(from);
  const longStrings: LongString[] = [];
  let depth = 0;
  let heapBytes = 0;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      if (bytes[skipSpace(bytes, end)] !== COLON) {
        heapBytes += STRING_HEAP_BYTES + 2 * (end - at);
        if (isLongString(at, end)) longStrings.push({ start: at, end });
      } else if (!keys.has(at, end)) heapBytes += NEW_KEY_HEAP_BYTES + 2 * (end - at);
      at = end;
      continue;
    }
    const isEnd = byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT;
    if (isEnd && depth === 0 && !isWhole) break;
    if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      heapBytes += CONTAINER_HEAP_BYTES;
    } else if (byte === COMMA) {
      heapBytes += ELEMENT_HEAP_BYTES;
    } else if (isEnd) {
      depth -= 1;
    }
    at += 1;
  }
  return { start: from, end: at, heapBytes, longStrings };
}

/**
 * Keys of objects seen before in a value: V8 keeps one string for all of them. The few that fall into the same slot
 * are taken for new again, which only makes the estimate larger. The values of a list share one, because it is larger
 * than most of them.
 */
class SeenKeys {
  readonly #bytes: Uint8Array;
  #valueStart = 0;
  readonly #starts = new Int32Array(1_024).fill(-1);
  readonly #lengths = new Int32Array(1_024);

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Begins a value at this position. Values come in order, so the keys of those before it stand before it. */
  beginValue(start: number): void {
    this.#valueStart = start;
  }

  /** Whether the key in these bytes was seen before in this value; remembers it. */
  has(start: number, end: number): boolean {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (hash * 31 + (this.#bytes[at] ?? 0)) | 0;
    const slot = hash & 1_023;
    const before = this.#starts[slot] ?? -1;
    const length = end - start;
    const isSame =
      before >= this.#valueStart &&
      this.#lengths[slot] === length &&
      this.#equal(before, start, length);
    this.#starts[slot] = start;
    this.#lengths[slot] = length;
    return isSame;
  }

  #equal(before: number, start: number, length: number): boolean {
    for (let at = 0; at < length; at++) {
      if (this.#bytes[start + at] !== this.#bytes[before + at]) return false;
    }
    return true;
  }
}

/**
 * Bytes that are examined one by one before the built-in search takes over. Most strings are short; the search is
 * faster only for long ones.
 */
const NEAR_BYTES = 64;

/** Returns the position after the closing quote of the string that opens at `open`. */
function stringEnd(bytes: Uint8Array, open: number): number {
  for (let at = open + 1; at < bytes.length;) {
    for (const near = Math.min(bytes.length, at + NEAR_BYTES); at < near; at++) {
      if (bytes[at] === BACKSLASH) at += 1;
      else if (bytes[at] === QUOTE) return at + 1;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) break;
    let backslashes = 0;
    while (quote - backslashes > at && bytes[quote - backslashes - 1] === BACKSLASH)
      backslashes += 1;
    // After an odd number of backslashes the quote is escaped.
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
  return bytes.length;
}

/** Spaces, tabs and line ends, as JSON has them. */
function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d) at++;
  return at;
}

/** Whether the string in these bytes is `name`, escapes resolved. */
function isKey(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  // An escape takes six bytes for a character.
  if (end - start > 6 * name.length + 2) return false;
  const text = decodeUtf8(bytes.subarray(start, end));
  const parsed = text === undefined ? undefined : parseJson(text);
  return parsed?.ok === true && parsed.value === name;
}
