import { randomHex } from "./hash";

/** JSON of values with very long texts, as bytes piece by piece. Pure but for a random mark. */

/** Characters from which a text is written in slices, and characters of one. */
export const LONG_TEXT = 65_536;

/**
 * Gives the JSON text of a value in UTF-8, without ever holding a long text a second time: with one
 * character beyond Latin-1, each copy of a text of 7 MB takes 14 MB.
 */
export function* jsonPieces(value: unknown): Generator<Uint8Array, void> {
  const encoder = new TextEncoder();
  // A text that no client can know stands in for each long one.
  const mark = randomHex(16);
  const long: string[] = [];
  const json = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "string" || inner.length <= LONG_TEXT) return inner;
    long.push(inner);
    return mark;
  });
  for (const [index, piece] of json.split(mark).entries()) {
    yield encoder.encode(piece);
    const text = long[index];
    if (text === undefined) continue;
    for (let at = 0; at < text.length;) {
      const end = sliceEnd(text, at);
      yield encoder.encode(JSON.stringify(text.slice(at, end)).slice(1, -1));
      at = end;
    }
  }
}

/** Where a slice ends, so that it parts no surrogate pair. */
function sliceEnd(text: string, from: number): number {
  const end = Math.min(text.length, from + LONG_TEXT);
  const last = text.charCodeAt(end - 1);
  const isPairCut = end < text.length && end > from + 1 && last >= 0xd800 && last <= 0xdbff;
  return isPairCut ? end - 1 : end;
}
