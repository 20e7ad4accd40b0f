import { randomUUID } from "node:crypto";
import type { RawData, WebSocket } from "ws";
import {
  CLIENT_SILENCE_MS,
  MAX_TRANSITION_CHARS,
  MAX_UNREAD_BYTES,
  MAX_UNREAD_TRANSITIONS,
} from "./bounds.ts";
import type { Client } from "./caller.ts";
import { chunksOf } from "./protocol.ts";
import { endingOf, ProtocolError } from "./protocolError.ts";
import type { RequestName } from "./results.ts";
import { Session, type Link, type SessionParts } from "./session.ts";

/** The most messages that may wait while an `Authenticate` is verified. Beyond it, reading the socket pauses. */
const MAX_WAITING = 16;

/** How long a client may take to close its side when the server stops. */
const CLOSE_GRACE_MS = 500;

const PING = JSON.stringify({ type: "Ping" });

/** Connects a WebSocket to its session: orders messages, handles slow and silent clients, and ends the connection. */
export class LiveSocket implements Link {
  readonly #ws: WebSocket;
  readonly #session: Session;
  readonly #parts: SessionParts;
  readonly #takesChunks: boolean;
  #inbox: Promise<void> = Promise.resolve();
  #waiting = 0;
  #unread = 0;
  #heardAt = performance.now();
  #isEnded = false;
  /** Mutations long finished at the last ping. Once the client answers it, their results are no longer needed. */
  #pinged: RequestName[] = [];

  constructor(ws: WebSocket, parts: SessionParts, client: Client & { takesChunks: boolean }) {
    const { takesChunks, ...rest } = client;
    this.#ws = ws;
    this.#parts = parts;
    this.#takesChunks = takesChunks;
    this.#session = new Session(parts, this, rest);
    ws.on("message", (data, isBinary) => {
      this.#receive(data, isBinary);
    });
    ws.on("pong", () => {
      this.#heardAt = performance.now();
      this.#forgetResults();
    });
    ws.on("close", () => {
      this.#close();
    });
    // Emitted for a message that is too long or malformed; `ws` closes the connection itself.
    ws.on("error", () => {
      this.#close();
    });
  }

  #close(): void {
    this.#isEnded = true;
    this.#session.close();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#heardAt = performance.now();
    if (this.#isEnded) return;
    if (++this.#waiting > MAX_WAITING) this.#ws.pause();
    this.#inbox = this.#inbox
      .then(() => {
        if (isBinary) throw new ProtocolError("fatal", "Unexpected message type: binary");
        return this.#session.receive(textOf(data));
      })
      .catch((error: unknown) => {
        this.end(error);
      })
      .finally(() => {
        if (--this.#waiting === 0 && this.#ws.isPaused) this.#ws.resume();
      });
  }

  get isBehind(): boolean {
    if (this.#unread === 0) return false;
    return this.#unread >= MAX_UNREAD_TRANSITIONS || this.#ws.bufferedAmount > MAX_UNREAD_BYTES;
  }

  send(message: string): void {
    if (this.#takesMore()) this.#ws.send(message);
  }

  sendTransition(transition: string): void {
    if (!this.#takesMore()) return;
    const isLong = transition.length > MAX_TRANSITION_CHARS && this.#takesChunks;
    const parts = isLong ? chunksOf(transition, MAX_TRANSITION_CHARS, randomUUID()) : [transition];
    this.#unread++;
    parts.forEach((part, n) => {
      this.#ws.send(part, () => {
        if (n < parts.length - 1) return;
        this.#unread--;
        this.#session.updateIfWanted();
      });
    });
  }

  /**
   * Whether another message can be sent. Ends the connection if the client has left too much of the earlier ones
   * unread. The new message does not count, because one transition alone may be longer than that.
   */
  #takesMore(): boolean {
    if (this.#isEnded) return false;
    if (this.#ws.bufferedAmount <= MAX_UNREAD_BYTES) return true;
    this.#close();
    this.#ws.terminate();
    return false;
  }

  /** Pings the client, or ends the connection if the client has been silent for too long. */
  ping(): void {
    if (this.#isEnded) return;
    if (performance.now() - this.#heardAt > CLIENT_SILENCE_MS) {
      this.#close();
      this.#ws.terminate();
      return;
    }
    this.send(PING);
    this.#pinged.push(...this.#session.takeFinished());
    this.#ws.ping();
  }

  /** Deletes results that the client has read: it answered a ping that was sent after them. */
  #forgetResults(): void {
    const names = this.#pinged.splice(0);
    if (names.length === 0) return;
    const { results, engine } = this.#parts;
    engine.transactor
      .mutation(() => {
        results.remove(names);
        return Promise.resolve();
      }, true)
      .catch((error: unknown) => {
        engine.log({ level: "error", function: "sync", words: [error] });
      });
  }

  end(error: unknown): void {
    if (this.#isEnded) return;
    const { message, code, reason } = endingOf(error);
    if (!(error instanceof ProtocolError))
      this.#parts.engine.log({ level: "error", function: "sync", words: [error] });
    if (message !== null) this.send(message);
    this.#close();
    this.#ws.close(code, reason);
  }

  /** Closes the connection because the server stops; resolves once it is closed. The client reconnects by itself. */
  async stop(): Promise<void> {
    this.#close();
    const closed = new Promise<void>((resolve) => this.#ws.once("close", () => resolve()));
    this.#ws.close(1001, "InternalServerError: the server stops");
    const timer = setTimeout(() => {
      this.#ws.terminate();
    }, CLOSE_GRACE_MS);
    await closed;
    clearTimeout(timer);
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.from(data as ArrayBuffer).toString("utf8");
}
