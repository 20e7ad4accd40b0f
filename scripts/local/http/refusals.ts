import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ROUTABLE_HTTP_METHODS } from "convex/server";
import { MAX_BODY_BYTES } from "./messages.ts";

/** The reason why the engine itself refuses or fails a request. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
  /** The allowed methods, if only the method is wrong. */
  allow?: string;
}

export const TOO_LARGE: Refusal = {
  status: 413,
  code: "RequestTooLarge",
  message: `Request body is too large: the maximum is ${MAX_BODY_BYTES} bytes`,
};

export const TIMED_OUT: Refusal = {
  status: 408,
  code: "RequestTimeout",
  message: "The request took too long to arrive",
};

export const FAILED: Refusal = {
  status: 500,
  code: "InternalServerError",
  message: "Internal error",
};

const METHODS: readonly string[] = [...ROUTABLE_HTTP_METHODS, "HEAD"];

/** Returns Convex's answer to a method that no router supports, such as TRACE; null for supported methods. */
export function refuseMethod(method: string): Refusal | null {
  if (METHODS.includes(method)) return null;
  return {
    status: 405,
    code: "MethodNotAllowed",
    message: `${method} is not allowed here`,
    allow: METHODS.join(", "),
  };
}

/** The response for a refusal: JSON in the form of the project's errors, with CORS headers. */
function answerTo({ code, message, allow }: Refusal) {
  const body = JSON.stringify({ error: message, message, code });
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    "Access-Control-Allow-Origin": "*",
    // The rest of the request is not read.
    Connection: "close",
    ...(allow === undefined ? {} : { Allow: allow }),
  };
  return { headers, body };
}

/** Answers a request with a refusal. */
export function refuse(refusal: Refusal, response: ServerResponse): void {
  const { headers, body } = answerTo(refusal);
  response.writeHead(refusal.status, headers).end(body);
}

/** The error of Node's parser for bytes that are not a valid request. */
interface ParseError extends Error {
  code?: string;
  reason?: string;
  rawPacket?: Buffer;
}

/** Returns the target of a request line with non-ASCII characters percent-encoded, as clients must send it. */
function encodedTarget(packet: Buffer | undefined): string | null {
  const [, target] = /^[A-Z]+ (\S+) HTTP\//.exec(packet?.toString("latin1") ?? "") ?? [];
  const escaped = (byte: string) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`;
  return target?.replace(/[\x80-\xff]/g, escaped) ?? null;
}

function refuseUnparsed(error: ParseError): Refusal {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return TIMED_OUT;
  if (error.code === "HPE_HEADER_OVERFLOW")
    return { status: 431, code: "HeadersTooLarge", message: "The headers are too large" };
  const encoded = error.code === "HPE_INVALID_URL" ? encodedTarget(error.rawPacket) : null;
  return {
    status: 400,
    code: "BadRequest",
    message:
      encoded === null
        ? `Not an HTTP request: ${error.reason ?? error.message}`
        : `Percent-encode the URL: ${encoded}`,
  };
}

/**
 * Answers bytes that Node's parser refused, such as a URL with an unencoded `日本` (RFC 9112, 3.2 requires
 * percent-encoding, and the parser has no option for it). `response` is the response in progress on the
 * connection; if its head has been sent, the connection can only be closed.
 */
export function answerUnparsed(
  error: ParseError,
  socket: Duplex,
  response: ServerResponse | undefined,
): void {
  const isAnswering = response?.headersSent === true && !response.writableFinished;
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const refusal = refuseUnparsed(error);
  const { headers, body } = answerTo(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
