import { createHash } from "node:crypto";

export const DIMENSIONS = 1536;

/** FNV-1a, 32 bits: fast, evenly distributed and deterministic. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value ^= text.charCodeAt(i);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}

const WORD = /[\p{L}\p{N}]+/gu;
const GRAM = 4;
const GRAM_WEIGHT = 0.3;

/** Words and character n-grams of words, so that "deploying" is near "deployment". */
function features(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const add = (name: string, weight: number) => found.set(name, (found.get(name) ?? 0) + weight);
  for (const [match] of text.toLowerCase().matchAll(WORD)) {
    add(`w:${match}`, 1);
    const padded = `<${match}>`;
    for (let i = 0; i + GRAM <= padded.length; i++)
      add(`g:${padded.slice(i, i + GRAM)}`, GRAM_WEIGHT);
  }
  return found;
}

/**
 * Returns a vector of unit length by feature hashing: texts that share words, or parts of words, are near
 * each other. Deterministic, without a model or network; it does not recognise synonyms.
 */
export function embed(text: string, dimensions = DIMENSIONS): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [name, weight] of features(text)) {
    const place = hash(name);
    const sign = hash(`${name}#`) & 1 ? 1 : -1;
    const i = place % dimensions;
    // Each further repetition counts less.
    vector[i] = (vector[i] ?? 0) + sign * (1 + Math.log(1 + weight));
  }
  const length = Math.hypot(...vector);
  if (length === 0) {
    // Text without words still needs its own direction.
    const i = createHash("sha256").update(text).digest().readUInt32BE(0) % dimensions;
    vector[i] = 1;
    return vector;
  }
  return vector.map((x) => x / length);
}
