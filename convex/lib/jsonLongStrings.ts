import { randomHex } from "./hash";
import { parseJson } from "./json";
import { decodeUtf8, joined } from "./utf8";

/**
 * Parses JSON bytes with long strings: each is decoded from its own bytes and put in its place
 * afterwards. Parsing the text as a whole would hold it twice, as text and as value, and with one
 * character beyond Latin-1 anywhere both take two bytes for every character.
 */

/** The result of reading a value. `too large`: its parsed form would take too much memory. */
export type ReadValue = { ok: true; value: unknown } | { ok: false; why: Fault };
export type Fault = "not UTF-8" | "not JSON" | "too large";

/** The bytes of a string in JSON, with its quotes. */
export type LongString = { start: number; end: number };

const LONG_BYTES = 64 * 1024;
/** Bytes of a string with escapes that are decoded at once. */
const PIECE_BYTES = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** The letter of a `\u0001` escape, which takes six bytes; others, such as `\n`, take two. */
const LETTER_U = 0x75;

/** Whether a string in JSON is decoded on its own. */
export function isLongString(start: number, end: number): boolean {
  return end - start > LONG_BYTES;
}

/** Parses the value in these bytes. `strings` are its long strings in order, keys left out. */
export function readWithLongStrings(
  bytes: Uint8Array,
  start: number,
  end: number,
  strings: readonly LongString[],
): ReadValue {
  // Replaces each long string by a random text that no client can guess.
  const mark = randomHex(16);
  const around: Uint8Array[] = [];
  let copiedTo = start;
  for (const [index, string] of strings.entries()) {
    around.push(bytes.subarray(copiedTo, string.start), encoded(`"${mark}${index}"`));
    copiedTo = string.end;
  }
  around.push(bytes.subarray(copiedTo, end));
  const text = decodeUtf8(joined(around), start > 0);
  if (text === undefined) return fault("not UTF-8");
  const parsed = parseJson(text);
  if (!parsed.ok) return fault("not JSON");
  const texts: string[] = [];
  for (const string of strings) {
    const read = readString(bytes, string);
    if (!read.ok) return read;
    texts.push(read.text);
  }
  return { ok: true, value: filled(parsed.value, mark, texts) };
}

const encoded = (text: string) => new TextEncoder().encode(text);
const fault = (why: Fault) => ({ ok: false as const, why });

/** Replaces the marks in a value by their texts. */
function filled(value: unknown, mark: string, texts: readonly string[]): unknown {
  const root = [value];
  // Not by recursion, because the value may be nested as deep as it is long.
  const open: object[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const [key, inner] of Object.entries(holder) as [string, unknown][]) {
      if (typeof inner === "object" && inner !== null) open.push(inner);
      if (typeof inner !== "string" || !inner.startsWith(mark)) continue;
      const text = texts[Number(inner.slice(mark.length))];
      // An assignment to the key `__proto__` would change the prototype.
      Object.defineProperty(holder, key, { value: text });
    }
  }
  return root[0];
}

type ReadString = { ok: true; text: string } | { ok: false; why: Fault };

function readString(bytes: Uint8Array, { start, end }: LongString): ReadString {
  if (bytes[end - 1] !== QUOTE) return fault("not JSON");
  const inside = bytes.subarray(start + 1, end - 1);
  if (!inside.includes(BACKSLASH)) {
    if (hasControlCharacter(inside)) return fault("not JSON");
    const text = decodeUtf8(inside, true);
    return text === undefined ? fault("not UTF-8") : { ok: true, text };
  }
  const pieces: string[] = [];
  for (let at = 0; at < inside.length;) {
    const next = pieceEnd(inside, at);
    const piece = decodeUtf8(inside.subarray(at, next), true);
    if (piece === undefined) return fault("not UTF-8");
    const parsed = parseJson(`"${piece}"`);
    if (!parsed.ok) return fault("not JSON");
    pieces.push(parsed.value as string);
    at = next;
  }
  return { ok: true, text: pieces.join("") };
}

/** Uses a loop, because a callback for each byte takes five times as long. */
function hasControlCharacter(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] ?? SPACE) < SPACE) return true;
  return false;
}

/** Where the piece that starts at `from` ends: never inside an escape or a character. */
function pieceEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && at - from < PIECE_BYTES) {
    if (bytes[at] !== BACKSLASH) at += 1;
    else at += bytes[at + 1] === LETTER_U ? 6 : 2;
  }
  while (((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return Math.min(at, bytes.length);
}
