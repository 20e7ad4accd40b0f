import { Marked } from "marked";
import { escapeMarkup, visible } from "../lib/escape";

/**
 * Longer texts are shown as they are. A parser of Markdown takes more than linear time for texts
 * made to that end, and nobody reads 100,000 characters for their typography.
 */
export const MARKDOWN_MAX_CHARS = 100_000;

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
  if (text.length > MARKDOWN_MAX_CHARS) return `<pre>${escapeMarkup(text)}</pre>`;
  try {
    return parser.parse(visible(text), { async: false });
  } catch {
    // Nesting deeper than the parser's stack: the text as it is loses nothing.
    return `<pre>${escapeMarkup(text)}</pre>`;
  }
}

function anchor(href: string, content: string): string {
  if (!SAFE_LINK.test(href)) return content;
  return `<a href="${escapeMarkup(href)}" rel="nofollow noopener noreferrer ugc">${content}</a>`;
}
