import type { SecretCount } from "./finding";
import { masking, SecretCounter, visitStrings } from "./walk";

/**
 * What the rest of the house needs of this module: the JSON value with every secret masked, and a
 * count of what was found. Linear in the size of the value, pure, and usable outside of Convex.
 */

/** The value with a marker in place of every secret, in every string at any depth. Keys are kept. */
export function maskSecrets<Value>(value: Value): Value {
  // Only strings change, and they stay strings.
  return visitStrings(value, masking) as Value;
}

/** Distinct secrets in the strings of a value, by kind. Never the secrets themselves. */
export function countSecrets(value: unknown): SecretCount[] {
  const counter = new SecretCounter();
  visitStrings(value, counter.visit);
  return counter.counts();
}
