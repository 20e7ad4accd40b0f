import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocketServer, type WebSocket } from "ws";
import { KEEP_RESULTS_MS, MAX_MESSAGE_BYTES, MAX_SOCKETS, PING_MS } from "./bounds.ts";
import type { LiveParts } from "./session.ts";
import { LiveSocket } from "./socket.ts";

/** `/api/<version of the convex package>/sync`. Clients in other languages leave out the version. */
const SYNC_PATH = /^\/api\/(?:(?<major>\d+)\.(?<minor>\d+)\.[^/]*\/)?sync$/;

/** The `convex` package reads `TransitionChunk`s since version 1.28. */
const CHUNKS_SINCE = [1, 28] as const;

function takesChunks({ major, minor }: Record<string, string | undefined> = {}): boolean {
  const [sinceMajor, sinceMinor] = CHUNKS_SINCE;
  const isSameMajor = Number(major) === sinceMajor;
  return Number(major) > sinceMajor || (isSameMajor && Number(minor) >= sinceMinor);
}

function matchPath(message: IncomingMessage): RegExpExecArray | null {
  return SYNC_PATH.exec((message.url ?? "").split("?")[0] ?? "");
}

function refuse(socket: Duplex, status: number): void {
  // Does not wait until the client closes its side, because it might never do so.
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\n\r\n`);
}

/**
 * Accepts WebSockets of the sync protocol. Pages of every origin may connect, as on Convex, because a client
 * signs in with a token in a message, and pages of other origins have no token. Cookies are ignored.
 */
export class LiveServer {
  readonly #parts: Promise<LiveParts>;
  readonly #sockets = new Set<LiveSocket>();
  /** Connections that wait for the engine. */
  readonly #early = new Set<Duplex>();
  /** Running calls, including those of closed sockets. */
  readonly #calls = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[];
  #isStopped = false;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    // Compression would take memory for each socket and save little, because clients are near.
    perMessageDeflate: false,
    clientTracking: false,
  });

  /** Connections wait until `parts` is resolved. */
  constructor(parts: Promise<LiveParts>) {
    this.#parts = parts;
    this.#timers = [
      setInterval(() => {
        for (const socket of this.#sockets) socket.ping();
      }, PING_MS),
      setInterval(() => void this.#prune(), KEEP_RESULTS_MS / 4),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  /** Takes over a request for the sync protocol; returns false for every other request. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const path = matchPath(message);
    if (path === null) return false;
    // Node leaves the socket without an error listener, and an unhandled error would end the process.
    socket.on("error", () => socket.destroy());
    this.#early.add(socket);
    void this.#parts.then((parts) => {
      this.#early.delete(socket);
      if (socket.destroyed) return;
      if (this.#isStopped || this.#sockets.size >= MAX_SOCKETS) {
        refuse(socket, 503);
        return;
      }
      this.#server.handleUpgrade(message, socket, head, (ws) => {
        this.#accept(ws, message, parts, takesChunks(path.groups));
      });
    });
    return true;
  }

  #accept(ws: WebSocket, message: IncomingMessage, parts: LiveParts, chunks: boolean): void {
    const track = (call: Promise<void>) => {
      this.#calls.add(call);
      void call.finally(() => this.#calls.delete(call));
    };
    const live = new LiveSocket(
      ws,
      { ...parts, track },
      {
        ip: message.socket.remoteAddress ?? null,
        userAgent: message.headers["user-agent"] ?? null,
        takesChunks: chunks,
      },
    );
    this.#sockets.add(live);
    ws.once("close", () => this.#sockets.delete(live));
  }

  /** Deletes old results. Logs a failure, because the next call tries again. */
  async #prune(): Promise<void> {
    const { engine, results } = await this.#parts;
    if (this.#isStopped) return;
    try {
      if (!results.hasOld()) return;
      await engine.transactor.mutation(() => {
        results.prune();
        return Promise.resolve();
      }, true);
    } catch (error) {
      engine.log({ level: "error", function: "sync", words: [error] });
    }
  }

  /** Closes all sockets, accepts no more, and waits up to `graceMs` for calls to end. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#early) socket.destroy();
    await Promise.all([...this.#sockets].map((socket) => socket.stop()));
    await Promise.race([Promise.all(this.#calls), pause(graceMs, undefined, { ref: false })]);
  }
}
