import type { Token } from "markdown-it";
import { escapeMarkup } from "../../lib/escape";
import type { CodeWriter } from "../highlight";

/**
 * Writing the tokens of a Markdown parser as HTML. Every tag of the result is written here, from a
 * fixed table; every text of a token is escaped, whatever the parser says about it, and a token
 * that this file does not know is shown as its text.
 */

const SAFE_LINK = /^(?:https?:|mailto:)/i;

/** Elements that a token opens or closes, without attributes. */
const PLAIN_ELEMENTS: ReadonlyMap<string, string> = new Map([
  ["paragraph", "p"],
  ["blockquote", "blockquote"],
  ["bullet_list", "ul"],
  ["list_item", "li"],
  ["thead", "thead"],
  ["tbody", "tbody"],
  ["tr", "tr"],
  ["em", "em"],
  ["strong", "strong"],
  ["s", "del"],
]);

/** Headings of a message stand below the headings of the page. */
const HEADINGS: ReadonlyMap<string, string> = new Map([
  ["h1", "h3"],
  ["h2", "h4"],
  ["h3", "h5"],
]);
const LEAST_HEADING = "h6";

/** The HTML of these tokens; undefined if it would be longer than `maxChars`. */
export function writeTokens(
  tokens: readonly Token[],
  maxChars: number,
  code: CodeWriter,
): string | undefined {
  const writer = new Writer(maxChars, code);
  writer.write(tokens);
  return writer.result();
}

class Writer {
  private html = "";
  /** Whether the link that is open was written as one. */
  private isLinked = false;

  constructor(
    private readonly maxChars: number,
    private readonly code: CodeWriter,
  ) {}

  result(): string | undefined {
    return this.isFull() ? undefined : this.html;
  }

  write(tokens: readonly Token[]): void {
    for (const token of tokens) {
      if (this.isFull()) return;
      if (token.type === "inline") this.write(token.children ?? []);
      else this.html += this.tokenHtml(token);
    }
  }

  private isFull(): boolean {
    return this.html.length > this.maxChars;
  }

  private tokenHtml(token: Token): string {
    switch (token.type) {
      case "softbreak":
      case "hardbreak":
        return "<br>\n";
      case "hr":
        return "<hr>\n";
      case "code_inline":
        return `<code>${escapeMarkup(token.content)}</code>`;
      case "fence":
      case "code_block":
        return `<pre tabindex="0"><code>${this.code(token.content, languageOf(token))}</code></pre>\n`;
      case "image":
        // A picture would tell its server who reads the page.
        return linked(attribute(token, "src"), token.content || attribute(token, "src"));
      case "link_open":
        this.isLinked = isSafe(attribute(token, "href"));
        return this.isLinked ? anchor(attribute(token, "href")) : "";
      case "link_close":
        return this.isLinked ? "</a>" : "";
      default:
        return elementHtml(token) ?? escapeMarkup(token.content);
    }
  }
}

/** The first word after a fence. */
const languageOf = ({ info }: Token) => info.trim().split(/[\s,{]/, 1)[0] ?? "";

/** The tag that a token opens or closes, or undefined if it is not an element that we write. */
function elementHtml(token: Token): string | undefined {
  if (token.nesting === 0) return undefined;
  const isOpening = token.nesting === 1;
  const kind = token.type.replace(/_(?:open|close)$/, "");
  const plain = PLAIN_ELEMENTS.get(kind);
  if (plain !== undefined) return token.hidden ? hiddenHtml(token) : tag(plain, isOpening, "");
  switch (kind) {
    case "heading":
      return tag(HEADINGS.get(token.tag) ?? LEAST_HEADING, isOpening, "");
    case "ordered_list":
      return tag("ol", isOpening, startOf(token));
    case "table":
      return isOpening ? '<div class="scroll" tabindex="0"><table>' : "</table></div>\n";
    case "th":
    case "td":
      return tag(kind, isOpening, alignmentOf(token));
    default:
      return undefined;
  }
}

/** A paragraph of a tight list has no tags; a line keeps it apart from what follows. */
const hiddenHtml = (token: Token) => (token.nesting === -1 ? "\n" : "");

function tag(name: string, isOpening: boolean, attributes: string): string {
  return isOpening ? `<${name}${attributes}>` : `</${name}>`;
}

function startOf(token: Token): string {
  const start = Number(attribute(token, "start"));
  return Number.isSafeInteger(start) && start > 1 ? ` start="${start}"` : "";
}

/** How a column is set: the class, never the parser's own style. */
function alignmentOf(token: Token): string {
  const side = /^text-align:(left|center|right)$/.exec(attribute(token, "style"))?.[1];
  return side === undefined ? "" : ` class="${side}"`;
}

function linked(address: string, text: string): string {
  return isSafe(address) ? `${anchor(address)}${escapeMarkup(text)}</a>` : escapeMarkup(text);
}

const anchor = (address: string) =>
  `<a href="${escapeMarkup(address)}" rel="nofollow noopener noreferrer ugc">`;

const isSafe = (address: string) => SAFE_LINK.test(address);

const attribute = (token: Token, name: string) => String(token.attrGet(name) ?? "");
