import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { refuse, TIMED_OUT } from "./refusals.ts";

/** Timeouts for clients. */
export interface ClientTimeouts {
  /** Longest time without transferring a byte of the request or answer. */
  idleMs: number;
  /** Longest time for the whole request. */
  requestMs: number;
}

/** 20 MiB in ten minutes are 35 kB per second. */
export const CLIENT_TIMEOUTS: ClientTimeouts = { idleMs: 30_000, requestMs: 600_000 };

/** The request and response in progress on a connection. */
export interface Exchange {
  message: IncomingMessage;
  response: ServerResponse;
}

/** Whether the connection is waiting for its client, and not for the project's answer. */
function waitsForClient({ message, response }: Exchange): boolean {
  const isUnread =
    response.headersSent && !response.writableFinished && response.writableLength > 0;
  return !message.complete || isUnread;
}

/**
 * Closes connections whose client does not finish its body or does not read its answer, because each occupies
 * memory and nothing else would ever end it. Does not limit how long the project takes to answer.
 */
export function enforceClientTimeouts(
  server: Server,
  { idleMs, requestMs }: ClientTimeouts,
  exchangeOf: (socket: Socket) => Exchange | undefined,
): void {
  server.requestTimeout = requestMs;
  server.headersTimeout = Math.min(server.headersTimeout, requestMs);
  server.setTimeout(idleMs, (socket: Socket) => {
    const exchange = exchangeOf(socket);
    if (exchange === undefined) return;
    if (!waitsForClient(exchange)) return;
    if (!exchange.response.headersSent) refuse(TIMED_OUT, exchange.response);
    socket.destroySoon();
  });
}
