/**
 * Text as people read it, derived from text as it is stored: escapes undone, terminal codes removed,
 * inline data replaced by a short note. Pure, and linear in the length of the text: no pattern here can
 * match the same characters in two ways.
 */

/** ESC or its 8-bit form, then one of: CSI, OSC up to BEL or ST, a charset choice, a two-byte code. */
const TERMINAL_CODE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]{0,2048}(?:\u0007|\u001b\\|\u009c)?|\u001b[()*+\-./][0-9A-Za-z]|\u001b[ -~]/g;

/** A colour code whose ESC was lost on the way: `[31m`, `[1;32m`, `[0m`. */
const ORPHANED_COLOUR = /\[\d{1,3}(?:;\d{1,3}){0,8}m/g;

const MAY_HOLD_TERMINAL_CODE = /[\u001b\u009b\u009d]|\[\d{1,3}[;m]/;

/**
 * Removes colours, cursor movements and links of terminals; the text of a link stays. A code may stand
 * inside a word (`grep --color`) or part two (a cursor movement): `instead` is what takes its place.
 */
export function withoutTerminalCodes(text: string, instead = ""): string {
  if (!MAY_HOLD_TERMINAL_CODE.test(text)) return text;
  return text.replace(TERMINAL_CODE, instead).replace(ORPHANED_COLOUR, instead);
}

/** Escapes of JSON and of programming languages: `\n`, `\u00e9`, `\u{1f600}`, `\x1b`, `\033`, `\"`. */
const ESCAPE =
  /\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(0?33)|([^ux0-9\r\n]))/g;

const ESCAPED: { readonly [letter: string]: string } = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\u0007",
  e: "\u001b",
};

/** Undoes one level of backslash escapes. What is no escape stays as it is. */
export function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    ESCAPE,
    (whole, braced?: string, four?: string, two?: string, octal?: string, other?: string) => {
      if (octal !== undefined) return "\u001b";
      if (other !== undefined) return ESCAPED[other] ?? (/[A-Za-z]/.test(other) ? whole : other);
      return characterOf(parseInt(braced ?? four ?? two ?? "", 16)) ?? whole;
    },
  );
}

/** Surrogates stay apart: the two halves of a pair come as two escapes and meet in the result. */
function characterOf(code: number): string | undefined {
  if (code <= 0xffff) return String.fromCharCode(code);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

const PERCENT_RUN = /(?:%[0-9A-Fa-f]{2})+/g;

/** Decodes percent-encoding where it is UTF-8. */
export function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(PERCENT_RUN, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

/**
 * A run of base64 or hexadecimal digits that no word is as long as. Paths and identifiers in camel case
 * stay well below; the longest digest in use (SHA-512) has 128 hexadecimal digits.
 */
const DATA_RUN_MIN_CHARS = 160;
const DATA_RUN =
  /(?:data:([a-z]+\/[a-z0-9.+-]{1,60})(?:;[a-z0-9=_-]{1,40}){0,4};base64,)?[A-Za-z0-9+/_-]{160,}={0,2}/g;
/** Base64 in lines, as MIME and PEM wrap it: at least four full lines, then what is left. */
const WRAPPED_DATA = /(?:^[A-Za-z0-9+/]{60,76}\r?\n){4,}(?:^[A-Za-z0-9+/]{1,76}={0,2}$)?/gm;
const MAY_HOLD_WRAPPED_DATA = /[A-Za-z0-9+/]{60,76}\r?\n[A-Za-z0-9+/]{60,76}\r?\n/;

/** Whether a run is data and not a long path or name: base64 mixes cases and digits throughout. */
function isData(run: string): boolean {
  if (run.startsWith("data:")) return true;
  if (/^[0-9A-Fa-f]+$/.test(run)) return true;
  const slashes = run.split("/").length - 1;
  const dashes = run.split(/[-_]/).length - 1;
  // Base64 holds a slash in 64 characters on average, a path one in about ten.
  if (slashes > run.length / 20 || dashes > run.length / 12) return false;
  return /[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run);
}

/** Whether text holds a run of inline data that is no word. */
export function holdsInlineData(text: string): boolean {
  if (text.length < DATA_RUN_MIN_CHARS) return false;
  for (const [run] of text.matchAll(DATA_RUN)) if (isData(run)) return true;
  return MAY_HOLD_WRAPPED_DATA.test(text) && new RegExp(WRAPPED_DATA.source, "m").test(text);
}

/** Replaces inline data by what it is and how large: `[image/png, 60 kB]`. */
export function withoutInlineData(text: string): string {
  if (text.length < DATA_RUN_MIN_CHARS) return text;
  const replaced = text.replace(DATA_RUN, (run, mediaType?: string) =>
    isData(run) ? dataNote(mediaType, run.length) : run,
  );
  if (!MAY_HOLD_WRAPPED_DATA.test(replaced)) return replaced;
  return replaced.replace(WRAPPED_DATA, "[data]\n");
}

/** A run that does not say what it is may be a part of a longer one, so that its size would mislead. */
function dataNote(mediaType: string | undefined, chars: number): string {
  // Base64 takes four characters for three bytes.
  return mediaType === undefined ? "[data]" : `[${mediaType}, ${sizeLabel((chars * 3) / 4)}]`;
}

/** Bytes as people write them: `812 B`, `60 kB`, `1.4 MB`. */
export function sizeLabel(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A stored row as it is shown in snippets and context. JSON text has one level of escapes undone. */
export function readable(stored: string, isJson: boolean): string {
  const plain = isJson ? unescaped(stored) : stored;
  return withoutTerminalCodes(withoutInlineData(plain)).normalize("NFC");
}
