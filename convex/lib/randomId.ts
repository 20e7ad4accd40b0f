/** 64 symbols that need no escaping in URLs, headers and file names. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A random text that cannot be guessed: 6 bits per character. */
export function randomId(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => ALPHABET[byte & 63]).join("");
}

/** 22 characters of 64 symbols are 132 bits, so a slug cannot be guessed. */
export const SLUG_LENGTH = 22;

/** The part of a public address that keeps it secret. */
export const randomSlug = (): string => randomId(SLUG_LENGTH);
