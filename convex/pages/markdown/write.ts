import type { Token } from "markdown-it";
import { escapeMarkup } from "../../lib/escape";
import type { CodeWriter } from "../highlight";

/**
 * Writes the tokens of a Markdown parser as HTML. Every tag is written here, from a fixed table.
 * Every text of a token is escaped, and an unknown token is shown as its text.
 */

const SAFE_LINK = /^(?:https?:|mailto:)/i;

/** Elements without attributes that a token opens or closes. */
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

/** Headings of a message rank below the headings of the page. */
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
  /** Whether the open link was written as a link. */
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
        // Loading an image would tell its server who reads the page.
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

/** The tag that a token opens or closes; undefined for other elements. */
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

/** Paragraphs of a tight list have no tags; a line break separates them from what follows. */
const hiddenHtml = (token: Token) => (token.nesting === -1 ? "\n" : "");

function tag(name: string, isOpening: boolean, attributes: string): string {
  return isOpening ? `<${name}${attributes}>` : `</${name}>`;
}

function startOf(token: Token): string {
  const start = Number(attribute(token, "start"));
  return Number.isSafeInteger(start) && start > 1 ? ` start="${start}"` : "";
}

/** The alignment of a column as a class, never as the parser's own style. */
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
