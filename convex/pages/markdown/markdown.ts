import { escapeMarkup, visible } from "../../lib/escape";
import { type CodeWriter, plainCode } from "../highlight";
import { parseMarkdown } from "./parse";
import { writeTokens } from "./write";

/** The longest text rendered as Markdown; nobody reads 60,000 characters for their typography. */
const MARKDOWN_MAX_CHARS = 60_000;

/** How much longer than its Markdown the HTML may be; a longer result was constructed to be long. */
const GROWTH_MAX = 10;
/** The length that the HTML of a short text may have in any case. */
const GROWTH_FREE_CHARS = 1_000;

/** The most table cells of one text, because short rows are filled up to the width of the table. */
const CELLS_MAX = 10_000;

/**
 * Renders Markdown as HTML that runs nothing and loads nothing, so it is safe on any page. Only
 * `writeTokens` writes tags, so no text can add its own. Time and size are bounded: a text beyond
 * the bounds is shown completely, as plain text in a `<pre>`.
 */
export function markdownHtml(text: string, code: CodeWriter = plainCode): string {
  const source = visible(text);
  const html = isTooLarge(source) ? undefined : parsedHtml(source, code);
  return html ?? plainHtml(text);
}

/** The most characters of Markdown rendered per page; the rest is shown as plain text. */
const PAGE_MAX_CHARS = 150_000;

/** Creates a Markdown renderer for one page, whose texts share a budget. */
export function markdownForPage(code: CodeWriter = plainCode): (text: string) => string {
  let left = PAGE_MAX_CHARS;
  return (text) => {
    if (text.length > left) return plainHtml(text);
    left -= text.length;
    return markdownHtml(text, code);
  };
}

/** Renders plain text with its line breaks and spaces. */
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

/** The line below the head of a table, possibly inside lists and quotes. */
const DELIMITER_ROW = /^[\s>*+\d.):|-]+$/;

/** The cells of a block if it is a table, including those that short rows omit. */
function cellsOf(lines: readonly string[]): number {
  const columns = lines.reduce(
    (most, line) => (DELIMITER_ROW.test(line) ? Math.max(most, line.split("|").length) : most),
    0,
  );
  return columns > 1 ? columns * lines.length : 0;
}
