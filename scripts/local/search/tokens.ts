import { isAscii } from "../../../convex/lib/text.ts";

/** Convex's text search ignores words of this many bytes or more. */
const MAX_TOKEN_BYTES = 32;
/** Only this many words of a query are used. */
export const MAX_QUERY_TOKENS = 16;

/** Letters and digits. V8 finds those of ASCII faster by their ranges than by their properties. */
const WORD = /(?:[A-Za-z\d]|[\p{Alphabetic}\p{N}])+/gu;
const ASCII_WORD = /[A-Za-z\d]+/g;

/** Splits a text into words as Convex's search does: letters and digits, under 32 bytes. */
function wordsOf(text: string): string[] {
  return (text.match(isAscii(text) ? ASCII_WORD : WORD) ?? []).filter(isShort);
}

/** The words of a text, in lower case. */
export function tokenize(text: string): string[] {
  return wordsOf(text).map((word) => word.toLowerCase());
}

/** The last text and its words. A message and its only part, two documents, hold the same text. */
const last = { text: "", words: "" };

/** The words of a text, in lower case and separated by spaces. To change the case of all at once takes half the time. */
export function indexedWords(text: string): string {
  if (text !== last.text)
    Object.assign(last, { text, words: wordsOf(text).join(" ").toLowerCase() });
  return last.words;
}

/** Whether a word is under the limit. Measures only those that may exceed it: a UTF-16 unit takes at most three bytes. */
function isShort(word: string): boolean {
  if (word.length * 3 < MAX_TOKEN_BYTES) return true;
  return word.length < MAX_TOKEN_BYTES && Buffer.byteLength(word) < MAX_TOKEN_BYTES;
}
