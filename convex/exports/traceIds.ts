import { fnv1a } from "../lib/hash";

/** Ids of traces and spans, equal for the same session in every export. */

/** 32 hexadecimal digits, as OpenTelemetry requires. */
export function traceIdOf(externalId: string): string {
  return hexOf(externalId, 4);
}

/** 16 hexadecimal digits. */
export function spanIdOf(externalId: string, path: string): string {
  return hexOf(JSON.stringify([externalId, path]), 2);
}

function hexOf(text: string, words: number): string {
  const parts = Array.from({ length: words }, (_, at) => fnv1a(`${at}:${text}`));
  return parts.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
