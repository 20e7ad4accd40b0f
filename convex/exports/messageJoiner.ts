import { parseParts } from "../lib/sessions/parts";
import { PortionJoiner } from "../lib/sessions/portions";
import type { StoredMessage } from "./job";
import type { ExportMessage } from "./types";

/** Counted per message and per part in addition to text, for the objects in memory. */
const OBJECT_BYTES = 250;

/** A message that was read completely: `isCut` if only its beginning is interpreted, and the memory it takes. */
export type JoinedMessage = { message: ExportMessage; isCut: boolean; bytes: number };

/** Joins messages from the portions in which they are read, and parses their parts. */
export class MessageJoiner {
  #open: { joiner: PortionJoiner; first: StoredMessage } | null = null;

  /** Whether this is the first portion of a message, or all of it. */
  begins({ continues }: Pick<StoredMessage, "continues">): boolean {
    return continues === undefined || this.#open === null;
  }

  /** Adds a message or a portion of one; returns the message with its last portion. */
  add(stored: StoredMessage): JoinedMessage | null {
    const open =
      this.#open !== null && !this.begins(stored)
        ? this.#open
        : { joiner: new PortionJoiner(), first: stored };
    this.#open = open;
    const { joiner, first } = open;
    joiner.add(stored);
    if (stored.restBytes !== undefined) return null;
    this.#open = null;
    const { isCut, parts, textContent } = joiner.end();
    const { continues: _, restBytes: __, parts: ___, ...fields } = first;
    const text = textContent === undefined ? {} : { textContent };
    // Rows are only appended, so the portion read last tells whether all were there.
    const { isIncomplete } = stored;
    const message = { ...fields, ...text, isIncomplete, parts: parseParts(parts) };
    return { message, isCut, bytes: memoryOf(textContent, parts) };
  }
}

/** The memory that a message takes. V8 needs two bytes a character for a text with one beyond Latin-1. */
function memoryOf(text = "", parts: readonly { content: string }[]): number {
  const texts = [text, ...parts.map(({ content }) => content)];
  const sum = (all: number, one: string) => all + one.length * (/[^\0-\u00ff]/.test(one) ? 2 : 1);
  return texts.reduce(sum, texts.length * OBJECT_BYTES);
}
