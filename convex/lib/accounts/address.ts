/** What a token, a profile or a webhook states about a person's e-mail address. */
export type Address =
  | { kind: "verified"; address: string }
  | { kind: "unverified"; address: string }
  | { kind: "unknown" };

/** The longest address that mail servers must accept (RFC 5321: 64 characters, `@`, 255). */
const MAX_LENGTH = 320;
/**
 * Excludes spaces, control and format characters, because they could make two addresses look the
 * same.
 */
const SHAPE = /^[^@\s\p{Cc}\p{Cf}\p{Cs}]+@[^@\s\p{Cc}\p{Cf}\p{Cs}]+$/u;

/**
 * Normalises an address for storage and comparison: `A`–`Z` become lower case, everything else
 * stays. `toLowerCase` would map look-alikes to ASCII letters (U+212A, the Kelvin sign, to `k`).
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
