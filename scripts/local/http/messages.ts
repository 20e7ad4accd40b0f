import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { copied } from "../../../convex/lib/utf8.ts";
import type { Answer, BodyReader, Bytes } from "./answers.ts";
import { compressed, compressor, type Chunks } from "./compression.ts";

/** Convex's limit for a response; also used for requests, for which its documentation is inconsistent. */
export const MAX_BODY_BYTES = 20 * (1 << 20);

/**
 * A body that announces at most this size is read before the function runs, which is cheaper than a stream. A batch of
 * the importer has little more than 1 MiB.
 */
const READ_FIRST_MAX_BYTES = 2 << 20;

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
): AsyncGenerator<Bytes, void, undefined> {
  let total = 0;
  // Leaving the loop early must not end the connection: its answer is still to be sent.
  for await (const chunk of message.iterator({ destroyOnReturn: false })) {
    total += (chunk as Buffer).length;
    if (total > MAX_BODY_BYTES) {
      onExcess();
      throw new BodyTooLargeError();
    }
    yield new Uint8Array(chunk as Buffer);
  }
}

/** Whether the Content-Length of a request is over the limit. */
export function announcesTooMuch(message: IncomingMessage): boolean {
  return Number(message.headers["content-length"] ?? 0) > MAX_BODY_BYTES;
}

const WITHOUT_BODY = new Set(["GET", "HEAD", "OPTIONS"]);

/** Reads a whole body. Rejects if the client leaves before its end. */
async function readBody(message: IncomingMessage): Promise<Bytes> {
  if (message.destroyed) throw new Error("The client has left");
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.once("end", resolve);
    message.on("error", reject);
  });
  // Of its own memory: a short `Buffer` shares it with others, which would all be sent to another thread.
  return copied(chunks);
}

/**
 * Discards what is left of a body once its answer is sent. A client may write all of it before it reads the answer, and
 * its next request comes behind it.
 */
function drainWhenAnswered(message: IncomingMessage, response: ServerResponse): void {
  response.once("finish", () => {
    message.removeAllListeners("readable");
    // Node notices only then that nobody reads any more.
    setImmediate(() => message.resume());
  });
}

/** A request before it becomes a web `Request`, in this thread or in that of HTTP actions (`actionThread/`). */
export interface Incoming {
  method: string;
  url: string;
  /** The path of `url`. */
  pathname: string;
  /** Names and values as they came. */
  headers: [string, string][];
  /** Its bytes if they are few, otherwise a stream. */
  body: Bytes | AsyncGenerator<Bytes, void, undefined> | null;
  /** Calls `tell` when the connection has ended: whether the client left before the whole answer was sent. */
  whenClosed: (tell: (hasLeft: boolean) => void) => void;
}

async function bodyOf(
  message: IncomingMessage,
  response: ServerResponse,
  onExcess: () => void,
): Promise<Incoming["body"]> {
  if (WITHOUT_BODY.has(message.method ?? "GET")) {
    message.resume();
    return null;
  }
  // Node's parser ends a body at its announced length.
  const announced = message.headers["content-length"];
  if (announced !== undefined && Number(announced) <= READ_FIRST_MAX_BYTES)
    return await readBody(message);
  drainWhenAnswered(message, response);
  return limited(message, onExcess);
}

/**
 * Reads an incoming message. Calls `onExcess` for a body over 20 MiB. Rejects if the client disconnects before the end
 * of a short body.
 */
export async function incoming(
  message: IncomingMessage,
  response: ServerResponse,
  origin: string,
  onExcess: () => void,
): Promise<Incoming> {
  const url = origin + (message.url?.startsWith("/") === true ? message.url : "/");
  return {
    method: message.method ?? "GET",
    url,
    pathname: new URL(url).pathname,
    headers: headersOf(message),
    body: await bodyOf(message, response, onExcess),
    whenClosed: (tell) => {
      const closed = () => {
        tell(!response.writableFinished);
      };
      if (response.closed) closed();
      else response.once("close", closed);
    },
  };
}

/** Makes a web `Request`, which a function reads. */
export function toRequest({ method, url, headers, body, whenClosed }: Incoming): Request {
  const init: RequestInit & { duplex?: "half" } = { method, headers };
  if (body instanceof Uint8Array) init.body = body;
  else if (body !== null) {
    init.body = Readable.toWeb(Readable.from(body)) as ReadableStream;
    init.duplex = "half";
  }
  const request = new Request(url, init);
  // Made when a function asks for it, because a `Request` that is made with a signal costs several times as much.
  let gone: AbortSignal | undefined;
  Object.defineProperty(request, "signal", { get: () => (gone ??= goneSignal(whenClosed)) });
  return request;
}

/** A signal that aborts if the client disconnects before the answer has been sent. */
function goneSignal(whenClosed: Incoming["whenClosed"]): AbortSignal {
  const gone = new AbortController();
  whenClosed((hasLeft) => {
    if (hasLeft) gone.abort();
  });
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

/** Sends the head of an answer. A body whose length is known is not sent in chunks. */
function sendHead({ status, headers }: Answer, response: ServerResponse, length?: number): void {
  const lines = headers.flat();
  if (length !== undefined && !headers.some(([name]) => name === "content-length"))
    lines.push("content-length", String(length));
  response.writeHead(status, lines);
}

/**
 * Sends an answer, streaming its body, compressed if the client accepts that and it is worth it; drops what exceeds
 * 20 MiB, like Convex.
 */
export async function sendAnswer(
  answer: Answer,
  response: ServerResponse,
  onExcess: () => void,
): Promise<void> {
  const { body } = answer;
  if (body !== null && !(body instanceof Uint8Array)) cancelWhenClosed(body, response);
  const read = body === null ? null : await compressed(answer, body, response.req);
  if (read === null || response.req.method === "HEAD") {
    sendHead(answer, response);
    response.end();
  } else if (read.body instanceof Uint8Array && !read.isCompressed) {
    sendHead(answer, response, read.body.length);
    response.end(read.body);
  } else {
    sendHead(answer, response);
    if (read.body instanceof Uint8Array) await pipeline([read.body], compressor(), response);
    else await stream(read.body, read.isCompressed, response, onExcess);
  }
}

async function stream(
  body: Chunks,
  isCompressed: boolean,
  response: ServerResponse,
  onExcess: () => void,
): Promise<void> {
  const limited = upToLimit(body, onExcess);
  // A pipeline creates several streams and an error for each answer, which `write` does without.
  if (isCompressed) await pipeline(Readable.from(limited), compressor(), response);
  else await write(limited, response);
}

/** Builds a JSON response of the engine itself. */
export function jsonResponse(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" },
  });
}
