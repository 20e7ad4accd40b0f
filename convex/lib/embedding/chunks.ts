import { prefixEnd, utf8Length } from "../text";

/**
 * The longest chunk in bytes. The models take 8,192 tokens, and bytes are an upper bound of tokens;
 * half of that keeps one vector about one subject.
 */
export const CHUNK_MAX_BYTES = 4_000;

/** A line that opens or closes a fenced block. */
const FENCE = /^ {0,3}(?:```|~~~)/;

/** A position where a text may be cut. A higher rank separates meanings better. */
type Boundary = { at: number; rank: number };

const PARAGRAPH = 3;
const LINE = 2;
const WORD = 1;

/**
 * Splits a text into chunks of at most `max` bytes, in order and without overlap: after a paragraph
 * or a fenced block if possible, otherwise after a line, otherwise after a word. Only white space
 * at the cuts is left out; a text of white space gives no chunks.
 */
export function chunksOf(text: string, max = CHUNK_MAX_BYTES): string[] {
  if (utf8Length(text) <= max) return text.trim() === "" ? [] : [text.trim()];
  const boundaries = boundariesOf(text);
  const chunks: string[] = [];
  let from = 0;
  let next = 0;
  while (from < text.length) {
    const limit = prefixEnd(text, from, max);
    while ((boundaries[next]?.at ?? Infinity) <= from) next++;
    const cut = limit === text.length ? limit : bestCut(boundaries, next, from, limit);
    const chunk = text.slice(from, cut).trim();
    if (chunk !== "") chunks.push(chunk);
    from = cut;
  }
  return chunks;
}

/** The last boundary of the highest rank that does not leave a chunk below a third of the size. */
function bestCut(boundaries: readonly Boundary[], next: number, from: number, limit: number) {
  let best: Boundary = { at: limit, rank: 0 };
  const least = from + (limit - from) / 3;
  for (let i = next; i < boundaries.length; i++) {
    const boundary = boundaries[i];
    if (boundary === undefined || boundary.at > limit) break;
    if (boundary.rank >= best.rank && (boundary.at >= least || best.rank === 0)) best = boundary;
  }
  return best.at;
}

/** All boundaries in ascending order. Inside a fence a blank line counts as an ordinary line. */
function boundariesOf(text: string): Boundary[] {
  const boundaries: Boundary[] = [];
  let inFence = false;
  let at = 0;
  for (const line of text.split("\n")) {
    const isFence = FENCE.test(line);
    if (isFence && !inFence && at > 0) boundaries.push({ at, rank: PARAGRAPH });
    for (const space of line.matchAll(/\s+/g)) {
      boundaries.push({ at: at + space.index + space[0].length, rank: WORD });
    }
    at += line.length + 1;
    const endsBlock = isFence ? inFence : !inFence && line.trim() === "";
    boundaries.push({ at: Math.min(at, text.length), rank: endsBlock ? PARAGRAPH : LINE });
    if (isFence) inFence = !inFence;
  }
  return boundaries;
}
