import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { constants, createGzip, type Gzip } from "node:zlib";
import { header, type Answer, type BodyReader } from "./answers.ts";

/**
 * Compresses answers for clients elsewhere that accept it. For a client on this machine, or if the answer is small,
 * it is not worth the time.
 */

/** Answers of at most this many bytes are sent uncompressed, because they fit one packet. */
const SENT_AS_IS_MAX_BYTES = 1_024;

/** Text, JSON and SVG; not event streams, whose events must not wait for each other. */
const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:json|jsonl|javascript|x-ndjson)|image\/svg\+xml)/i;

/** What proxies add to a request: the address of the client (RFC 7239, and the older header). */
const PROXY_HEADERS = ["forwarded", "x-forwarded-for"];

/** The bytes of a body. A reader may stop before their end. */
export type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/**
 * Whether an answer may be sent compressed to the client of a request. Tells caches about it, by a header of the
 * answer.
 */
function mayCompress(answer: Answer, request: IncomingMessage): boolean {
  const isText = COMPRESSIBLE.test(header(answer, "content-type") ?? "");
  if (!isText || header(answer, "content-encoding") !== undefined || answer.status === 206)
    return false;
  // Tells caches to store both forms separately.
  answer.headers.push(["vary", "Accept-Encoding"]);
  return !isOnThisMachine(request) && acceptsGzip(request);
}

/** Sets the headers of an answer that is sent compressed. */
function announceCompressed(answer: Answer): void {
  answer.headers = answer.headers.filter(([name]) => name !== "content-length");
  answer.headers.push(["content-encoding", "gzip"]);
}

/**
 * Decides whether an answer is sent compressed, and sets its headers accordingly. To know whether it is large enough,
 * reads its first bytes, which the returned body repeats.
 */
export async function compressed(
  answer: Answer,
  body: Uint8Array | BodyReader,
  request: IncomingMessage,
): Promise<{ body: Uint8Array | Chunks; isCompressed: boolean }> {
  const mayBe = mayCompress(answer, request);
  if (body instanceof Uint8Array) {
    const isCompressed = mayBe && body.length > SENT_AS_IS_MAX_BYTES;
    if (isCompressed) announceCompressed(answer);
    return { body, isCompressed };
  }
  const chunks = chunksOf(body);
  if (!mayBe) return { body: chunks, isCompressed: false };
  const { first, bytes } = await beginning(chunks);
  const isCompressed = bytes > SENT_AS_IS_MAX_BYTES;
  if (isCompressed) announceCompressed(answer);
  return { body: joined(first, chunks), isCompressed };
}

/** Whether the client runs on this machine. A proxy on this machine asks for someone else, and says so. */
function isOnThisMachine({ socket, headers }: IncomingMessage): boolean {
  // Node takes the socket away from a request whose client has left.
  const address = (socket as Socket | null)?.remoteAddress?.replace(/^::ffff:/, "") ?? "";
  const isLoopback = address === "::1" || address.startsWith("127.");
  return isLoopback && PROXY_HEADERS.every((name) => headers[name] === undefined);
}

/** Whether a client accepts gzip: `gzip`, `*` or `gzip;q=0.5`, but not `gzip;q=0`. */
function acceptsGzip({ headers }: IncomingMessage): boolean {
  const codings = String(headers["accept-encoding"] ?? "").split(",");
  const qualities = new Map(
    codings.map((coding) => {
      const [name = "", ...parameters] = coding.split(";").map((part) => part.trim().toLowerCase());
      const quality = parameters.find((one) => one.startsWith("q="))?.slice(2);
      return [name, quality === undefined ? 1 : Number(quality)];
    }),
  );
  return (qualities.get("gzip") ?? qualities.get("*") ?? 0) > 0;
}

async function* chunksOf(reader: BodyReader): Chunks {
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Reads until the bytes exceed `SENT_AS_IS_MAX_BYTES`, or to the end. */
async function beginning(chunks: Chunks): Promise<{ first: Uint8Array[]; bytes: number }> {
  const first: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= SENT_AS_IS_MAX_BYTES) {
    const { done, value } = await chunks.next();
    if (done) break;
    first.push(value);
    bytes += value.length;
  }
  return { first, bytes };
}

async function* joined(first: readonly Uint8Array[], rest: Chunks): Chunks {
  try {
    yield* first;
    yield* rest;
  } finally {
    // A client that stops early must not leave the function's stream open.
    await rest.return();
  }
}

/** Compresses fast, and passes each chunk on at once, so that what is streamed arrives as it is written. */
export function compressor(): Gzip {
  return createGzip({ level: constants.Z_BEST_SPEED, flush: constants.Z_SYNC_FLUSH });
}
