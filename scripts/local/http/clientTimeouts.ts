import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { refuse, TIMED_OUT } from "./refusals.ts";

/** Timeouts for clients. */
export interface ClientTimeouts {
  /** Longest time without transferring a byte of the request or answer. */
  idleMs: number;
  /** Longest time for the whole request. */
  requestMs: number;
  /** Longest time that a connection stays open between two requests. */
  keepAliveMs: number;
}

export const CLIENT_TIMEOUTS: ClientTimeouts = {
  idleMs: 30_000,
  // 20 MiB in ten minutes are 35 kB per second.
  requestMs: 600_000,
  // On a very busy machine, Node's 5 s would close connections that are just being reused.
  keepAliveMs: 60_000,
};

/** The request and response in progress on a connection. */
export interface Exchange {
  message: IncomingMessage;
  response: ServerResponse;
}

/** Whether the connection is open only because its client may send another request. */
function isFinished({ message, response }: Exchange): boolean {
  return message.complete && response.writableFinished;
}

/** Whether the connection is waiting for its client, and not for the project's answer. */
function waitsForClient({ message, response }: Exchange): boolean {
  const isUnread =
    response.headersSent && !response.writableFinished && response.writableLength > 0;
  return !message.complete || isUnread;
}

/**
 * Closes connections whose client does not finish its body or does not read its answer, because each occupies
 * memory and nothing else would ever end it. Also closes connections that wait too long for another request. Does
 * not limit how long the project takes to answer.
 */
export function enforceClientTimeouts(
  server: Server,
  { idleMs, requestMs, keepAliveMs }: ClientTimeouts,
  exchangeOf: (socket: Socket) => Exchange | undefined,
): void {
  server.requestTimeout = requestMs;
  server.headersTimeout = Math.min(server.headersTimeout, requestMs);
  server.keepAliveTimeout = keepAliveMs;
  server.setTimeout(idleMs, (socket: Socket) => {
    const exchange = exchangeOf(socket);
    if (exchange === undefined) return;
    if (isFinished(exchange)) {
      // Node closes idle connections itself only if the server has no listener for timeouts.
      socket.destroy();
      return;
    }
    if (!waitsForClient(exchange)) return;
    if (!exchange.response.headersSent) refuse(TIMED_OUT, exchange.response);
    socket.destroySoon();
  });
}
