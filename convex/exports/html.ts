import { Marked } from "marked";
import { escapeMarkup, visible } from "../lib/escape";

/**
 * Longer texts are shown as they are. A parser of Markdown takes more than linear time for texts
 * made to that end, and nobody reads 100,000 characters for their typography.
 */
const MARKDOWN_MAX_CHARS = 100_000;

/** HTML of a Markdown text that is longer than this many times the text was made to be long. */
const GROWTH_MAX = 10;
/** Cells that the tables of one text may have. A row of one letter is filled up to its table's width. */
const CELLS_MAX = 50_000;
/** Characters that references may become: each of them repeats its definition, however long. */
const REFERENCES_MAX_CHARS = 10_000_000;

const SAFE_LINK = /^(?:https?:|mailto:)/i;

const parser = new Marked({
  gfm: true,
  renderer: {
    /** HTML in a message is text about HTML. */
    html({ text }) {
      return escapeMarkup(text);
    },
    link({ href, tokens }) {
      return anchor(href, this.parser.parseInline(tokens));
    },
    /** A picture would tell its server who reads the page. */
    image({ href, text }) {
      return anchor(href, escapeMarkup(text || href));
    },
  },
});

/** Markdown as HTML in which nothing runs, loads or hides; safe to put into any page. */
export function markdownHtml(text: string): string {
  return (isMadeToGrow(text) ? undefined : parsed(text)) ?? `<pre>${escapeMarkup(text)}</pre>`;
}

/** The HTML of the text; undefined where the text as it is serves better, and loses nothing. */
function parsed(text: string): string | undefined {
  try {
    const html = parser.parse(visible(text), { async: false });
    return html.length <= GROWTH_MAX * (text.length + 100) ? html : undefined;
  } catch {
    // Nesting deeper than the parser's stack.
    return undefined;
  }
}

/** What a line between a table's head and its rows is made of, in a list or a quote perhaps. */
const DELIMITER_ROW = /^[\s>*+\d.):|-]+$/;

/** Whether parsing the text may take room and time out of all proportion to its length. */
function isMadeToGrow(text: string): boolean {
  if (text.length > MARKDOWN_MAX_CHARS) return true;
  let cells = 0;
  let longest = 0;
  for (const block of text.replace(/\r\n?/g, "\n").split(/\n[ \t]*\n/)) {
    cells += cellsOf(block.split("\n"));
    longest = Math.max(longest, block.length);
  }
  const references = text.includes("]:") ? text.split("]").length : 0;
  return cells > CELLS_MAX || references * longest > REFERENCES_MAX_CHARS;
}

/** Cells that the lines of a block make, if they are a table; an empty one counts too. */
function cellsOf(lines: readonly string[]): number {
  const columns = lines.reduce(
    (most, line) => (DELIMITER_ROW.test(line) ? Math.max(most, line.split("|").length) : most),
    0,
  );
  return columns > 1 ? columns * lines.length : 0;
}

function anchor(href: string, content: string): string {
  if (!SAFE_LINK.test(href)) return content;
  return `<a href="${escapeMarkup(href)}" rel="nofollow noopener noreferrer ugc">${content}</a>`;
}
