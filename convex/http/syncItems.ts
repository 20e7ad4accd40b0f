import { tooLarge } from "../errors";
import { isJsonObject } from "../lib/json";
import { type JsonItems, type ReadValue, TOO_MANY_VALUES } from "../lib/jsonBytes";
import { cutBytes } from "../lib/text";
import { faultOf, readLabel } from "../wire/fields";
import {
  ID_NAMES,
  MessageInput,
  messageWarnings,
  SessionInput,
  sessionWarnings,
} from "../wire/sync";
import type { Failure } from "../wire/syncRoutes";
import { type Warning, WARNINGS_MAX, within } from "../wire/warnings";
import { zodDetails } from "./input";
import type { Item, ItemReader } from "./syncRows";
import type { Refused } from "./syncSlices";

/** The longest error message for one item, because a message may have thousands of invalid parts. */
const ERROR_MAX_BYTES = 500;
/** The most details of one failure, for the same reason. */
const DETAILS_MAX = 20;
/** The longest id that a failure repeats. */
const ID_MAX_BYTES = 512;

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

type Lists = { sessions?: JsonItems; messages?: JsonItems };

/**
 * Reads the items of a batch one by one, sessions before messages. Invalid items are listed in
 * `errors` and `failures`; the others are stored. `warnings` lists their ignored fields.
 */
export class BatchItems implements ItemReader {
  readonly errors: string[] = [];
  readonly failures: Failure[] = [];
  readonly warnings: Warning[] = [];
  readonly #entries: Iterator<Entry>;
  #left: number;

  constructor({ sessions, messages }: Lists) {
    this.#left = (sessions?.length ?? 0) + (messages?.length ?? 0);
    this.#entries = entriesOf({ sessions, messages });
  }

  isDone(): boolean {
    return this.#left === 0;
  }

  next(): Item | null {
    for (let entry = this.#entries.next(); !entry.done; entry = this.#entries.next()) {
      this.#left -= 1;
      const { list, index, read } = entry.value;
      const found = readEntry(entry.value);
      if (found.item === undefined) {
        this.#fail(entry.value, found);
        continue;
      }
      if (read.ok && this.warnings.length < WARNINGS_MAX) {
        this.warnings.push(...within(list, index, ignoredOf(found.item, read.value)));
        this.warnings.splice(WARNINGS_MAX);
      }
      return found.item;
    }
    return null;
  }

  /** Reads all items without storing any; for clients that want to know first. */
  readAll(): this {
    while (this.next() !== null);
    return this;
  }

  /** Adds an item that turned out to be too large for any transaction. */
  refuse({ name, ...ids }: Refused): void {
    const [, list, index] = /^(sessions|messages)\[(\d+)\]$/.exec(name) ?? [];
    const { code, message } = tooLarge(name).data;
    this.errors.push(message);
    if (list !== "sessions" && list !== "messages") return;
    this.failures.push({ list, index: Number(index), ...ids, code, details: [] });
  }

  #fail({ list, index, read }: Entry, { details, code }: Fault): void {
    const why = details.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
    this.errors.push(`${nameOf(list, index)}: ${cutBytes(why, ERROR_MAX_BYTES)}`);
    const shown = details.slice(0, DETAILS_MAX);
    this.failures.push({ list, index, ...idsOf(list, read), code, details: shown });
  }
}

type Entry = { list: Failure["list"]; index: number; read: ReadValue };

const nameOf = (list: string, index: number) => `${list}[${index}]`;

function* entriesOf({ sessions, messages }: Lists): Generator<Entry> {
  let index = 0;
  for (const read of sessions ?? []) yield { list: "sessions", index: index++, read };
  index = 0;
  for (const read of messages ?? []) yield { list: "messages", index: index++, read };
}

/** The ids of an item that was not stored, as far as they can be read. */
function idsOf(list: Failure["list"], read: ReadValue) {
  if (!read.ok || !isJsonObject(read.value)) return {};
  const sent = read.value;
  const shown = (names: readonly string[]) => {
    const known = names.map((name) => readLabel(sent[name])).find((one) => one !== undefined);
    return known === undefined ? undefined : cutBytes(known, ID_MAX_BYTES);
  };
  if (list === "sessions") return { externalId: shown(ID_NAMES.session) };
  return {
    externalId: shown(ID_NAMES.message),
    sessionExternalId: shown(ID_NAMES.sessionOfMessage),
  };
}

function ignoredOf({ kind, value }: Item, sent: unknown): Warning[] {
  return kind === "session" ? sessionWarnings(sent, value) : messageWarnings(sent, value);
}

type Fault = { item?: undefined } & Pick<Failure, "code" | "details">;
type Found = { item: Item } | Fault;

function readEntry({ list, index, read }: Entry): Found {
  const name = nameOf(list, index);
  // The body was validated as a whole, so size is the only possible fault of one item's text.
  if (!read.ok) return fault("PAYLOAD_TOO_LARGE", TOO_MANY_VALUES);
  try {
    if (list === "sessions") {
      const result = SessionInput.safeParse(read.value, { error: faultOf });
      if (!result.success) return faultsOf(result.error);
      return { item: { kind: "session", name, value: result.data } };
    }
    const result = MessageInput.safeParse(read.value, { error: faultOf });
    if (!result.success) return faultsOf(result.error);
    return { item: { kind: "message", name, value: result.data } };
  } catch (error) {
    console.error(`${name} could not be parsed`, error);
    return fault("INVALID_REQUEST", "cannot be stored");
  }
}

const fault = (code: string, message: string): Fault => ({
  code,
  details: [{ path: "", message }],
});

function faultsOf(error: Parameters<typeof zodDetails>[0]): Fault {
  const isTooLarge = error.issues.some(({ code }) => code === "too_big");
  const code = isTooLarge ? "PAYLOAD_TOO_LARGE" : "INVALID_REQUEST";
  return { code, details: zodDetails(error) };
}
