/**
 * Collects the messages that one turn of a thread makes, and sends them together: a message wakes the other thread,
 * which takes longer than to read one more. Several requests are often answered in one turn, because their mutations
 * share a commit.
 */
export class Outbox<Message> {
  readonly #send: (messages: Message[], moved: ArrayBuffer[]) => void;
  #messages: Message[] = [];
  #moved: ArrayBuffer[] = [];

  constructor(send: (messages: Message[], moved: ArrayBuffer[]) => void) {
    this.#send = send;
  }

  /** Sends a message when the turn ends. `moved` are buffers that nothing else uses. */
  post(message: Message, moved: readonly ArrayBuffer[] = []): void {
    this.#moved.push(...moved);
    if (this.#messages.push(message) > 1) return;
    process.nextTick(() => {
      const messages = this.#messages;
      const buffers = this.#moved;
      this.#messages = [];
      this.#moved = [];
      this.#send(messages, buffers);
    });
  }
}
