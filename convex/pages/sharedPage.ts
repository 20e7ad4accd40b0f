import { fileLabel } from "../lib/sessions/files";
import { roleLabel } from "../lib/enums";
import { escapeMarkup } from "../lib/escape";
import { plainText, type ReadPart } from "../lib/sessions/parts";
import { pretty } from "../exports/common";
import {
  moreMessages,
  type SharedForm,
  type SharedHead,
  type SharedMessage,
  type SharedRest,
} from "../exports/shared";
import { markdownForPage } from "./markdown/markdown";
import { SHARED_STYLE } from "./sharedStyle";

/** Addresses of the page's other forms, relative to it, and the content policy it is sent under. */
type SharedLinks = { markdown: string; json: string; policy: string };

/** The public session as one self-contained page: no script, no outside resource, readable offline. */
export function sharedPage(links: SharedLinks): SharedForm {
  const markdown = markdownForPage();
  return {
    partMaxBytes: 100_000,
    part: (part) => partHtml(part, markdown),
    note: (text) => `<p class="note">${escapeMarkup(text)}</p>`,
    message: article,
    document: (session, messages, rest) => pageHtml(session, messages, rest, links),
  };
}

function pageHtml(
  session: SharedHead,
  messages: readonly string[],
  rest: SharedRest | undefined,
  links: SharedLinks,
): string {
  const title = escapeMarkup(session.title);
  const facts = [session.source, session.model, session.createdAt.slice(0, 10)].filter(
    (fact) => fact !== undefined,
  );
  const next =
    rest === undefined
      ? ""
      : `<p class="next">${link(rest.next, `Continue reading: ${moreMessages(rest)}`)}</p>`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    // A saved copy has no headers.
    `<meta http-equiv="Content-Security-Policy" content="${escapeMarkup(links.policy)}">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="robots" content="noindex,nofollow"><meta name="referrer" content="no-referrer">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${title}</title><style>${SHARED_STYLE}</style></head><body>`,
    `<header><p class="brand">Shared session</p><h1 dir="auto">${title}</h1>`,
    `<ul class="facts">${facts.map((fact) => `<li>${escapeMarkup(fact)}</li>`).join("")}</ul></header>`,
    `<main>${messages.join("\n")}</main>${next}`,
    `<footer>${link(links.markdown, "Markdown")} · ${link(links.json, "JSON")} · OpenSync</footer>`,
    "</body></html>",
    "",
  ].join("\n");
}

const link = (href: string, text: string) => `<a href="${escapeMarkup(href)}">${text}</a>`;

function article({ role, createdAt }: SharedMessage, parts: readonly string[]): string {
  if (parts.every((part) => part.trim() === "")) return "";
  const time = `<time datetime="${createdAt}">${createdAt.slice(11, 16)} UTC</time>`;
  return `<article class="${role}"><h2>${roleLabel(role)} ${time}</h2>\n${parts.join("\n")}\n</article>`;
}

function partHtml(part: ReadPart, markdown: (text: string) => string): string {
  switch (part.kind) {
    case "text":
      return `<div class="text" dir="auto">${markdown(part.text)}</div>`;
    case "thinking":
      return details("Thinking", part.text);
    case "tool-call":
      return details(part.name, pretty(part.args), "call");
    case "tool-result":
      return details(
        part.name === undefined ? "Result" : `${part.name}: result`,
        plainText(part.output),
      );
    case "file":
      return `<p class="quiet">${escapeMarkup(fileLabel(part.file))}</p>`;
    case "other":
      return details(part.type, pretty(part.content));
  }
}

function details(title: string, text: string, className = "quiet"): string {
  return `<details class="${className}"><summary>${escapeMarkup(title)}</summary><pre tabindex="0">${escapeMarkup(text)}</pre></details>`;
}
