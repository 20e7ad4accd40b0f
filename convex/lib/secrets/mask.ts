import { isJsonObject } from "../json";
import type { SecretCount } from "./finding";
import { maskText } from "./scan";
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

/** Masks a value for readers other than its owner: secrets in JSON keys are masked too. */
export function maskForOthers<Value>(value: Value): Value {
  // Our own keys contain no secrets, so the value keeps its type.
  return withMaskedKeys(maskSecrets(value)) as Value;
}

/** The shortest key that is masked; shorter keys are names. */
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

/** Counts the distinct secrets in the strings of a value by kind. Never returns the secrets. */
export function countSecrets(value: unknown): SecretCount[] {
  const counter = new SecretCounter();
  visitStrings(value, counter.visit);
  return counter.counts();
}
