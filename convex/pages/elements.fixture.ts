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

/** An address of ours, or one that a Markdown link may have. */
const ADDRESS = /^(?:https?:|mailto:|\/(?!\/)|#|\?|[\w.-]+(?:\?|$)|$)/i;
const NAME = /^[\w-]*$/;

/** Attributes that many elements of a page have. */
const COMMON = {
  class: /^[\w -]*$/,
  id: /^[\w-]+$/,
  dir: /^auto$/,
  tabindex: /^-?[01]$/,
  hidden: /^$/,
};
const LABELS = { "aria-label": ANY, role: NAME, "aria-current": NAME, "aria-hidden": /^true$/ };
const SHAPE = { x: /^[\d.]+$/, y: /^[\d.]+$/, width: /^[\d.]+$/, height: /^[\d.]+$/, rx: /^\d+$/ };

/** What a whole page may hold. */
export const PAGE_ELEMENTS: Allowed = {
  ...Object.fromEntries(
    (
      "head title style body header main footer nav section article div span p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd " +
      "strong em del code pre blockquote hr br table thead tbody tr th td details summary mark label fieldset legend"
    )
      .split(" ")
      .map((name) => [name, { ...COMMON, ...LABELS, open: /^$/, for: NAME, start: /^\d+$/ }]),
  ),
  html: { lang: /^en$/ },
  meta: {
    charset: /^utf-8$/,
    name: /^(?:viewport|robots|referrer|color-scheme|description)$/,
    property: /^og:\w+$/,
    content: ANY,
    "http-equiv": /^Content-Security-Policy$/,
  },
  link: { rel: /^icon$/, href: /^\/favicon\.svg$/, type: /^image\/svg\+xml$/ },
  script: { src: /^\/assets\/app\.js$/, defer: /^$/ },
  div: { ...COMMON, ...LABELS, "data-live": /^\/live\?id=/, "data-count": /^\d+$/ },
  a: {
    ...COMMON,
    ...LABELS,
    href: ADDRESS,
    rel: /^nofollow noopener noreferrer ugc$/,
    download: ANY,
  },
  time: { datetime: /^[\dT:.Z-]+$/, "data-style": NAME },
  img: {
    ...COMMON,
    src: /^(?:data:image\/\w+;base64,[\w+/=]+|\/wrapped\/[\d-]+\.svg)$/,
    alt: ANY,
    loading: /^lazy$/,
    width: NAME,
    height: NAME,
  },
  picture: {},
  source: {
    media: /^\(max-width: \d+rem\)$/,
    srcset: /^\/wrapped\/[\d-]+\.svg\?shape=portrait$/,
    width: NAME,
    height: NAME,
  },
  form: {
    ...COMMON,
    ...LABELS,
    method: /^(?:get|post)$/,
    action: /^\/[\w/.%-]*$/,
    "data-confirm": ANY,
    "data-auto": /^$/,
  },
  input: {
    ...COMMON,
    ...LABELS,
    type: NAME,
    name: NAME,
    value: ANY,
    size: NAME,
    placeholder: ANY,
    required: /^$/,
    checked: /^$/,
    autocomplete: NAME,
    maxlength: NAME,
  },
  select: { ...COMMON, name: NAME },
  option: { value: ANY, selected: /^$/ },
  textarea: { ...COMMON, name: NAME },
  button: { ...COMMON, ...LABELS, type: NAME, "data-copy": NAME, autofocus: /^$/ },
  svg: { ...COMMON, ...LABELS, viewBox: ANY, width: NAME, height: NAME, preserveAspectRatio: NAME },
  rect: { ...COMMON, ...SHAPE },
  path: { d: ANY },
  text: { ...SHAPE, "text-anchor": NAME },
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
