import { randomHex, sha256, sha256OfSlices } from "./hash";

/** Writes long texts in slices, so that no further copy of them is ever held whole. Pure but for a random mark. */

/** Characters of one slice. */
export const SLICE_CHARS = 65_536;

/** Yields a text as the inside of a JSON string, slice by slice. */
export function* escapedSlices(text: string): Generator<string, void> {
  for (let at = 0; at < text.length;) {
    const end = sliceEnd(text, at);
    yield JSON.stringify(text.slice(at, end)).slice(1, -1);
    at = end;
  }
}

/** Yields the JSON text of a value in slices: its long texts are escaped one slice at a time. */
export function* jsonSlices(value: unknown): Generator<string, void> {
  // A text that no client can know stands in for each long one.
  const mark = randomHex(16);
  const long: string[] = [];
  const json = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "string" || inner.length <= SLICE_CHARS) return inner;
    long.push(inner);
    return mark;
  });
  for (const [index, around] of json.split(mark).entries()) {
    yield around;
    yield* escapedSlices(long[index] ?? "");
  }
}

/** Characters from which the JSON of a value would be a copy too many in memory. */
const LONG_CHARS = 512 * 1024;

/** SHA-256 of a value's JSON, in lower-case hex. `chars` is the approximate length of its texts. */
export async function jsonHash(value: unknown, chars: number): Promise<string> {
  return chars > LONG_CHARS
    ? sha256OfSlices(jsonSlices(value))
    : await sha256(JSON.stringify(value));
}

/** Where a slice ends: never inside a surrogate pair. */
function sliceEnd(text: string, from: number): number {
  const end = Math.min(text.length, from + SLICE_CHARS);
  const last = text.charCodeAt(end - 1);
  const isPairCut = end < text.length && end > from + 1 && last >= 0xd800 && last <= 0xdbff;
  return isPairCut ? end - 1 : end;
}

/**
 * Collects text as bytes. A runtime counts them apart from its heap, and they take half the space of a text with
 * a character beyond Latin-1.
 */
export class ByteChunks {
  readonly #encoder = new TextEncoder();
  #chunks: Uint8Array[] = [];
  #pending: string[] = [];
  #pendingChars = 0;
  #bytes = 0;

  /** Adds text; a pair of surrogates must not be split between two calls. */
  add(text: string): void {
    this.#pending.push(text);
    this.#pendingChars += text.length;
    if (this.#pendingChars >= SLICE_CHARS) this.#encode();
  }

  /** Adds bytes. */
  addBytes(chunk: Uint8Array): void {
    this.#encode();
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
  }

  /** Takes over the chunks of another collection, which is empty afterwards. */
  take(other: ByteChunks): void {
    this.#encode();
    other.#encode();
    this.#chunks.push(...other.#chunks);
    this.#bytes += other.#bytes;
    other.#chunks = [];
    other.#bytes = 0;
  }

  /** The bytes so far. */
  get bytes(): number {
    this.#encode();
    return this.#bytes;
  }

  /** The chunks so far. */
  get chunks(): Uint8Array[] {
    this.#encode();
    return this.#chunks;
  }

  #encode(): void {
    if (this.#pendingChars === 0) return;
    const text = this.#pending.join("");
    this.#pending = [];
    this.#pendingChars = 0;
    this.addBytes(this.#encoder.encode(text));
  }
}
