import { hmacSha256 } from "../hash";

/** Seals short ids with a secret, so that a row can name something without being found by its name. Pure. */

type Key = { secret: string; nonce: string };

/** Bytes of one HMAC-SHA-256. */
const BLOCK_BYTES = 32;

/** Seals an id of printable ASCII; each nonce serves one id. */
export function seal(id: string, key: Key): string {
  return Array.from(masked(bytesOf(id), key), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}

/** Opens a sealed id. */
export function unseal(sealed: string, key: Key): string {
  const bytes = Array.from(sealed.matchAll(/../g), ([pair]) => parseInt(pair, 16));
  return String.fromCharCode(...masked(bytes, key));
}

const bytesOf = (text: string) => Array.from(text, (character) => character.charCodeAt(0));

/** Combines bytes with a stream that only the secret can produce. */
function masked(bytes: readonly number[], { secret, nonce }: Key): number[] {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES);
  const stream = Array.from({ length: blocks }, (_, block) =>
    hmacSha256(secret, `deleted session\n${nonce}\n${block}`),
  ).join("");
  return bytes.map((byte, at) => byte ^ parseInt(stream.slice(2 * at, 2 * at + 2), 16));
}
