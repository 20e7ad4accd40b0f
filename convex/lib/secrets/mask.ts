import type { SecretCount } from "./finding";
import { masking, SecretCounter, visitStrings } from "./walk";

/**
 * The interface of this module: masks every secret in a JSON value, and counts what was found.
 * Linear in the size of the value, pure, and usable outside of Convex.
 */

/** Replaces every secret by a marker, in every string at any depth. Keys are kept. */
export function maskSecrets<Value>(value: Value): Value {
  // Only strings change, and they stay strings.
  return visitStrings(value, masking) as Value;
}

/**
 * Counts the distinct secrets in the strings of a value by kind. It never returns the secrets
 * themselves.
 */
export function countSecrets(value: unknown): SecretCount[] {
  const counter = new SecretCounter();
  visitStrings(value, counter.visit);
  return counter.counts();
}
