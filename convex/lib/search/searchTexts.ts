import { TEXT_ORDER, type PartRow } from "../sessions/partRows";
import { utf8Length } from "../text";
import { hiddenWords } from "./hiddenWords";

/** The hidden words of one stored row, and which row that is. */
export type SearchText = {
  /** Identifies the row of `parts`. Both are absent for the message's own row. */
  order?: number;
  piece?: number;
  text: string;
};

/** A search reads whole rows, so each stays small. */
export const SEARCH_TEXT_MAX_BYTES = 8 * 1024;
/**
 * Rows per stored row. Half a megabyte of tool output holds more distinct words than anyone
 * searches.
 */
const ROWS_PER_STORED_ROW = 4;
/** Rows per message or slice of one, so that they fit one transaction together with its parts. */
export const SEARCH_TEXTS_MAX = 200;

/**
 * Derives the search texts of a message from its own text and from its rows in `parts`. Packed
 * parts are skipped, because a hit would show nothing legible.
 */
export function searchTextsOf(head: string, rows: readonly PartRow[]): SearchText[] {
  const texts = packIntoRows(hiddenWords(head, true)).map((text): SearchText => ({ text }));
  for (const { order, piece, format, text, content } of rows) {
    if (texts.length >= SEARCH_TEXTS_MAX) break;
    if (format === "packed") continue;
    const words = text === undefined ? hiddenWords(content ?? "", false) : hiddenWords(text, true);
    for (const packed of packIntoRows(words)) texts.push({ order, piece, text: packed });
  }
  return texts.slice(0, SEARCH_TEXTS_MAX);
}

/**
 * The most bytes of hidden words that a row takes into its own text. Most have fewer: the words at the beginnings of
 * lines in JSON text. More get rows of their own, because whoever reads the conversation reads these bytes too, and
 * budgets of readers do not count them: they are at most 1 MiB in the 4,000 rows of a page.
 */
const OWN_WORDS_MAX_BYTES = 256;

/** A row, and those of its search texts that need rows of their own. */
type IndexedRow = { row: PartRow; texts: readonly SearchText[] };

/** Adds the hidden words of a row to its own searched text if they are few, so that they cost no row and no read. */
export function withOwnWords(row: PartRow, texts: readonly SearchText[]): IndexedRow {
  const [words, ...others] = texts;
  if (words === undefined || others.length > 0 || row.text === undefined) return { row, texts };
  if (utf8Length(words.text) > OWN_WORDS_MAX_BYTES) return { row, texts };
  const added = `\n${words.text}`;
  return { row: { ...row, text: row.text + added, wordChars: added.length }, texts: [] };
}

/** The search texts of a row that holds the same text as the message. Most plugins send each text twice. */
export function placedAt({ order, piece }: PartRow, ofText: readonly SearchText[]): SearchText[] {
  return ofText.map(({ text }) => ({ order, piece, text }));
}

/** Packs words into rows of bounded size, up to the limit per stored row. */
function packIntoRows(words: readonly string[]): string[] {
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

/** Whether a search text belongs to the message's text: its own row, or a row that continues it. */
export function belongsToMessageText({ order = TEXT_ORDER }: Pick<SearchText, "order">): boolean {
  return order === TEXT_ORDER;
}
