import { env } from "../_generated/server";
import { jsonHash } from "../lib/jsonStream";
import {
  placedAt,
  type SearchText,
  SEARCH_TEXTS_MAX,
  searchTextsOf,
  withOwnWords,
} from "../lib/search/searchTexts";
import { changedCounts, messageCounts, type MessageSecrets } from "../lib/secrets/counts";
import { examineMessage, examineSession } from "../lib/secrets/delivery";
import type { SecretCount } from "../lib/secrets/finding";
import { masksBeforeStoring } from "../lib/secrets/setting";
import { type PartRow, splitParts, splitText } from "../lib/sessions/partRows";
import { toolUseOf } from "../lib/stats/tools";
import { type MessageSlice, sliceRows } from "../lib/sync/messageSlices";
import { added, fits, ITEM_OPERATIONS, type Load, NO_LOAD } from "../lib/sync/slices";
import { rowBytes, SLICE } from "../lib/sync/writeCost";
import { utf8Length } from "../lib/text";
import type { MessageInput, SessionInput } from "../wire/sync";

/**
 * Splits the items of a sync request into rows and collects them in slices. An item is parsed when a
 * slice has room for it, and the rows of a long message that wait for their slice are kept as bytes.
 * So the heap holds one slice, and for a moment one message.
 */

/** Characters of SHA-256 kept to recognise a delivery: 80 bits, in every row of a message and its indexes. */
const HASH_LENGTH = 20;

/** A parsed session or message, and its name in error messages. */
type SessionItem = { kind: "session"; name: string; value: SessionInput };
type MessageItem = { kind: "message"; name: string; value: MessageInput };
export type Item = SessionItem | MessageItem;

/** The items of a request, parsed on demand, sessions before messages. */
export interface ItemReader {
  /** The next item, or null at the end. */
  next(): Item | null;
  /** Whether all items were read. The remaining items may turn out to be invalid. */
  isDone(): boolean;
}

/** One item, or one slice of a long message, as the mutation stores it. */
export type Row = ReturnType<typeof sessionRow> | MessageRow;

/** Parses items and splits them into rows, one slice at a time. */
export class SliceReader {
  readonly #items: ItemReader;
  /** Rows that did not fit the previous slice, in order. */
  #held: HeldRow[] = [];
  #index = 0;
  /** The secrets found so far in messages. */
  secrets: SecretCount[] = [];

  constructor(items: ItemReader) {
    this.#items = items;
  }

  isDone(): boolean {
    return this.#held.length === 0 && this.#items.isDone();
  }

  /** Drops the remaining slices of this message. */
  dropSlicesOf(name: string): void {
    this.#held = this.#held.filter((row) => row.isFirst || row.name !== name);
  }

  /** The next slice with at least one row; null at the end. */
  async next(): Promise<Row[] | null> {
    const slice: Row[] = [];
    let spent = NO_LOAD;
    for (let row = await this.#nextRow(); row !== null; row = await this.#nextRow()) {
      if (slice.length > 0 && !fits(spent, row.load, SLICE)) {
        this.#held.unshift(row);
        break;
      }
      slice.push("packed" in row ? unpacked(row) : row);
      spent = added(spent, row.load);
    }
    return slice.length > 0 ? slice : null;
  }

  async #nextRow(): Promise<HeldRow | null> {
    const held = this.#held.shift();
    if (held !== undefined) return held;
    const item = this.#items.next();
    if (item === null) return null;
    if (item.kind === "session") return sessionRow(item.name, item.value);
    const secrets = examineMessage(item.value, masksBeforeStoring(env.REDACT_SECRETS));
    if (secrets !== undefined) this.secrets = changedCounts(this.secrets, messageCounts(secrets));
    this.#held = await heldRows(item, secrets, this.#index++);
    return this.#held.shift() ?? null;
  }
}

function sessionRow(name: string, input: SessionInput) {
  const session = examineSession(input, masksBeforeStoring(env.REDACT_SECRETS));
  const bytes = rowBytes("sessions", utf8Length(JSON.stringify(session)));
  return { name, session, isFirst: true, load: { operations: ITEM_OPERATIONS, bytes } };
}

/** A row of a long message that waits for its slice, as bytes, which are not on the heap. */
type PackedRow = Pick<MessageRow, "name" | "isFirst" | "load"> & { packed: Uint8Array };
type HeldRow = Row | PackedRow;

function packed({ message, ...row }: MessageRow): PackedRow {
  return { ...row, packed: new TextEncoder().encode(JSON.stringify(message)) };
}

function unpacked({ packed, ...row }: PackedRow): MessageRow {
  const message = JSON.parse(new TextDecoder().decode(packed)) as MessageRow["message"];
  return { ...row, message };
}

/**
 * Returns the rows of a message, one per slice. Packs those of a long message and empties the message,
 * because the request would hold its text until the last slice is stored: 14 MB if one character is
 * beyond Latin-1.
 */
async function heldRows(
  item: MessageItem,
  secrets: MessageSecrets | undefined,
  index: number,
): Promise<HeldRow[]> {
  const rows = await messageRows(item, secrets, index);
  if (rows.length === 1) return rows;
  const delivered = item.value;
  delivered.parts = undefined;
  delivered.textContent = undefined;
  const held = rows.map(packed);
  // V8 keeps the text of the last match, and with it the long text it was cut from. This match replaces it.
  NOTHING.test("");
  return held;
}

const NOTHING = /^/;

type MessageRow = Awaited<ReturnType<typeof messageRows>>[number];

/** What is stored of a message beside the fields that were sent: its first row has these. */
interface FirstFields {
  textContent?: string;
  secrets?: MessageSecrets;
  tools?: string;
}

/** What each row of a message has of its long text, its parts and their words. */
interface SliceFields {
  textTail?: PartRow[];
  partRows?: PartRow[];
  searchTexts?: SearchText[];
  slice?: MessageSlice;
}

/** Splits a message into rows, with the hash that recognises the same delivery: one row per slice. */
async function messageRows(
  { name, value: input }: MessageItem,
  secrets: MessageSecrets | undefined,
  index: number,
) {
  const deliveryHash = (await jsonHash(input, contentChars(input))).slice(0, HASH_LENGTH);
  const { parts, textContent, ...fields } = input;
  const { head, tail } = splitText(textContent ?? "");
  const tools = toolUseOf(parts ?? []);
  const { sessionExternalId, externalId, textIsDerived } = input;
  const ids = { sessionExternalId, externalId, textIsDerived, index, deliveryHash };
  // Field by field from here on: objects that are joined with `...` cost several times as much.
  const first: typeof fields & typeof ids & FirstFields = Object.assign(fields, ids);
  if (head !== "") first.textContent = head;
  if (secrets !== undefined) first.secrets = secrets;
  if (tools !== undefined) first.tools = tools;
  const partRows = parts ? splitParts(parts) : [];
  const ofHead = searchTextsOf(head, []);
  const words = new Map<PartRow, readonly SearchText[]>();
  const wordsOf = (row: PartRow) => words.get(row) ?? [];
  const indexed = (sent: PartRow) => {
    const isRepeated = sent.text === head;
    const { row, texts } = isRepeated
      ? { row: sent, texts: placedAt(sent, ofHead) }
      : withOwnWords(sent, searchTextsOf("", [sent]));
    words.set(row, texts);
    return row;
  };
  const [tailRows, rowsOfParts] = [tail.map(indexed), partRows.map(indexed)];
  const slices = sliceRows(head, tailRows, rowsOfParts, (row) => searchLoad(wordsOf(row)));
  return slices.map(({ load, slice, ...rows }) => {
    const isFirst = slice === undefined || slice.number === 0;
    const ofRows = [...rows.tail, ...rows.parts].flatMap(wordsOf);
    const searchTexts = [...(isFirst ? ofHead : []), ...ofRows].slice(0, SEARCH_TEXTS_MAX);
    const message: (typeof first | typeof ids) & SliceFields = { ...(isFirst ? first : ids) };
    if (tail.length > 0) message.textTail = rows.tail;
    // An empty list replaces the stored parts; a missing one keeps them.
    if (parts !== undefined) message.partRows = rows.parts;
    if (searchTexts.length > 0) message.searchTexts = searchTexts;
    if (slice !== undefined) message.slice = slice;
    return { name, message, isFirst, load: isFirst ? added(load, searchLoad(ofHead)) : load };
  });
}

function contentChars({ textContent = "", parts = [] }: MessageInput): number {
  return parts.reduce((sum, { content }) => sum + content.length, textContent.length);
}

function searchLoad(texts: readonly SearchText[]): Load {
  const bytes = texts.map(({ text }) => rowBytes("searchTexts", utf8Length(text)));
  return { operations: texts.length, bytes: bytes.reduce((sum, one) => sum + one, 0) };
}
