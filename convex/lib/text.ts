/** Text as Convex can hold it, measured in UTF-8 bytes. Pure. */

/** Replaces unpaired surrogates, which no Convex string may hold, by U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Whether the text holds no unpaired surrogate. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Length in UTF-8 bytes, as Convex measures strings. The text must be well formed. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) bytes += unitBytes(text.charCodeAt(i));
  return bytes;
}

/** Length in UTF-8 bytes of the text as a JSON string, without its quotes. */
export function jsonStringBytes(text: string): number {
  let bytes = utf8Length(text);
  for (let i = 0; i < text.length; i++) bytes += escapeBytes(text.charCodeAt(i));
  return bytes;
}

/** What escaping a unit adds: `\\n`, `\\"`, `\\u0001`. */
function escapeBytes(unit: number): number {
  if (unit === 0x22 || unit === 0x5c || SHORT_ESCAPES.has(unit)) return 1;
  return unit < 0x20 ? 5 : 0;
}

/** Control characters that JSON writes with a letter: back-space, tab, the two line ends, form feed. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([8, 9, 10, 12, 13]);

/** UTF-8 bytes of one UTF-16 unit; each half of a pair counts for half of the pair's four. */
function unitBytes(unit: number): number {
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  return unit >= 0xd800 && unit <= 0xdfff ? 2 : 3;
}

/**
 * Where the longest run of whole characters ends that starts at `from` and takes at most `maxBytes`
 * (at least 4, so that every character fits).
 */
export function runEnd(text: string, from: number, maxBytes: number): number {
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
  return text.slice(0, runEnd(text, 0, maxBytes));
}

/**
 * Removes the characters at the end for which `isCut` holds. Takes linear time, unlike a pattern that
 * ends with `+$`, which starts again at every character of a long run.
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

/** The prefix of at most `maxBytes`, with an ellipsis (inside the bound) if anything was cut. */
export function cutBytes(text: string, maxBytes: number): string {
  const whole = prefixBytes(text, maxBytes);
  return whole.length === text.length ? text : `${prefixBytes(text, maxBytes - 3)}…`;
}

/** Cuts text into pieces of at most `maxBytes` each, no character split; joined they are the text. */
export function splitBytes(text: string, maxBytes: number): string[] {
  return split(text, (at) => runEnd(text, at, maxBytes));
}

/** The same with no word split either, unless it is longer than `WORD_MAX_CHARS`. */
export function splitWords(text: string, maxBytes: number): string[] {
  return split(text, (at) => wordEnd(text, at, runEnd(text, at, maxBytes)));
}

function split(text: string, endOf: (at: number) => number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOf(at);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/** What is longer is no word, but data, or a script that writes none apart. */
const WORD_MAX_CHARS = 256;
/** Where text may be cut, best first: behind white space; else, as in JSON, behind what no word holds. */
const CUTS = [/^[\s\S]*\s/u, /^[\s\S]*[^\p{L}\p{M}\p{N}_]/u];

/** Where the last whole word ends, with what separates it from the next, that `end` does not split. */
function wordEnd(text: string, from: number, end: number): number {
  if (end === text.length) return end;
  const start = Math.max(from, end - WORD_MAX_CHARS);
  const last = text.slice(start, end);
  const whole = CUTS.map((cut) => cut.exec(last)?.[0]).find((match) => match !== undefined);
  return start + (whole ?? last).length;
}

/** One line: every run of white space and control characters becomes a single space. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}
