import { TEXT_ORDER, type Piece } from "../sessions/partRows";
import { utf8Length } from "../text";
import { hiddenWords } from "./hiddenWords";

/** What the words of one stored row are found by: the row, and the words. */
export type SearchText = {
  /** The row of `parts` that holds the words; both absent: the message's own row. */
  order?: number;
  piece?: number;
  text: string;
};

/** A search reads whole rows, so that each stays small. */
export const SEARCH_TEXT_MAX_BYTES = 8 * 1024;
/** Rows for one stored row: half a megabyte of tool output holds more distinct words than anyone looks for. */
const ROWS_PER_STORED_ROW = 4;
/** Rows for one message, so that it fits one transaction with its parts. */
const ROWS_PER_MESSAGE = 200;

/**
 * The derived search texts of a message: of its own text, and of its rows in `parts`. Packed parts have
 * none: a hit would show nothing legible.
 */
export function searchTextsOf(head: string, pieces: readonly Piece[]): SearchText[] {
  const texts = rowsOf(hiddenWords(head, true)).map((text): SearchText => ({ text }));
  for (const { order, piece, format, text, content } of pieces) {
    if (texts.length >= ROWS_PER_MESSAGE) break;
    if (format === "packed") continue;
    const words = text === undefined ? hiddenWords(content ?? "", false) : hiddenWords(text, true);
    for (const row of rowsOf(words)) texts.push({ order, piece, text: row });
  }
  return texts.slice(0, ROWS_PER_MESSAGE);
}

/** Words in rows of bounded size, as many rows as one stored row may have. */
function rowsOf(words: readonly string[]): string[] {
  const rows: string[] = [];
  let row = "";
  let bytes = 0;
  for (const word of words) {
    const size = utf8Length(word) + 1;
    if (bytes + size > SEARCH_TEXT_MAX_BYTES) {
      rows.push(row);
      if (rows.length === ROWS_PER_STORED_ROW) return rows;
      row = "";
      bytes = 0;
    }
    row += row === "" ? word : ` ${word}`;
    bytes += size;
  }
  return row === "" ? rows : [...rows, row];
}

/** Whether a search text belongs to the message's text (its own row, or the rows that continue it). */
export function isOfText({ order = TEXT_ORDER }: Pick<SearchText, "order">): boolean {
  return order === TEXT_ORDER;
}
