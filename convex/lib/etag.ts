import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Weak entity tags (RFC 9110): equal for answers of equal content. Pure. */

/** Hexadecimal characters of the hash that a tag has: 128 bits. */
const TAG_LENGTH = 32;

/** The tag of an answer that consists of these chunks. */
export function weakTag(chunks: Iterable<Uint8Array>): string {
  const hash = sha256.create();
  for (const chunk of chunks) hash.update(chunk);
  return `W/"${bytesToHex(hash.digest()).slice(0, TAG_LENGTH)}"`;
}

/** Whether a client already has the answer, by its `If-None-Match` header. */
export function matchesTag(header: string | null, tag: string): boolean {
  if (header === null) return false;
  const opaque = (one: string) => one.trim().replace(/^W\//, "");
  return header.split(",").some((one) => one.trim() === "*" || opaque(one) === opaque(tag));
}
