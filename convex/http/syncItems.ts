import type { JsonItems, ReadValue } from "../lib/jsonBytes";
import { cutBytes } from "../lib/text";
import { faultOf } from "../wire/fields";
import { MessageInput, SessionInput } from "../wire/sync";
import { zodDetails } from "./input";
import type { Item, ItemReader } from "./syncSlices";

/** The longest error message for one item, because a message may have thousands of invalid parts. */
const ERROR_MAX_BYTES = 500;

/** A reader for a request with a single item. */
export function onlyItem(item: Item): ItemReader {
  let left: Item | null = item;
  return {
    next: () => {
      const found = left;
      left = null;
      return found;
    },
    isDone: () => left === null,
  };
}

/**
 * Reads the items of a batch one by one, sessions before messages. Invalid items are listed in
 * `errors`; the others are stored.
 */
export class BatchItems implements ItemReader {
  readonly errors: string[] = [];
  readonly #entries: Iterator<Entry>;
  #left: number;

  constructor(sessions: JsonItems | undefined, messages: JsonItems | undefined) {
    this.#left = (sessions?.length ?? 0) + (messages?.length ?? 0);
    this.#entries = entriesOf(sessions, messages);
  }

  isDone(): boolean {
    return this.#left === 0;
  }

  next(): Item | null {
    for (let entry = this.#entries.next(); !entry.done; entry = this.#entries.next()) {
      this.#left -= 1;
      const found = readEntry(entry.value);
      if (found.item !== undefined) return found.item;
      this.errors.push(`${entry.value.name}: ${cutBytes(found.fault, ERROR_MAX_BYTES)}`);
    }
    return null;
  }
}

type Entry = { kind: Item["kind"]; name: string; read: ReadValue };

function* entriesOf(
  sessions: JsonItems | undefined,
  messages: JsonItems | undefined,
): Generator<Entry> {
  let index = 0;
  for (const read of sessions ?? []) yield { kind: "session", name: `sessions[${index++}]`, read };
  index = 0;
  for (const read of messages ?? []) yield { kind: "message", name: `messages[${index++}]`, read };
}

type Found = { item: Item; fault?: undefined } | { item?: undefined; fault: string };

function readEntry({ kind, name, read }: Entry): Found {
  // The body was validated as a whole, so size is the only possible fault of one item's text.
  if (!read.ok) return { fault: "contains too many values" };
  try {
    if (kind === "session") {
      const result = SessionInput.safeParse(read.value, { error: faultOf });
      return result.success
        ? { item: { kind, name, value: result.data } }
        : { fault: problemsOf(result.error) };
    }
    const result = MessageInput.safeParse(read.value, { error: faultOf });
    return result.success
      ? { item: { kind, name, value: result.data } }
      : { fault: problemsOf(result.error) };
  } catch (error) {
    console.error(`${name} could not be parsed`, error);
    return { fault: "cannot be stored" };
  }
}

function problemsOf(error: Parameters<typeof zodDetails>[0]): string {
  const problems = zodDetails(error).map(({ path, message }) => `${path} ${message}`.trim());
  return problems.join("; ");
}
