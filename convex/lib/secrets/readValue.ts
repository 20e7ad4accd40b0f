import type { Form } from "./values";

/** Reads the value that begins at a place of a text. Linear, pure. */

/** What is judged of a value. A longer one is masked whole all the same. */
const JUDGED_MAX = 256;
/** How far the closing quote of a value is looked for. */
const QUOTED_MAX = 1_024;

const OPENING = /[bfru@$]{0,2}(\\*)(["'`])/iy;

/** The value that begins here: what stands between its quotes, or the run up to a space or a sign. */
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

/** Where the closing quote stands, on the same line; an escaped quote closes nothing. */
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
/** In a setting, the value may hold signs that end it in code. */
const SETTING = /[^\s"'`<>\\;&,]{0,256}/y;
/** What goes on behind the part of a value that was judged. */
const REST = /[^\s"'`,;&<>(){}[\]|\\]*/y;

export function endOfBare(text: string, at: number, form: Form): number {
  const pattern = form === "setting" ? SETTING : BARE;
  pattern.lastIndex = at;
  pattern.test(text);
  let end = Math.max(at, pattern.lastIndex);
  while (end > at && isEndOfSentence(text.charAt(end - 1), form)) end--;
  return end;
}

/** Signs that end a sentence and not a value; passwords may end with a `!` where they stand alone. */
function isEndOfSentence(sign: string, form: Form): boolean {
  if (form === "quoted") return false;
  return form === "code" ? /[.,:!?)\]}]/.test(sign) : /[.,:)\]}]/.test(sign);
}

/** The end of a value, `end` being where the part that was judged ends. */
export function wholeEnd(text: string, end: number, start: number): number {
  if (end - start < JUDGED_MAX - 8) return end;
  REST.lastIndex = end;
  return REST.test(text) ? REST.lastIndex : end;
}
