import { holdsInlineData } from "../search/readable";
import { jsonStringBytes, splitBytes, splitWords, utf8Length } from "../text";

/** Cuts messages and parts into rows that fit documents, and joins rows again. Pure. */

/**
 * Text kept in the message row itself. Lists and search candidates read message rows, so one row
 * must stay cheap; nine in ten messages are shorter.
 */
export const TEXT_INLINE_MAX_BYTES = 16_384;
/** A searched piece, cut between words: a search hit reads the whole row, so it is no larger than that. */
const SEARCHED_PIECE_MAX_BYTES = TEXT_INLINE_MAX_BYTES;
/** Pieces of one part (not of a message's text) that are searched; tool output beyond is log noise. */
const SEARCHED_PIECES_MAX = 4;
/** A stored piece: half of what a document may hold, so that names and ids never matter. */
const PIECE_MAX_BYTES = 512 * 1024;
/**
 * Parts of one message with rows of their own, so that it fits one transaction. What is beyond shares
 * packed rows, JSON text of many parts, which are not searched: a hit would show nothing legible.
 */
const PART_ROWS_MAX = 1_000;

/**
 * What text and parts of one message may take as they are stored (`storedBytes`). What replaces a
 * message reads it twice within the 16 MiB of a transaction, to find its rows and to delete them, and
 * each of its at most 1,460 rows (a thousand parts and a row for every 16 kB) takes some 350 bytes
 * beside: 2 × (7 MiB + 0.5 MiB). What it writes, and takes as arguments, is half of that. JSON may grow
 * beyond the body it came in (`1e20` is stored with its zeros): the limit of the body bounds nothing.
 */
export const MESSAGE_MAX_BYTES = 7 * 1024 * 1024;

/** What a part in packed rows takes beside its type, format and content: their names, and commas. */
const PACKED_PART_BYTES = utf8Length(JSON.stringify({ type: "", format: "", content: "" })) + 1;

/** Parts that could fit `MESSAGE_MAX_BYTES` if they held nothing: more need not be looked at. */
export const PARTS_MAX = PART_ROWS_MAX + Math.floor(MESSAGE_MAX_BYTES / PACKED_PART_BYTES);

/** Bytes that a message's text and parts take in rows, found without cutting them. */
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
 * A part joined from its rows. The parts that shared packed rows are still one text here: a Convex
 * value holds no array of all of them, so `unpackParts` belongs where no Convex value follows.
 */
export type JoinedPart = { type: string; format: PartFormat; content: string };

/** One row of `parts`, without the ids of what it belongs to. */
export type Piece = {
  order: number;
  piece: number;
  type: string;
  format: PartFormat;
  text?: string;
  content?: string;
};

/** A message's text: what its own row holds, and the rows that hold the rest. */
export function cutText(text: string): { head: string; tail: Piece[] } {
  const [head = "", ...rest] = splitWords(text, SEARCHED_PIECE_MAX_BYTES);
  const tail = rest.map((piece, index) => ({
    order: TEXT_ORDER,
    piece: index,
    type: "text",
    format: "text" as const,
    ...searchedRow(piece),
  }));
  return { head, tail };
}

/** The rows of a message's parts. */
export function cutParts(parts: readonly WholePart[]): Piece[] {
  if (parts.length <= PART_ROWS_MAX) return parts.flatMap(cutPart);
  const rest = parts.slice(PART_ROWS_MAX);
  const packed = { type: "packed", format: "packed" as const, content: JSON.stringify(rest) };
  return [...parts.slice(0, PART_ROWS_MAX).flatMap(cutPart), ...cutPart(packed, PART_ROWS_MAX)];
}

function cutPart(
  part: { type: string; format: PartFormat; content: string },
  order: number,
): Piece[] {
  const { type, format, content } = part;
  const texts = format === "packed" ? [] : searchedPieces(content);
  const searched = texts.reduce((length, text) => length + text.length, 0);
  const contents = splitBytes(content.slice(searched), PIECE_MAX_BYTES);
  const rows = [...texts.map(searchedRow), ...contents.map((rest) => ({ content: rest }))];
  // A part without content is still a part.
  const kept = rows.length > 0 ? rows : [{ content: "" }];
  return kept.map((row, piece) => ({ order, piece, type, format, ...row }));
}

/** Base64 is no word to look for: in the index it would match every two-letter beginning. */
function searchedRow(text: string): { text: string } | { content: string } {
  return holdsInlineData(text) ? { content: text } : { text };
}

function searchedPieces(content: string): string[] {
  // A unit takes at least one byte, so that what lies behind cannot be among the first pieces.
  const beginning = content.slice(0, (SEARCHED_PIECES_MAX + 1) * SEARCHED_PIECE_MAX_BYTES);
  return splitWords(beginning, SEARCHED_PIECE_MAX_BYTES).slice(0, SEARCHED_PIECES_MAX);
}

/**
 * The text of one message, of which `head` is in its own row, and its parts. Rows come in stored order.
 * The text is joined once: with one character beyond Latin-1, each further copy takes 14 MB.
 */
export function joinPieces(
  rows: readonly Piece[],
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
    const { part, next } = joinRun(rows, at);
    parts.push(part);
    at = next;
  }
  return { text: texts.length === 1 ? head : texts.join(""), parts };
}

const contentOf = ({ text, content }: Piece): string => text ?? content ?? "";

/** Joins the pieces of the part that starts at `start`. */
function joinRun(rows: readonly Piece[], start: number) {
  const first = rows[start];
  const pieces: string[] = [];
  let at = start;
  for (let row = first; row !== undefined && row.order === first?.order; row = rows[++at]) {
    pieces.push(contentOf(row));
  }
  const { type = "unknown", format = "text" as const } = first ?? {};
  return { part: { type, format, content: pieces.join("") }, next: at };
}

/** Every part of a message, those that shared packed rows among them. */
export function unpackParts(parts: readonly JoinedPart[]): WholePart[] {
  return parts.flatMap(({ type, format, content }) =>
    format === "packed" ? (JSON.parse(content) as WholePart[]) : [{ type, format, content }],
  );
}

/** Bytes of content in rows, as Convex measures them. */
export function pieceBytes(rows: readonly Piece[]): number {
  return rows.reduce((sum, row) => sum + utf8Length(row.text ?? row.content ?? ""), 0);
}
