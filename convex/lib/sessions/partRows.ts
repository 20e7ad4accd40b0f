import { containsInlineData } from "../search/readable";
import { jsonStringBytes, splitBytes, splitLines, utf8Length } from "../text";

/** Splits messages and parts into rows that fit documents, and joins them again. Pure. */

/**
 * The most text kept in the message row itself. Lists and searches read message rows, so a row must
 * stay cheap; nine in ten messages are shorter.
 */
export const TEXT_INLINE_MAX_BYTES = 16_384;
/**
 * The largest content of a searchable row, which hidden words may follow. It is split between words, and a search hit
 * reads all of it.
 */
const SEARCHABLE_ROW_MAX_BYTES = TEXT_INLINE_MAX_BYTES;
/** Searchable rows per part (not per message text). Longer tool output is log noise. */
const SEARCHABLE_ROWS_MAX = 4;
/** The largest row: half of what a document may hold, so that names and ids always fit. */
const ROW_MAX_BYTES = 512 * 1024;
/**
 * Parts of one message that get rows of their own, so that the message fits one transaction. The
 * other parts share packed rows (JSON text of many parts), which are not searched, because a hit
 * would show nothing legible.
 */
const PART_ROWS_MAX = 1_000;

/**
 * The most bytes of one message's text and parts as stored (`storedBytes`). Replacing a message
 * reads it twice within the 16 MiB of a transaction, to find its rows and to delete them, and each
 * of its at most 1,460 rows (a thousand parts and a row per 16 kB) adds about 350 bytes and up to 256
 * of hidden words: 2 × (7 MiB + 0.9 MiB). Writing and passing it as arguments takes half of that. The
 * limit of the request body does not bound this, because stored JSON may be longer than the body
 * (`1e20` is stored with its zeros).
 */
export const MESSAGE_MAX_BYTES = 7 * 1024 * 1024;

/** What a packed part takes in addition to its type, format and content: field names and commas. */
const PACKED_PART_BYTES = utf8Length(JSON.stringify({ type: "", format: "", content: "" })) + 1;

/**
 * The most parts that could fit `MESSAGE_MAX_BYTES` if they were empty. Further parts are not
 * examined.
 */
export const PARTS_MAX = PART_ROWS_MAX + Math.floor(MESSAGE_MAX_BYTES / PACKED_PART_BYTES);

/** The bytes that a message's text and parts take in rows, calculated without splitting them. */
export function storedBytes(text: string, parts: readonly WholePart[]): number {
  const own = parts
    .slice(0, PART_ROWS_MAX)
    .reduce((sum, part) => sum + utf8Length(part.content), 0);
  const packed = parts.slice(PART_ROWS_MAX);
  const brackets = packed.length === 0 ? 0 : 1;
  return utf8Length(text) + own + packed.reduce((sum, part) => sum + packedBytes(part), brackets);
}

function packedBytes({ type, format, content }: WholePart): number {
  return PACKED_PART_BYTES + jsonStringBytes(type) + format.length + jsonStringBytes(content);
}

/** `order` of the rows that continue a message's own text. */
export const TEXT_ORDER = -1;

type WholeFormat = "text" | "json" | "textAndFields" | "jsonAndFields";
type PartFormat = WholeFormat | "packed";
export type WholePart = { type: string; format: WholeFormat; content: string };

/**
 * A part joined from its rows. The parts in packed rows are still one text here, because a Convex
 * value cannot hold an array of all of them. Call `unpackParts` only where no Convex value follows.
 */
export type JoinedPart = { type: string; format: PartFormat; content: string };

/** One row of `parts` without the ids of its message and session. */
export type PartRow = {
  order: number;
  piece: number;
  type: string;
  format: PartFormat;
  text?: string;
  content?: string;
  /** The last characters of `text` that are no content: its hidden words (`lib/search/searchTexts.ts`). */
  wordChars?: number;
};

/** Splits a message's text into what its own row holds and the rows that hold the rest. */
export function splitText(text: string): { head: string; tail: PartRow[] } {
  const [head = "", ...rest] = splitLines(text, SEARCHABLE_ROW_MAX_BYTES);
  const tail = rest.map((slice, index) => ({
    order: TEXT_ORDER,
    piece: index,
    type: "text",
    format: "text" as const,
    ...searchableRow(slice),
  }));
  return { head, tail };
}

/** Splits the parts of a message into rows. */
export function splitParts(parts: readonly WholePart[]): PartRow[] {
  if (parts.length <= PART_ROWS_MAX) return parts.flatMap(splitPart);
  const rest = parts.slice(PART_ROWS_MAX);
  const packed = { type: "packed", format: "packed" as const, content: JSON.stringify(rest) };
  return [...parts.slice(0, PART_ROWS_MAX).flatMap(splitPart), ...splitPart(packed, PART_ROWS_MAX)];
}

function splitPart(
  part: { type: string; format: PartFormat; content: string },
  order: number,
): PartRow[] {
  const { type, format, content } = part;
  const texts = format === "packed" ? [] : searchableTexts(content);
  const searched = texts.reduce((length, text) => length + text.length, 0);
  const contents = splitBytes(content.slice(searched), ROW_MAX_BYTES);
  const rows = [...texts.map(searchableRow), ...contents.map((rest) => ({ content: rest }))];
  // A part without content is still a part.
  const kept = rows.length > 0 ? rows : [{ content: "" }];
  return kept.map((row, piece) => ({ order, piece, type, format, ...row }));
}

/**
 * Leaves rows out of the text index that repeat the text in the message's own row, where a search finds it. Most
 * plugins send each text twice, and its second place in the index would cost as much as storing the row.
 */
export function withoutRepeated(rows: readonly PartRow[], head: string | undefined): PartRow[] {
  return rows.map((row) => {
    // The text of a row with hidden words is not its content, and the words are found only where it is indexed.
    if (row.order === TEXT_ORDER || row.wordChars !== undefined) return row;
    if (row.text === undefined || row.text !== head) return row;
    const { text, ...rest } = row;
    return { ...rest, content: text };
  });
}

/** Keeps base64 out of the index, where it would match every two-letter prefix. */
export function searchableRow(text: string): { text: string } | { content: string } {
  return containsInlineData(text) ? { content: text } : { text };
}

function searchableTexts(content: string): string[] {
  // A character takes at least one byte, so text beyond this cannot be in the first rows.
  const beginning = content.slice(0, (SEARCHABLE_ROWS_MAX + 1) * SEARCHABLE_ROW_MAX_BYTES);
  return splitLines(beginning, SEARCHABLE_ROW_MAX_BYTES).slice(0, SEARCHABLE_ROWS_MAX);
}

/**
 * Joins the rows of one message, in stored order, into its text and its parts. `head` is the text in
 * the message's own row. The text is joined once, because with one character beyond Latin-1 each
 * further copy takes 14 MB.
 */
export function joinRows(
  rows: readonly PartRow[],
  head = "",
): { text: string; parts: JoinedPart[] } {
  const texts = [head];
  const parts: JoinedPart[] = [];
  for (let at = 0; at < rows.length;) {
    const row = rows[at];
    if (row?.order === TEXT_ORDER) {
      texts.push(contentOf(row));
      at++;
      continue;
    }
    const { part, next } = joinPart(rows, at);
    parts.push(part);
    at = next;
  }
  return { text: texts.length === 1 ? head : texts.join(""), parts };
}

type Stored = Pick<PartRow, "text" | "content" | "wordChars">;

/** All of a row's text: its content, and the hidden words that follow it. */
export const storedText = ({ text, content }: Stored): string => text ?? content ?? "";

/** The content of a row, without its hidden words. */
export function contentOf(row: Stored): string {
  const { wordChars = 0 } = row;
  return wordChars === 0 ? storedText(row) : storedText(row).slice(0, -wordChars);
}

/** Joins the rows of the part that starts at `start`. */
function joinPart(rows: readonly PartRow[], start: number) {
  const first = rows[start];
  const contents: string[] = [];
  let at = start;
  for (let row = first; row !== undefined && row.order === first?.order; row = rows[++at]) {
    contents.push(contentOf(row));
  }
  const { type = "unknown", format = "text" as const } = first ?? {};
  return { part: { type, format, content: contents.join("") }, next: at };
}

/** All parts of a message, including those in packed rows. */
export function unpackParts(parts: readonly JoinedPart[]): WholePart[] {
  return parts.flatMap(({ type, format, content }) =>
    format === "packed" ? (JSON.parse(content) as WholePart[]) : [{ type, format, content }],
  );
}

/** The bytes of the rows' content, as Convex measures them. */
export function contentBytes(rows: readonly Stored[]): number {
  return rows.reduce((sum, row) => sum + utf8Length(contentOf(row)), 0);
}
