/** What a token, a profile or a webhook says about a person's e-mail address. */
export type Address =
  | { kind: "verified"; address: string }
  | { kind: "unverified"; address: string }
  | { kind: "unknown" };

/** Longest address that a mail server must take (RFC 5321: 64 characters, `@`, 255). */
const MAX_LENGTH = 320;
/** Spaces, control and format characters would make two addresses look the same. */
const SHAPE = /^[^@\s\p{Cc}\p{Cf}\p{Cs}]+@[^@\s\p{Cc}\p{Cf}\p{Cs}]+$/u;

/**
 * An address as it is stored and compared: `A`–`Z` in lower case, everything else as it is.
 * `toLowerCase` would map look-alikes to ASCII letters (U+212A, the Kelvin sign, to `k`).
 */
export function normalAddress(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function isAddress(text: string): boolean {
  return text.length <= MAX_LENGTH && SHAPE.test(text);
}

/** Reads an address and its verification. Only the value `true` counts as verified. */
export function readAddress(email: unknown, isVerified: unknown): Address {
  if (typeof email !== "string" || !isAddress(email)) return { kind: "unknown" };
  return { kind: isVerified === true ? "verified" : "unverified", address: normalAddress(email) };
}
