import { escapeMarkup, visible } from "../../lib/escape";
import { type CodeWriter, plainCode } from "../highlight";
import { parseMarkdown } from "./parse";
import { writeTokens } from "./write";

/** Longer texts are shown as plain text. Nobody reads 60,000 characters for their typography. */
const MARKDOWN_MAX_CHARS = 60_000;

/** HTML may be this many times as long as its Markdown; a longer result was made to be long. */
const GROWTH_MAX = 10;
/** What a short text may become in any case. */
const GROWTH_FREE_CHARS = 1_000;

/** Cells that the tables of one text may have: a short row is filled up to the width of its table. */
const CELLS_MAX = 10_000;

/**
 * Markdown as HTML that runs nothing and loads nothing: safe to put into any page. Only `writeTokens`
 * writes tags, so no text can bring its own. Time and size are bounded: a text beyond the bounds is
 * shown as plain text, whole, in a `<pre>`.
 */
export function markdownHtml(text: string, code: CodeWriter = plainCode): string {
  const source = visible(text);
  const html = isTooLarge(source) ? undefined : parsedHtml(source, code);
  return html ?? plainHtml(text);
}

/** Characters of Markdown that one page reads; what follows them is shown as plain text. */
const PAGE_MAX_CHARS = 150_000;

/** A renderer of Markdown for one page, whose texts share a budget. */
export function markdownForPage(code: CodeWriter = plainCode): (text: string) => string {
  let left = PAGE_MAX_CHARS;
  return (text) => {
    if (text.length > left) return plainHtml(text);
    left -= text.length;
    return markdownHtml(text, code);
  };
}

/** A text as it is: line breaks and spaces kept, nothing read into it. */
export function plainHtml(text: string): string {
  return `<pre class="plain" tabindex="0">${escapeMarkup(text)}</pre>`;
}

function parsedHtml(source: string, code: CodeWriter): string | undefined {
  const maxChars = GROWTH_FREE_CHARS + GROWTH_MAX * source.length;
  return writeTokens(parseMarkdown(source), maxChars, code);
}

function isTooLarge(text: string): boolean {
  if (text.length > MARKDOWN_MAX_CHARS) return true;
  let cells = 0;
  for (const block of text.replace(/\r\n?/g, "\n").split(/\n[ \t]*\n/)) {
    cells += cellsOf(block.split("\n"));
    if (cells > CELLS_MAX) return true;
  }
  return false;
}

/** The line below a table's head, perhaps inside lists and quotes. */
const DELIMITER_ROW = /^[\s>*+\d.):|-]+$/;

/** Cells that a block makes if it is a table, those counted that rows leave out. */
function cellsOf(lines: readonly string[]): number {
  const columns = lines.reduce(
    (most, line) => (DELIMITER_ROW.test(line) ? Math.max(most, line.split("|").length) : most),
    0,
  );
  return columns > 1 ? columns * lines.length : 0;
}
