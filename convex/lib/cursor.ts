import { parseJson } from "./json";
import { isAscii } from "./text";

/** Opaque page cursors: a short list of scalars, as JSON in URL-safe base64. Pure. */

/** Encodes values as a cursor. */
export function writeCursor(values: readonly (string | number)[]): string {
  return btoa(byteCharacters(JSON.stringify(values)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/={1,2}$/, "");
}

/** The UTF-8 bytes of a text, each as one character, because `btoa` reads no others. */
function byteCharacters(text: string): string {
  if (isAscii(text)) return text;
  const bytes = new TextEncoder().encode(text);
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The types of a cursor's values, in order. */
type Shape = readonly ("string" | "number")[];
type Decoded<S extends Shape> = {
  -readonly [At in keyof S]: S[At] extends "string" ? string : number;
};

/** Decodes a cursor; undefined if the text is not a cursor of this shape. */
export function readCursor<const S extends Shape>(
  cursor: string,
  shape: S,
): Decoded<S> | undefined {
  const parsed = parseJson(decode(cursor));
  if (!parsed.ok || !Array.isArray(parsed.value)) return undefined;
  const values = parsed.value as unknown[];
  const fits =
    values.length === shape.length && shape.every((type, at) => typeof values[at] === type);
  // The check above compared each value with its type in the shape.
  return fits ? (values as Decoded<S>) : undefined;
}

function decode(cursor: string): string {
  try {
    const binary = atob(cursor.replace(/-/g, "+").replace(/_/g, "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return "";
  }
}
