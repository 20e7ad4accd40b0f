import type { BodyReader, Bytes } from "../http/answers.ts";

/** A body as it is sent: its bytes, or the number of a stream that the receiver reads chunk by chunk. */
export type SentBody = Bytes | number | null;

/** Messages about streams: `pull` and `cancel` go to the thread that has the stream, `chunk` and `broken` come from it. */
export type BodyMessage =
  | { kind: "pull"; body: number }
  | { kind: "cancel"; body: number }
  /** The next bytes; null at the end. */
  | { kind: "chunk"; body: number; value: Bytes | null }
  | { kind: "broken"; body: number; message: string };

type Chunk = Awaited<ReturnType<BodyReader["read"]>>;

/** Passes streams between two threads, each of which has one of these. A chunk is sent when the other side asks for it. */
export class Bodies {
  readonly #post: (message: BodyMessage) => void;
  readonly #own = new Map<number, BodyReader>();
  readonly #pulled = new Map<
    number,
    { resolve: (chunk: Chunk) => void; reject: (error: Error) => void }
  >();
  #last = 0;
  #ended: Error | null = null;

  constructor(post: (message: BodyMessage) => void) {
    this.#post = post;
  }

  /** What to send in place of a body. */
  send(body: Bytes | BodyReader | null): SentBody {
    if (body === null || body instanceof Uint8Array) return body;
    const id = ++this.#last;
    this.#own.set(id, body);
    return id;
  }

  /** The body that the other thread has sent. */
  receive(body: SentBody): Bytes | BodyReader | null {
    if (typeof body !== "number") return body;
    return {
      read: () =>
        new Promise((resolve, reject) => {
          if (this.#ended !== null) {
            reject(this.#ended);
            return;
          }
          this.#pulled.set(body, { resolve, reject });
          this.#post({ kind: "pull", body });
        }),
      cancel: () => {
        this.#post({ kind: "cancel", body });
        return Promise.resolve();
      },
    };
  }

  /** Forgets a stream that the other thread has not read to its end. */
  forget(body: SentBody): void {
    if (typeof body === "number") this.#own.delete(body);
  }

  hear(message: BodyMessage): void {
    const { body } = message;
    switch (message.kind) {
      case "pull":
        void this.#next(body);
        return;
      case "cancel":
        // Nobody is left to hear of an error.
        this.#own
          .get(body)
          ?.cancel(new Error("The connection was closed"))
          .catch(() => undefined);
        this.#own.delete(body);
        return;
      case "chunk":
        this.#take(body)?.resolve(
          message.value === null ? { done: true } : { done: false, value: message.value },
        );
        return;
      case "broken":
        this.#take(body)?.reject(new Error(message.message));
    }
  }

  /** The other thread has ended: what is read from it breaks off, and what it read is canceled. */
  end(reason: Error): void {
    this.#ended = reason;
    for (const { reject } of this.#pulled.values()) reject(reason);
    this.#pulled.clear();
    for (const body of this.#own.values()) body.cancel(reason).catch(() => undefined);
    this.#own.clear();
  }

  #take(body: number) {
    const waiting = this.#pulled.get(body);
    this.#pulled.delete(body);
    return waiting;
  }

  async #next(body: number): Promise<void> {
    try {
      const own = this.#own.get(body);
      if (own === undefined) throw new Error("The connection was closed");
      const next = await own.read();
      const value = next.done ? null : bytesOf(next.value);
      if (value === null) this.#own.delete(body);
      this.#post({ kind: "chunk", body, value });
    } catch (error) {
      this.#own.delete(body);
      const message = error instanceof Error ? error.message : String(error);
      this.#post({ kind: "broken", body, message });
    }
  }
}

/** The function's stream may yield anything; what is no bytes could not be sent. */
function bytesOf(value: unknown): Bytes {
  if (!(value instanceof Uint8Array)) throw new TypeError("The body yields what is not bytes");
  return value as Bytes;
}
