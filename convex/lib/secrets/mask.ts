import { isJsonObject } from "../json";
import type { SecretCount } from "./finding";
import { maskText } from "./scan";
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

/** The same for readers who are not the owner: with secrets masked in the keys of JSON as well. */
export function maskForOthers<Value>(value: Value): Value {
  // Keys of our own hold no secrets, so the shape that the type describes stays.
  return withMaskedKeys(maskSecrets(value)) as Value;
}

/** Shorter keys are names. */
const KEY_MIN_LENGTH = 12;

function withMaskedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMaskedKeys);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.length < KEY_MIN_LENGTH ? key : maskText(key),
      withMaskedKeys(inner),
    ]),
  );
}

/** Distinct secrets in the strings of a value, by kind. Never the secrets themselves. */
export function countSecrets(value: unknown): SecretCount[] {
  const counter = new SecretCounter();
  visitStrings(value, counter.visit);
  return counter.counts();
}
