import { type DefaultTreeAdapterMap, parse, parseFragment } from "parse5";

type Node = DefaultTreeAdapterMap["node"];
type Element = DefaultTreeAdapterMap["element"];

/** What an attribute's value must look like, by element; an element without an entry has none. */
export type Allowed = { readonly [element: string]: { readonly [attribute: string]: RegExp } };

const ANY = /[^]*/;

/** What the Markdown renderer means to write. */
export const MARKDOWN_ELEMENTS: Allowed = {
  ...Object.fromEntries(
    "p h3 h4 h5 h6 strong em del code blockquote ul li hr br table thead tbody tr"
      .split(" ")
      .map((name) => [name, {}]),
  ),
  a: { href: /^(?:https?:|mailto:)/i, rel: /^nofollow noopener noreferrer ugc$/ },
  pre: { tabindex: /^0$/, class: /^plain$/ },
  ol: { start: /^\d+$/ },
  div: { class: /^scroll$/, tabindex: /^0$/ },
  th: { class: /^(?:left|center|right)$/ },
  td: { class: /^(?:left|center|right)$/ },
};

/** What a whole page may hold besides. */
export const PAGE_ELEMENTS: Allowed = {
  ...MARKDOWN_ELEMENTS,
  ...Object.fromEntries(
    "head title style body header h1 main footer summary".split(" ").map((name) => [name, {}]),
  ),
  html: { lang: /^en$/ },
  meta: {
    charset: /^utf-8$/,
    name: ANY,
    content: ANY,
    "http-equiv": /^Content-Security-Policy$/,
  },
  h1: { dir: /^auto$/ },
  h2: {},
  p: { class: /^(?:brand|note|next)$/ },
  ul: { class: /^facts$/ },
  article: { class: /^\w+$/ },
  time: { datetime: /^[\dT:.Z-]+$/ },
  div: { class: /^(?:scroll|text)$/, tabindex: /^0$/, dir: /^auto$/ },
  details: { class: /^\w+$/ },
  a: { href: /^(?:https?:|mailto:|(?!.*:))/i, rel: ANY },
};

/** Every element and attribute of the text, as a real parser reads it, that is not allowed. */
export function forbidden(html: string, allowed: Allowed): string[] {
  const root = /^<!doctype/i.test(html) ? parse(html) : parseFragment(html);
  const found: string[] = [];
  visit(root, (element) => {
    const attributes = own(allowed, element.tagName);
    if (!attributes) found.push(`<${element.tagName}>`);
    else found.push(...wrongAttributes(element, attributes));
  });
  return found;
}

/** Elements of this name. */
export function countElements(html: string, name: string): number {
  let count = 0;
  visit(parseFragment(html), ({ tagName }) => {
    if (tagName === name) count++;
  });
  return count;
}

function wrongAttributes({ tagName, attrs }: Element, allowed: Allowed[string]): string[] {
  return attrs
    .filter(({ name, value }) => !own(allowed, name)?.test(value))
    .map(({ name, value }) => `<${tagName} ${name}="${value.slice(0, 80)}">`);
}

/** A field of the record's own: an element may be called `constructor`. */
function own<Value>(record: { readonly [key: string]: Value }, key: string): Value | undefined {
  return Object.prototype.hasOwnProperty.call(record, key) ? record[key] : undefined;
}

/** Walks without recursion: hostile text nests deeply. Comments and the like count as elements. */
function visit(root: Node, each: (element: Element) => void): void {
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if ("tagName" in node) each(node);
    else if (node.nodeName === "#comment") each({ tagName: "!--", attrs: [] } as never);
    if ("childNodes" in node) for (const child of node.childNodes) waiting.push(child);
    if ("content" in node) waiting.push(node.content);
  }
}
