/** Writes long texts in slices, so that no further copy of them is ever held whole. Pure. */

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

/** Where a slice ends, so that it parts no surrogate pair. */
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
