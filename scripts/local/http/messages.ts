import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { compressed, compressor, type BodyReader, type Chunks } from "./compression.ts";

/** Convex's limit for a response; also used for requests, for which its documentation is inconsistent. */
export const MAX_BODY_BYTES = 20 * (1 << 20);

/** A body that announces at most this size is read before the function runs: cheaper than a stream of a chunk or two. */
const READ_FIRST_MAX_BYTES = 64 << 10;

/** The request's body is over 20 MiB. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  return headers;
}

async function* limited(
  message: IncomingMessage,
  onExcess: () => void,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > MAX_BODY_BYTES) {
      onExcess();
      throw new BodyTooLargeError();
    }
    yield new Uint8Array(chunk);
  }
}

/** Whether the Content-Length of a request is over the limit. */
export function announcesTooMuch(message: IncomingMessage): boolean {
  return Number(message.headers["content-length"] ?? 0) > MAX_BODY_BYTES;
}

const WITHOUT_BODY = new Set(["GET", "HEAD", "OPTIONS"]);

/** Reads a whole body. Rejects if the client leaves before its end. */
async function readBody(message: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  if (message.destroyed) throw new Error("The client has left");
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.once("end", resolve);
    message.on("error", reject);
  });
  return Buffer.concat(chunks);
}

/** The body of a request: its bytes if they are few, otherwise a stream. */
async function bodyOf(message: IncomingMessage, onExcess: () => void): Promise<BodyInit | null> {
  if (WITHOUT_BODY.has(message.method ?? "GET")) {
    message.resume();
    return null;
  }
  // Node's parser ends a body at its announced length.
  const announced = message.headers["content-length"];
  if (announced !== undefined && Number(announced) <= READ_FIRST_MAX_BYTES)
    return await readBody(message);
  return Readable.toWeb(Readable.from(limited(message, onExcess))) as ReadableStream;
}

/**
 * Converts an incoming message to a web `Request`. Calls `onExcess` for a body over 20 MiB; the request's
 * signal aborts if the client disconnects before the answer. Rejects if it disconnects before the end of a short body.
 */
export async function toRequest(
  message: IncomingMessage,
  response: ServerResponse,
  origin: string,
  onExcess: () => void,
): Promise<Request> {
  const url = origin + (message.url?.startsWith("/") === true ? message.url : "/");
  const init: RequestInit & { duplex?: "half" } = {
    method: message.method ?? "GET",
    headers: headersOf(message),
    body: await bodyOf(message, onExcess),
  };
  if (init.body instanceof ReadableStream) init.duplex = "half";
  const request = new Request(url, init);
  // Made when a function asks for it, because a `Request` that is made with a signal costs several times as much.
  let gone: AbortSignal | undefined;
  Object.defineProperty(request, "signal", { get: () => (gone ??= goneSignal(response)) });
  return request;
}

/** A signal that aborts if the client disconnects before the answer has been sent. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const check = () => {
    if (!response.writableFinished) gone.abort();
  };
  if (response.closed) check();
  else response.once("close", check);
  return gone.signal;
}

async function* upToLimit(body: Chunks, onExcess: () => void): Chunks {
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > MAX_BODY_BYTES) {
      onExcess();
      return;
    }
    yield chunk;
  }
}

/** Waits until more can be written, or the client has left. */
function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

/** Writes a body as it comes. Ends when the client leaves, even if the next chunk does not come. */
async function write(body: Chunks, response: ServerResponse): Promise<void> {
  const left = new Promise<"left">((resolve) =>
    response.once("close", () => {
      resolve("left");
    }),
  );
  for (;;) {
    const next = await Promise.race([body.next(), left]);
    if (next === "left" || response.destroyed) return;
    if (next.done) break;
    if (!response.write(next.value)) await writable(response);
  }
  response.end();
}

/**
 * Cancels the function's stream when the connection ends, because its client left or needs no body. Does so directly:
 * the end of a generator over the stream would wait for the next chunk, which may never come.
 */
function cancelWhenClosed(reader: BodyReader, response: ServerResponse): void {
  const cancel = () => {
    // Nobody is left to hear of an error.
    reader.cancel(new Error("The connection was closed")).catch(() => undefined);
  };
  if (response.closed) cancel();
  else response.once("close", cancel);
}

/**
 * Sends a web `Response`, streaming its body, compressed if the client accepts that and it is worth it; drops
 * what exceeds 20 MiB, like Convex.
 */
export async function sendResponse(
  answer: Response,
  response: ServerResponse,
  onExcess: () => void,
): Promise<void> {
  const reader = answer.body?.getReader() ?? null;
  if (reader !== null) cancelWhenClosed(reader, response);
  const read = reader === null ? null : await compressed(answer, reader, response.req);
  const headers: string[] = [];
  for (const [name, value] of answer.headers) if (name !== "set-cookie") headers.push(name, value);
  for (const cookie of answer.headers.getSetCookie()) headers.push("set-cookie", cookie);
  response.writeHead(answer.status, headers);
  if (read === null || response.req.method === "HEAD") {
    response.end();
    return;
  }
  const limited = upToLimit(read.body, onExcess);
  // A pipeline creates several streams and an error for each answer, which `write` does without.
  if (read.isCompressed) await pipeline(Readable.from(limited), compressor(), response);
  else await write(limited, response);
}

/** Builds a JSON response of the engine itself. */
export function jsonResponse(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" },
  });
}
