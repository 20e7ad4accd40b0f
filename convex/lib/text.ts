/** Handles text as Convex can hold it, measured in UTF-8 bytes. Pure. */

/** Replaces unpaired surrogates by U+FFFD, because a Convex string cannot hold them. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Longer texts are tested with a pattern: it is several times as fast as a loop there, and slower on a short text. */
const LOOP_MAX_UNITS = 64;

/** Whether the text has no unpaired surrogate. */
export function isWellFormed(text: string): boolean {
  if (text.length > LOOP_MAX_UNITS) return !/\p{Surrogate}/u.test(text);
  for (let i = 0; i < text.length; i++) {
    const isSurrogate = (text.charCodeAt(i) & 0xf800) === 0xd800;
    if (isSurrogate) return !/\p{Surrogate}/u.test(text);
  }
  return true;
}

const NON_ASCII = /[^\u0000-\u007f]/;

/** Whether the text has only ASCII characters. */
export function isAscii(text: string): boolean {
  return !NON_ASCII.test(text);
}

/** Length in UTF-8 bytes, as Convex measures strings. The text must be well formed. */
export function utf8Length(text: string): number {
  if (text.length > LOOP_MAX_UNITS && !NON_ASCII.test(text)) return text.length;
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Most units are ASCII. Testing for that first makes long texts twice as fast.
    if (unit >= 0x80) bytes += unitBytes(unit) - 1;
  }
  return bytes;
}

/** Length in UTF-8 bytes of the text as a JSON string, without its quotes. */
export function jsonStringBytes(text: string): number {
  return utf8Length(text) + allEscapeBytes(text);
}

/** Length in UTF-16 units of the text as a JSON string, without its quotes. */
export function jsonStringUnits(text: string): number {
  return text.length + allEscapeBytes(text);
}

/** The longest beginning of a text that has at most `maxUnits` as a JSON string; a pair of surrogates is not split. */
export function jsonPrefix(text: string, maxUnits: number): string {
  let units = 0;
  let end = 0;
  while (end < text.length) {
    units += 1 + escapeBytes(text.charCodeAt(end));
    if (units > maxUnits) break;
    end += 1;
  }
  const last = text.charCodeAt(end - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end);
}

const ESCAPED = /[\u0000-\u001f"\\]/;

/** Returns the bytes that escaping adds to a text. */
function allEscapeBytes(text: string): number {
  if (text.length > LOOP_MAX_UNITS && !ESCAPED.test(text)) return 0;
  let bytes = 0;
  for (let i = 0; i < text.length; i++) bytes += escapeBytes(text.charCodeAt(i));
  return bytes;
}

/** The bytes that escaping a unit adds: `\\n`, `\\"`, `\\u0001`. */
function escapeBytes(unit: number): number {
  if (unit >= 0x20) return unit === 0x22 || unit === 0x5c ? 1 : 0;
  return SHORT_ESCAPES.has(unit) ? 1 : 5;
}

/**
 * Control characters with a short escape in JSON: backspace, tab, line feed, form feed, carriage
 * return.
 */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([8, 9, 10, 12, 13]);

/** The UTF-8 bytes of one UTF-16 unit. Each half of a surrogate pair counts half of the pair's four. */
function unitBytes(unit: number): number {
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  return unit >= 0xd800 && unit <= 0xdfff ? 2 : 3;
}

/**
 * The end of the longest sequence of whole characters that starts at `from` and takes at most
 * `maxBytes` (at least 4, so that every character fits).
 */
export function prefixEnd(text: string, from: number, maxBytes: number): number {
  // Most texts are so short that no character need be looked at.
  if ((text.length - from) * 3 <= maxBytes) return text.length;
  let bytes = 0;
  let at = from;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    const units = code > 0xffff ? 2 : 1;
    bytes += units === 2 ? 4 : unitBytes(code);
    if (bytes > maxBytes) break;
    at += units;
  }
  return at;
}

/** The longest prefix of at most `maxBytes` that splits no character. */
export function prefixBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  return text.slice(0, prefixEnd(text, 0, maxBytes));
}

/**
 * Removes trailing characters for which `isCut` holds. Takes linear time, unlike a pattern ending
 * in `+$`, which restarts at every character.
 */
export function trimEndWhere(text: string, isCut: (character: string) => boolean): string {
  let end = text.length;
  while (end > 0) {
    const isPair = end > 1 && (text.codePointAt(end - 2) ?? 0) > 0xffff;
    const start = end - (isPair ? 2 : 1);
    if (!isCut(text.slice(start, end))) break;
    end = start;
  }
  return text.slice(0, end);
}

/** The prefix of at most `maxBytes`, including an ellipsis if anything was cut. */
export function cutBytes(text: string, maxBytes: number): string {
  const whole = prefixBytes(text, maxBytes);
  return whole.length === text.length ? text : `${prefixBytes(text, maxBytes - 3)}…`;
}

/**
 * Splits text into slices of at most `maxBytes` without splitting a character; joined, they are the
 * text.
 */
export function splitBytes(text: string, maxBytes: number): string[] {
  return split(text, (at) => prefixEnd(text, at, maxBytes));
}

/**
 * Like `splitBytes`, at the end of a line of up to `LINE_MAX_CHARS`, else without splitting words of up to
 * `WORD_MAX_CHARS`. A name and its secret mostly share a line, and a secret is recognised by its name.
 */
export function splitLines(text: string, maxBytes: number): string[] {
  return split(text, (at) => {
    const end = prefixEnd(text, at, maxBytes);
    if (end === text.length) return end;
    return lineEnd(text, at, end) ?? wordEnd(text, at, end);
  });
}

function split(text: string, endOf: (at: number) => number): string[] {
  const slices: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOf(at);
    slices.push(text.slice(at, end));
    at = end;
  }
  return slices;
}

/** The longest line that is kept whole. */
const LINE_MAX_CHARS = 2_048;
/** The end of a line, also where a JSON text escapes it. */
const LINE_END = /^[\s\S]*(?:\n|\\n)/;

/** The end of the last whole line before `end`; undefined if there is none near. */
function lineEnd(text: string, from: number, end: number): number | undefined {
  const start = Math.max(from, end - LINE_MAX_CHARS);
  const whole = LINE_END.exec(text.slice(start, end));
  return whole === null ? undefined : start + whole[0].length;
}

/** The longest word. Longer sequences are data, or a script without spaces. */
const WORD_MAX_CHARS = 256;
/**
 * Where text may be split, best first: after white space, or, as in JSON, after a non-word
 * character.
 */
const WORD_BOUNDARIES = [/^[\s\S]*\s/u, /^[\s\S]*[^\p{L}\p{M}\p{N}_]/u];

/** The end of the last whole word before `end`, including the separator after it. */
function wordEnd(text: string, from: number, end: number): number {
  const start = Math.max(from, end - WORD_MAX_CHARS);
  const last = text.slice(start, end);
  const whole = WORD_BOUNDARIES.map((cut) => cut.exec(last)?.[0]).find(
    (match) => match !== undefined,
  );
  return start + (whole ?? last).length;
}

/**
 * Changes each line of a text. `lineEnds` is a global pattern; line ends stay as they are. Holds no list of the
 * lines, which would take many times the memory of a text with short ones.
 */
export function changeLines(
  text: string,
  lineEnds: RegExp,
  change: (line: string) => string,
): string {
  let changed = "";
  let copiedTo = 0;
  lineEnds.lastIndex = 0;
  for (let at = 0; ;) {
    const lineEnd = lineEnds.exec(text);
    const end = lineEnd === null ? text.length : lineEnd.index;
    const line = text.slice(at, end);
    const after = change(line);
    if (after !== line) {
      changed += text.slice(copiedTo, at) + after;
      copiedTo = end;
    }
    if (lineEnd === null)
      return copiedTo === 0 && changed === "" ? text : changed + text.slice(copiedTo);
    at = end + lineEnd[0].length;
  }
}

/** Collapses white space and control characters to single spaces. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}
