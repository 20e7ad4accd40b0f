import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { compressed, compressor } from "./compression.ts";

/** Convex's limit for a response; also used for requests, for which its documentation is inconsistent. */
export const MAX_BODY_BYTES = 20 * (1 << 20);

/** The request's body is over 20 MiB. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

function headersOf(message: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2)
    headers.append(message.rawHeaders[i] ?? "", message.rawHeaders[i + 1] ?? "");
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

/**
 * Converts an incoming message to a web `Request`. Calls `onExcess` for a body over 20 MiB; the request's
 * signal aborts if the client disconnects before the answer.
 */
export function toRequest(
  message: IncomingMessage,
  response: ServerResponse,
  origin: string,
  onExcess: () => void,
): Request {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const method = message.method ?? "GET";
  const url = origin + (message.url?.startsWith("/") === true ? message.url : "/");
  const init: RequestInit & { duplex?: "half" } = {
    method,
    headers: headersOf(message),
    signal: gone.signal,
  };
  if (!WITHOUT_BODY.has(method)) {
    init.body = Readable.toWeb(Readable.from(limited(message, onExcess))) as ReadableStream;
    init.duplex = "half";
  } else message.resume();
  return new Request(url, init);
}

async function* upToLimit(
  body: AsyncIterable<Uint8Array>,
  onExcess: () => void,
): AsyncGenerator<Uint8Array> {
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

/**
 * Sends a web `Response`, streaming its body, compressed if the client accepts that and it is worth it; drops
 * what exceeds 20 MiB, like Convex.
 */
export async function sendResponse(
  answer: Response,
  response: ServerResponse,
  onExcess: () => void,
): Promise<void> {
  const { body, isCompressed } = await compressed(answer, response.req);
  const headers: [string, string][] = [...answer.headers].filter(([name]) => name !== "set-cookie");
  for (const cookie of answer.headers.getSetCookie()) headers.push(["set-cookie", cookie]);
  response.writeHead(answer.status, headers.flat());
  if (body === null || response.req.method === "HEAD") {
    await body?.return(undefined);
    response.end();
    return;
  }
  const limited = Readable.from(upToLimit(body, onExcess));
  await (isCompressed ? pipeline(limited, compressor(), response) : pipeline(limited, response));
}

/** Builds a JSON response of the engine itself. */
export function jsonResponse(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" },
  });
}
