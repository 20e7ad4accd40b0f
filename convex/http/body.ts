import { AppError } from "../errors";
import { type Fault, readJsonBytes, readJsonLists, TOO_MANY_VALUES } from "../lib/jsonBytes";
import { decodeUtf8, joined } from "../lib/utf8";
import { LISTED_ITEMS_MAX } from "../wire/route";

/**
 * The largest request body, in bytes. It is kept as bytes, which are not on the heap (64 MiB in
 * Convex's default runtime). `npm run trial:limits` measures the worst bodies.
 */
export const BODY_MAX_BYTES = 8 * 1024 * 1024;

/** Smaller bodies are read before the key is looked up, which saves one function call per hook. */
export const SMALL_BODY_BYTES = 64 * 1024;

/**
 * `beforeLarge` runs once before more than `SMALL_BODY_BYTES` are read; it throws to reject the
 * body.
 */
export type Reading = { maxBytes?: number; beforeLarge?: () => Promise<unknown> };

/**
 * Parses the JSON object in the body; throws an `AppError` (400, 413) for anything else. Lists in
 * `listNames` become `JsonItems`, so that each item is in memory alone.
 */
export async function readJsonObject(
  request: Request,
  listNames: readonly string[] = [],
  reading: Reading = {},
): Promise<Record<string, unknown>> {
  const bytes = await readBytes(request, reading);
  const read =
    listNames.length === 0
      ? readJsonBytes(bytes)
      : readJsonLists(bytes, listNames, LISTED_ITEMS_MAX);
  if (!read.ok) throw faultOf(read.why, request);
  if (!isRecord(read.value))
    throw new AppError("INVALID_REQUEST", "The body must be a JSON object");
  return read.value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function faultOf(why: Fault, request: Request): AppError {
  switch (why) {
    case "not UTF-8":
      return notUtf8();
    case "not JSON":
      return new AppError("INVALID_REQUEST", `The body is not valid JSON${hint(request)}`);
    case "too large":
      return new AppError("PAYLOAD_TOO_LARGE", `The body ${TOO_MANY_VALUES}`);
  }
}

function hint({ headers }: Request): string {
  const encoding = headers.get("Content-Encoding");
  return encoding
    ? `: compressed bodies are not supported (Content-Encoding ${encoding}); send plain JSON`
    : "";
}

/**
 * Reads the body as UTF-8. Invalid bytes are rejected, because they would be replaced silently,
 * even in ids.
 */
export async function readText(request: Request, reading: Reading = {}): Promise<string> {
  const text = decodeUtf8(await readBytes(request, reading));
  if (text === undefined) throw notUtf8();
  return text;
}

/** Reads the body and stops as soon as it is too large, whatever its headers declare. */
async function readBytes(request: Request, reading: Reading): Promise<Uint8Array> {
  const { maxBytes = BODY_MAX_BYTES, beforeLarge } = reading;
  const declared = Number(request.headers.get("Content-Length") ?? 0);
  if (declared > SMALL_BODY_BYTES) await beforeLarge?.();
  if (declared > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let isAdmitted = declared > SMALL_BODY_BYTES;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const value = chunk.value as Uint8Array;
      bytes += value.byteLength;
      if (!isAdmitted && bytes > SMALL_BODY_BYTES) {
        await beforeLarge?.();
        isAdmitted = true;
      }
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(value);
    }
  } catch (error) {
    await reader.cancel();
    throw error;
  }
  return joined(chunks);
}

function notUtf8(): AppError {
  return new AppError("INVALID_REQUEST", "The body is not valid UTF-8");
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("PAYLOAD_TOO_LARGE", `The body is larger than ${maxBytes} bytes`);
}
