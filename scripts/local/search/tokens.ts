import { isAscii } from "../../../convex/lib/text.ts";

/** Convex's text search ignores words of this many bytes or more. */
const MAX_TOKEN_BYTES = 32;
/** Only this many words of a query are used. */
export const MAX_QUERY_TOKENS = 16;

const WORD = /[\p{Alphabetic}\p{N}]+/gu;
const ASCII_WORD = /[a-z\d]+/g;

/** Splits a text into words as Convex's search does: letters and digits, lower case, under 32 bytes. */
export function tokenize(text: string): string[] {
  if (isAscii(text)) return asciiWords(text);
  const tokens: string[] = [];
  for (const word of text.match(WORD) ?? []) if (isShort(word)) tokens.push(word.toLowerCase());
  return tokens;
}

/** Makes the whole text lower case at once, in half the time. Elsewhere a letter's lower case can depend on its neighbours. */
function asciiWords(text: string): string[] {
  const words = text.toLowerCase().match(ASCII_WORD) ?? [];
  return words.filter(({ length }) => length < MAX_TOKEN_BYTES);
}

/** The last text and its words. A message and its only part, two documents, hold the same text. */
const last = { text: "", words: "" };

/** The words of a text, separated by spaces. */
export function indexedWords(text: string): string {
  if (text !== last.text) Object.assign(last, { text, words: tokenize(text).join(" ") });
  return last.words;
}

/** Whether a word is under the limit. Measures only those that may exceed it: a UTF-16 unit takes at most three bytes. */
function isShort(word: string): boolean {
  if (word.length * 3 < MAX_TOKEN_BYTES) return true;
  return word.length < MAX_TOKEN_BYTES && Buffer.byteLength(word) < MAX_TOKEN_BYTES;
}
