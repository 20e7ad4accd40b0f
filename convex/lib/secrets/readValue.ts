import type { Form } from "./values";

/** Reads the value that starts at a position. Linear, pure. */

/** The most characters of a value that are examined. A longer value is still masked as a whole. */
const JUDGED_MAX = 256;
/** How far the closing quote of a value may be. */
const QUOTED_MAX = 1_024;

const OPENING = /[bfru@$]{0,2}(\\*)(["'`])/iy;

/** Reads the value that starts here: quoted text, or everything up to a space or delimiter. */
export function readValue(
  text: string,
  at: number,
  form: Form,
): { start: number; end: number; form: Form } {
  OPENING.lastIndex = at;
  const quote = OPENING.exec(text);
  if (quote) {
    const start = OPENING.lastIndex;
    const end = endOfQuoted(text, start, (quote[1] ?? "") + (quote[2] ?? ""));
    if (end !== undefined) return { start, end, form: "quoted" };
    return { start, end: endOfBare(text, start, form), form };
  }
  return { start: at, end: endOfBare(text, at, form), form };
}

/** The position of the closing quote on the same line; an escaped quote does not close. */
function endOfQuoted(text: string, start: number, quote: string): number | undefined {
  const sign = quote.charAt(quote.length - 1);
  const depth = quote.length - 1;
  const limit = Math.min(text.length, start + QUOTED_MAX);
  let slashes = 0;
  for (let at = start; at < limit; at++) {
    const char = text.charAt(at);
    if (char === "\n" || char === "\r") return undefined;
    if (char === sign && slashes <= depth) return at - slashes;
    slashes = char === "\\" ? slashes + 1 : 0;
  }
  return undefined;
}

const BARE = /[^\s"'`,;&<>(){}[\]|\\]{0,256}/y;
/** Characters of a value in a setting, some of which end a value in code. */
const SETTING = /[^\s"'`<>\\;&,]{0,256}/y;
/** Characters that continue a value after the examined part. */
const REST = /[^\s"'`,;&<>(){}[\]|\\]*/y;

export function endOfBare(text: string, at: number, form: Form): number {
  const pattern = form === "setting" ? SETTING : BARE;
  pattern.lastIndex = at;
  pattern.test(text);
  let end = Math.max(at, pattern.lastIndex);
  while (end > at && isEndOfSentence(text.charAt(end - 1), form)) end--;
  return end;
}

/**
 * Whether a character ends a sentence and not the value. Passwords may end with `!` where they
 * stand alone.
 */
function isEndOfSentence(sign: string, form: Form): boolean {
  if (form === "quoted") return false;
  return form === "code" ? /[.,:!?)\]}]/.test(sign) : /[.,:)\]}]/.test(sign);
}

/** The end of a value, given the end of its examined part. */
export function wholeEnd(text: string, end: number, start: number): number {
  if (end - start < JUDGED_MAX - 8) return end;
  REST.lastIndex = end;
  return REST.test(text) ? REST.lastIndex : end;
}
