import { request as requestPlain, type IncomingMessage, type RequestOptions } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/**
 * One HTTP request through Node's own `http`: `fetch` is loaded when it is first called, which takes longer on
 * Node 20 than everything else that a command does.
 */

/** A whole answer. */
export interface Answer {
  status: number;
  text: string;
  /** A header's value; null if the answer does not have it. */
  header: (name: string) => string | null;
}

interface Sent {
  method: string;
  headers: { [name: string]: string };
  body?: string;
  /** Ends the request, and the reading of its answer. */
  signal: AbortSignal;
}

/** Sends a request and reads its whole answer, of any status. Redirects are not followed, because of the key. */
export async function send(url: string, { body, ...options }: Sent): Promise<Answer> {
  const headers: RequestOptions["headers"] = { ...options.headers, "Accept-Encoding": "gzip" };
  if (body !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
  const start = await starterFor(url);
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = start(url, { ...options, headers }, resolve);
    request.once("error", reject);
    request.end(body);
  });
  return {
    status: message.statusCode ?? 0,
    text: await textOf(message),
    header: (name) => {
      const value = message.headers[name.toLowerCase()];
      return value === undefined ? null : String(value);
    },
  };
}

/** TLS is loaded only where it is needed. */
async function starterFor(url: string): Promise<typeof requestPlain> {
  return url.startsWith("https:") ? (await import("node:https")).request : requestPlain;
}

async function textOf(message: IncomingMessage): Promise<string> {
  const isGzip = message.headers["content-encoding"] === "gzip";
  const stream: Readable = isGzip ? decompressed(message) : message;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function decompressed(message: IncomingMessage): Readable {
  const gunzip = createGunzip();
  // A connection that breaks must not leave the reader waiting.
  message.once("error", (error) => gunzip.destroy(error));
  return message.pipe(gunzip);
}
