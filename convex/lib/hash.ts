import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as sha256Now } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** Most bytes that JavaScript hashes in less time than it takes to ask the runtime. */
const SHORT_BYTES = 256;

/** SHA-256 of bytes: 32 bytes. */
export async function sha256OfBytes(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length <= SHORT_BYTES) return sha256Now(bytes);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
}

/** SHA-256 of the UTF-8 text, in lower-case hex (64 characters). */
export async function sha256(text: string): Promise<string> {
  return bytesToHex(await sha256OfBytes(new TextEncoder().encode(text)));
}

/** SHA-256 of a text that comes in slices, in lower-case hex. Slower than `sha256`, and needs no copy of the text. */
export function sha256OfSlices(slices: Iterable<string>): string {
  const hash = sha256Now.create();
  for (const slice of slices) hash.update(utf8ToBytes(slice));
  return bytesToHex(hash.digest());
}

/** SHA-256 of the UTF-8 text in base64, as a content security policy names an inline style. */
export async function sha256Base64(text: string): Promise<string> {
  const digest = await sha256OfBytes(new TextEncoder().encode(text));
  return btoa(Array.from(digest, (byte) => String.fromCharCode(byte)).join(""));
}

/** 32-bit FNV-1a over UTF-16 units. Not secure: it only separates ids in a sort key. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** HMAC-SHA-256 of the UTF-8 text under a key, in lower-case hex. Synchronous. */
export function hmacSha256(key: string, text: string): string {
  return bytesToHex(hmac(sha256Now, utf8ToBytes(key), utf8ToBytes(text)));
}

/** `bytes` random bytes in lower-case hex. */
export function randomHex(bytes: number): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(bytes)));
}
