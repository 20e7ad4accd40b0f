import { AppError } from "../errors";
import { parseJson } from "../lib/json";

/**
 * Largest request body taken, in bytes. Convex's default runtime has a heap of 64 MiB. A body of
 * 8 MiB costs at worst (one character beyond Latin-1 makes V8 keep two bytes a unit) 16 MiB as text
 * and 16 MiB again as parsed strings; the text is dropped before the mutation's arguments, at most
 * 7 MiB in one chunk (twice that in V8) and their JSON text, are built: 16 + 14 + 14 MiB, with a
 * quarter of the heap left for everything else.
 */
export const BODY_MAX_BYTES = 8 * 1024 * 1024;

/** The JSON object in the body; an `AppError` (400, 413) says what else was there. */
export async function readJsonObject(request: Request): Promise<Record<string, unknown>> {
  const parsed = parseJson(await readText(request));
  if (!parsed.ok)
    throw new AppError("INVALID_REQUEST", `The body is not valid JSON${hint(request)}`);
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError("INVALID_REQUEST", "The body must be a JSON object");
  }
  return value as Record<string, unknown>;
}

function hint({ headers }: Request): string {
  const encoding = headers.get("Content-Encoding");
  return encoding ? ` (Content-Encoding ${encoding} is not supported)` : "";
}

/** Reads the body, which must be UTF-8, and stops as soon as it is too large, whatever its headers promised. */
export async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get("Content-Length") ?? 0) > BODY_MAX_BYTES) throw tooLarge();
  if (request.body === null) return "";
  const reader = request.body.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const value = chunk.value as Uint8Array;
    bytes += value.byteLength;
    if (bytes > BODY_MAX_BYTES) {
      await reader.cancel();
      throw tooLarge();
    }
    text += decode(decoder, value);
  }
  return text + decode(decoder);
}

/** Other bytes would be replaced silently, in ids too. */
function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch {
    throw new AppError("INVALID_REQUEST", "The body is not valid UTF-8");
  }
}

function tooLarge(): AppError {
  return new AppError("PAYLOAD_TOO_LARGE", `The body is larger than ${BODY_MAX_BYTES} bytes`);
}
