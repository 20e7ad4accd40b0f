/** A turn that has taken longer sends what it has: the other thread shall not wait for work that is ready. */
const LONG_MS = 1;

/**
 * Collects the messages that one turn of a thread makes, and sends them together: a message wakes the other thread,
 * which takes longer than to read one more. Several requests are often answered in one turn, because their mutations
 * share a commit.
 */
export class Outbox<Message> {
  readonly #send: (messages: Message[], moved: ArrayBuffer[]) => void;
  #messages: Message[] = [];
  #moved: ArrayBuffer[] = [];
  #sentAt = -Infinity;

  constructor(send: (messages: Message[], moved: ArrayBuffer[]) => void) {
    this.#send = send;
  }

  /** Sends a message when the turn ends. `moved` are buffers that nothing else uses. */
  post(message: Message, moved: readonly ArrayBuffer[] = []): void {
    this.#moved.push(...moved);
    const isFirst = this.#messages.push(message) === 1;
    if (performance.now() - this.#sentAt > LONG_MS) this.#flush();
    else if (isFirst)
      process.nextTick(() => {
        this.#flush();
      });
  }

  #flush(): void {
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    const moved = this.#moved;
    this.#messages = [];
    this.#moved = [];
    this.#send(messages, moved);
    this.#sentAt = performance.now();
  }
}
