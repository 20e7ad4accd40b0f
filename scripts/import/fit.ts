import { isJsonObject } from "../../convex/lib/json";
import { cutBytes } from "../../convex/lib/text";
import type { MessageRow } from "./rows.ts";

/** Bytes of a message that the server stores for certain; it refuses more than 7 MiB. */
const MESSAGE_MAX_BYTES = 6 * 1024 * 1024;
/** What is kept of the beginning of a text that is cut. */
const KEPT_BYTES = 256 * 1024;
/** No text shorter than this is cut. */
const CUT_FROM_CHARS = 512 * 1024;

/**
 * The message, small enough to be stored: texts longer than 512 kB are cut where the message is larger
 * than 6 MiB, and say so. The same object where nothing was cut. Pure.
 */
export function fitted(row: MessageRow): MessageRow {
  if (roughBytes(row) <= MESSAGE_MAX_BYTES) return row;
  const { textContent, parts } = row;
  return {
    ...row,
    ...(textContent === undefined ? {} : { textContent: cutText(textContent) }),
    ...(parts === undefined
      ? {}
      : { parts: parts.map((part) => ({ ...part, content: cutValue(part.content) })) }),
  };
}

/** Characters of all texts, three bytes each at most: cheap, and never too few. */
function roughBytes(value: unknown): number {
  if (typeof value === "string")
    return value.length > CUT_FROM_CHARS ? Buffer.byteLength(value) : value.length;
  if (typeof value !== "object" || value === null) return 8;
  let sum = 0;
  // Every message is measured, and most are small: no list of their values is made.
  for (const key in value) sum += roughBytes((value as { [key: string]: unknown })[key]);
  return sum;
}

function cutValue(value: unknown): unknown {
  if (typeof value === "string") return cutText(value);
  if (Array.isArray(value)) return value.map(cutValue);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cutValue(inner)]));
}

function cutText(text: string): string {
  if (text.length <= CUT_FROM_CHARS) return text;
  const bytes = Buffer.byteLength(text);
  return `${cutBytes(text, KEPT_BYTES)}\n[${bytes} bytes, cut by the importer]`;
}
