import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { refuse, TIMED_OUT } from "./refusals.ts";

/** How long a client may take. */
export interface Patience {
  /** Without a byte of the request, or of the answer, going over the connection. */
  idleMs: number;
  /** For the whole request. */
  requestMs: number;
}

/** 20 MiB in ten minutes are 35 kB a second. */
export const PATIENCE: Patience = { idleMs: 30_000, requestMs: 600_000 };

/** What a connection is busy with. */
export interface Exchange {
  message: IncomingMessage;
  response: ServerResponse;
}

/** Whether the connection waits for its client, and not for the project to answer. */
function waitsForClient({ message, response }: Exchange): boolean {
  const isUnread =
    response.headersSent && !response.writableFinished && response.writableLength > 0;
  return !message.complete || isUnread;
}

/**
 * Cut connections whose client sends a body without end, or takes no answer: each holds memory, and
 * nothing else would ever end it. An answer that the project is still working on is waited for.
 */
export function limitPatience(
  server: Server,
  { idleMs, requestMs }: Patience,
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
