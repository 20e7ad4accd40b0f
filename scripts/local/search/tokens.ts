/** Convex's text search drops words of this many bytes and more. */
const MAX_TOKEN_BYTES = 32;
/** Of a query, only so many words are looked at. */
export const MAX_QUERY_TOKENS = 16;

const WORD = /[\p{Alphabetic}\p{N}]+/gu;

/** The words of a text as Convex's search sees them: split on all else, lower case, < 32 bytes. */
export function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (const [word] of text.matchAll(WORD)) {
    const token = word.toLowerCase();
    if (Buffer.byteLength(word) < MAX_TOKEN_BYTES) tokens.push(token);
  }
  return tokens;
}
