import { utf8Length } from "../text";

/**
 * Estimates tokens from bytes, because a model's tokenizer is a megabyte of tables. A token of a
 * byte-pair encoding covers at least one byte, so `n` bytes are never more than `n` tokens.
 */

/**
 * English prose has over four characters per token, code about three. Over-estimates on purpose;
 * the cost is small.
 */
const ASCII_CHARS_PER_TOKEN = 3;
const OTHER_BYTES_PER_TOKEN = 2;

/** Estimates the tokens of a text, on the high side for prose and code of any language. */
export function estimateTokens(text: string): number {
  const bytes = utf8Length(text);
  let ascii = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x80) ascii++;
  return Math.ceil(ascii / ASCII_CHARS_PER_TOKEN + (bytes - ascii) / OTHER_BYTES_PER_TOKEN);
}

/**
 * The longest prefix of a text that fits, cut at a paragraph, a line or a word if one ends in its
 * second half. `fits` must be monotone.
 */
export function cutToFit(text: string, fits: (head: string) => boolean): string {
  if (fits(text)) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(text.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  const head = text.slice(0, isSplitPair(text, low) ? low - 1 : low);
  for (const boundary of ["\n\n", "\n", " "]) {
    const at = head.lastIndexOf(boundary);
    if (at > head.length / 2) return head.slice(0, at);
  }
  return head;
}

function isSplitPair(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
