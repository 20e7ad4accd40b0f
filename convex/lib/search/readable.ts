import { isAscii, wellFormed } from "../text";

/**
 * Derives readable text from stored text: decodes escapes, removes terminal codes, replaces inline
 * data by a short note. Pure, and linear in the length of the text, because no pattern here can
 * match the same characters in two ways.
 */

/** ESC or its 8-bit form, then one of: CSI, OSC up to BEL or ST, a charset switch, a two-byte code. */
const TERMINAL_CODE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]{0,2048}(?:\u0007|\u001b\\|\u009c)?|\u001b[()*+\-./][0-9A-Za-z]|\u001b[ -~]/g;

/** A colour code that lost its ESC: `[31m`, `[1;32m`, `[0m`. */
const ORPHANED_COLOUR = /\[\d{1,3}(?:;\d{1,3}){0,8}m/g;

const MAY_CONTAIN_TERMINAL_CODE = /[\u001b\u009b\u009d]|\[\d{1,3}[;m]/;

/**
 * Removes terminal colours, cursor movements and links; the text of a link stays. A code may stand
 * inside a word (`grep --color`) or separate two words (a cursor movement), so the caller chooses
 * the replacement.
 */
export function withoutTerminalCodes(text: string, replacement = ""): string {
  if (!MAY_CONTAIN_TERMINAL_CODE.test(text)) return text;
  return text.replace(TERMINAL_CODE, replacement).replace(ORPHANED_COLOUR, replacement);
}

/** Escapes of JSON and of programming languages: `\n`, `\u00e9`, `\u{1f600}`, `\x1b`, `\033`, `\"`. */
const ESCAPE_HERE =
  /\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(0?33)|([^ux0-9\r\n]))/y;

const ESCAPED: { readonly [character: string]: string } = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\u0007",
  e: "\u001b",
  // The pattern gives the same for these, and takes several times as long.
  '"': '"',
  "\\": "\\",
};

/** Characters that leave no trace on a screen: soft hyphen, zero-width space, joiners, marks of direction. */
const INVISIBLE = /[^\P{Default_Ignorable_Code_Point}\ufe00-\ufe0f]/gu;

/** Removes characters that split a word for the index but not for its reader. */
export function withoutInvisible(text: string): string {
  return isAscii(text) ? text : text.replace(INVISIBLE, "");
}

/** How many levels of escapes are decoded. Tool arguments are JSON in JSON and may quote source code. */
export const ESCAPE_LEVELS = 3;

/** Decodes one level of backslash escapes. Other text stays as it is. */
export function unescaped(text: string): string {
  const slices: string[] = [];
  let copiedTo = 0;
  for (let at = text.indexOf("\\"); at !== -1;) {
    const short = ESCAPED[text.charAt(at + 1)];
    ESCAPE_HERE.lastIndex = at;
    const match = short === undefined ? ESCAPE_HERE.exec(text) : null;
    const decoded = short ?? (match === null ? undefined : decodedEscape(match));
    const end = at + (match?.[0].length ?? (short === undefined ? 1 : 2));
    if (decoded !== undefined) {
      if (at > copiedTo) slices.push(text.slice(copiedTo, at));
      slices.push(decoded);
      copiedTo = end;
    }
    at = text.indexOf("\\", end);
  }
  return copiedTo === 0 ? text : slices.join("") + text.slice(copiedTo);
}

function decodedEscape([whole, braced, four, two, octal, other]: RegExpExecArray): string {
  if (octal !== undefined) return "\u001b";
  if (other !== undefined) return /[A-Za-z]/.test(other) ? whole : other;
  return characterOf(parseInt(braced ?? four ?? two ?? "", 16)) ?? whole;
}

/**
 * Like `text.replace` with a function, which first collects every match: half a MiB of escapes would take 50 MB.
 * The pattern must be global.
 */
function replaceEach(
  text: string,
  pattern: RegExp,
  replacement: (match: RegExpExecArray) => string,
): string {
  const slices: string[] = [];
  let at = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (match.index > at) slices.push(text.slice(at, match.index));
    slices.push(replacement(match));
    at = match.index + match[0].length;
  }
  slices.push(text.slice(at));
  return slices.join("");
}

/** Leaves surrogates single: the halves of a pair arrive as two escapes and join in the result. */
function characterOf(code: number): string | undefined {
  if (code <= 0xffff) return String.fromCharCode(code);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

const PERCENT_ENCODED = /(?:%[0-9A-Fa-f]{2})+/g;

/** Decodes percent-encoding where the bytes are valid UTF-8. */
export function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  return replaceEach(text, PERCENT_ENCODED, ([match]) => {
    try {
      return decodeURIComponent(match);
    } catch {
      return match;
    }
  });
}

/**
 * Length from which a sequence of base64 or hexadecimal digits counts as data. Paths and camel-case
 * identifiers are much shorter; the longest digest in use (SHA-512) has 128 hexadecimal digits.
 */
const INLINE_DATA_MIN_CHARS = 160;
const INLINE_DATA =
  /(?<![A-Za-z0-9+/_-])(?:data:([a-z]+\/[a-z0-9.+-]{1,60})(?:;[a-z0-9=_-]{1,40}){0,4};base64,)?[A-Za-z0-9+/_-]{160}[A-Za-z0-9+/_-]*={0,2}/g;
/** Base64 wrapped as in MIME and PEM: at least four full lines, then the last one. */
const WRAPPED_START = /(?:^[A-Za-z0-9+/]{60,76}\r?\n){4}/gm;
const WRAPPED_LINE = /[A-Za-z0-9+/]{60,76}\r?\n/y;
const WRAPPED_END = /[A-Za-z0-9+/]{1,76}={0,2}$/my;
const MAY_CONTAIN_WRAPPED_DATA = /^[A-Za-z0-9+/]{60,76}\r?\n[A-Za-z0-9+/]{60,76}\r?\n/m;

/** Base64 in one line or in several has at least so many of its characters in a row. */
const DATA_RUN_CHARS = 60;
const IS_DATA_CHARACTER = Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9+/_-]/.test(String.fromCharCode(code)),
);

/**
 * Whether a text may contain inline data, which few texts do. Looks at every 60th character and from there back, so
 * that it never looks at most of them.
 */
function mayContainData(text: string): boolean {
  for (let start = 0, at = DATA_RUN_CHARS - 1; at < text.length; at = start + DATA_RUN_CHARS - 1) {
    while (at >= start && IS_DATA_CHARACTER[text.charCodeAt(at)] === true) at--;
    if (at < start) return true;
    start = at + 1;
  }
  return false;
}

/** Whether a match is data and not a long path or name: base64 mixes cases and digits throughout. */
function isData(match: string): boolean {
  if (match.startsWith("data:")) return true;
  if (/^[0-9A-Fa-f]+$/.test(match)) return true;
  const slashes = match.split("/").length - 1;
  const dashes = match.split(/[-_]/).length - 1;
  // Base64 has a slash every 64 characters on average, a path about every ten.
  if (slashes > match.length / 20 || dashes > match.length / 12) return false;
  return /[A-Z]/.test(match) && /[a-z]/.test(match) && /\d/.test(match);
}

/** Whether a text contains inline data. */
export function containsInlineData(text: string): boolean {
  if (text.length < INLINE_DATA_MIN_CHARS || !mayContainData(text)) return false;
  for (const [match] of text.matchAll(INLINE_DATA)) if (isData(match)) return true;
  return MAY_CONTAIN_WRAPPED_DATA.test(text) && new RegExp(WRAPPED_START.source, "m").test(text);
}

/** Replaces inline data by a note of its type and size: `[image/png, 60 kB]`. */
export function withoutInlineData(text: string): string {
  if (text.length < INLINE_DATA_MIN_CHARS || !mayContainData(text)) return text;
  const replaced = text.replace(INLINE_DATA, (match, mediaType?: string) =>
    isData(match) ? dataNote(mediaType, match.length) : match,
  );
  if (!MAY_CONTAIN_WRAPPED_DATA.test(replaced)) return replaced;
  return withoutWrappedData(replaced);
}

/** Reads line after line, because one pattern that repeats a line fills V8's stack in a text of 7 MB. */
function withoutWrappedData(text: string): string {
  const slices: string[] = [];
  let at = 0;
  WRAPPED_START.lastIndex = 0;
  for (let start = WRAPPED_START.exec(text); start !== null; start = WRAPPED_START.exec(text)) {
    let end = WRAPPED_START.lastIndex;
    const skip = (pattern: RegExp) => {
      pattern.lastIndex = end;
      if (!pattern.test(text)) return false;
      end = pattern.lastIndex;
      return true;
    };
    while (skip(WRAPPED_LINE));
    skip(WRAPPED_END);
    slices.push(text.slice(at, start.index), "[data]\n");
    at = end;
    WRAPPED_START.lastIndex = end;
  }
  return slices.length === 0 ? text : slices.join("") + text.slice(at);
}

/** Gives no size for data without a media type: it may be part of a longer sequence. */
function dataNote(mediaType: string | undefined, chars: number): string {
  // Base64 takes four characters for three bytes.
  return mediaType === undefined ? "[data]" : `[${mediaType}, ${sizeLabel((chars * 3) / 4)}]`;
}

/** Formats bytes for people: `812 B`, `60 kB`, `1.4 MB`. */
export function sizeLabel(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Letters beyond ASCII in a URL, which browsers show decoded too: `caf%C3%A9`. */
const ENCODED_LETTERS = /(?:%[0-9A-Fa-f]{2}){0,8}%[89A-Fa-f][0-9A-Fa-f](?:%[0-9A-Fa-f]{2})*/g;

/**
 * Renders a stored row for snippets and context. JSON text has one level of escapes decoded, and letters
 * beyond ASCII are decoded in URLs. The text is well formed: an escape may name half of a pair, as where a
 * tool cuts an emoji, and Convex returns no text that contains one.
 */
export function readable(stored: string, isJson: boolean): string {
  const unquoted = isJson ? unescaped(stored) : stored;
  const plain = unquoted.includes("%")
    ? unquoted.replace(ENCODED_LETTERS, percentDecoded)
    : unquoted;
  return wellFormed(withoutTerminalCodes(withoutInlineData(plain)).normalize("NFC"));
}
