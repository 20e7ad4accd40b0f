import { parseJson } from "./json";

/** Opaque page cursors: a short list of scalars as URL-safe base64 of JSON. Pure. */

/** A cursor for these values. */
export function writeCursor(values: readonly (string | number)[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(values));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The values of a cursor; an empty list for anything that is none, or has another length. */
export function readCursor(cursor: string, length: number): unknown[] {
  const parsed = parseJson(decode(cursor));
  return parsed.ok && Array.isArray(parsed.value) && parsed.value.length === length
    ? (parsed.value as unknown[])
    : [];
}

function decode(cursor: string): string {
  try {
    const binary = atob(cursor.replace(/-/g, "+").replace(/_/g, "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return "";
  }
}
