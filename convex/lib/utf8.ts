/** Text as UTF-8 bytes, which a runtime counts apart from its heap. Pure. */

/**
 * Decodes UTF-8 bytes; undefined if they are invalid. A byte order mark at the start of a document is
 * not part of its text; inside a document (`isInside`) it is an ordinary character.
 */
export function decodeUtf8(bytes: Uint8Array, isInside = false): string | undefined {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: isInside });
    const text: unknown = decoder.decode(bytes);
    // Convex's runtime returns undefined for some invalid input instead of throwing.
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

/** All of these bytes in one array; a single chunk itself. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : copied(chunks);
}

/** A copy of all of these bytes in one array, with memory of its own. */
export function copied(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
