import type { FunctionReturnType } from "convex/server";
import type { internal } from "../_generated/api";
import { MessageJson } from "../lib/sessions/messageJson";

type Found = FunctionReturnType<typeof internal.sessions.getWithMessages>;

/** Writes messages, some of them in several portions, as the elements of a JSON list. */
export class MessageList {
  readonly #write: (json: string) => void;
  #open: MessageJson | null = null;
  /** Messages begun. */
  count = 0;

  constructor(write: (json: string) => void) {
    this.#write = write;
  }

  /** Whether the last message has further portions. */
  get isOpen(): boolean {
    return this.#open !== null;
  }

  add(messages: Found["messages"]): void {
    for (const message of messages) {
      const { parts, textContent, continues, restBytes, isIncomplete, ...fields } = message;
      this.#open ??= this.#begin({ ...fields, _id: fields.id });
      this.#open.add({ parts, textContent, continues });
      if (restBytes === undefined) this.finish({ isIncomplete });
    }
  }

  /** Ends the open message, if there is one, with these fields. */
  finish(fields: object = {}): void {
    this.#open?.end(fields);
    this.#open = null;
  }

  #begin(fields: object): MessageJson {
    if (this.count > 0) this.#write(",");
    this.count++;
    return new MessageJson(this.#write, fields);
  }
}
