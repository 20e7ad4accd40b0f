import { readMessage } from "../lib/messages";
import { plainText, type ReadPart } from "../lib/parts";
import type { Role } from "../lib/enums";
import { escapeMarkup } from "../lib/escape";
import { isoTime, pretty, SPEAKERS, titleOf } from "./common";
import { markdownHtml } from "./html";
import { sessionMarkdown } from "./markdown";
import { SHARED_STYLE } from "./sharedStyle";
import type { ExportMessage, ExportSession } from "./types";

/**
 * What leaves when a session is public: title, source, model, times and the conversation. This
 * projection is the allow-list; the page, its Markdown and its JSON are all made from it.
 */
export type SharedSession = {
  title: string;
  source: string;
  model?: string;
  createdAt: string;
  messages: { role: Role; createdAt: string; parts: SharedPart[] }[];
};

/** A part in one form, whatever its plugin calls things; ids are left out. */
export type SharedPart =
  | { type: "text" | "thinking"; text: string }
  | { type: "tool-call"; name: string; args: unknown }
  | { type: "tool-result"; name?: string; output: unknown }
  | { type: "other"; name: string; content: unknown };

/** The public view of a session. */
export function sharedSession(session: ExportSession): SharedSession {
  return {
    title: titleOf(session),
    source: session.source,
    ...(session.model === undefined ? {} : { model: session.model }),
    createdAt: isoTime(session.createdAt),
    messages: session.messages.map((message) => ({
      role: message.role,
      createdAt: isoTime(message.createdAt),
      parts: readMessage(message).map(sharedPart),
    })),
  };
}

/** The public session as JSON text. */
export function sharedJson(session: ExportSession): string {
  return `${JSON.stringify(sharedSession(session), null, 2)}\n`;
}

/** The public session as Markdown. */
export function sharedMarkdown(session: ExportSession): string {
  const messages = session.messages.map(
    ({ role, textContent, parts, createdAt }): ExportMessage => ({
      externalId: "",
      role,
      parts,
      createdAt,
      ...(textContent === undefined ? {} : { textContent }),
    }),
  );
  const { title, source, model, createdAt, from, isLast } = session;
  return sessionMarkdown({
    ...{ externalId: "", title, source, model, createdAt, from, isLast, messages },
    ...{ messageCount: messages.length, updatedAt: createdAt },
  });
}

/** Where the page's other forms and its next page are, relative to it. */
export type SharedLinks = { markdown: string; json: string; next?: string };

/** The public session as one self-contained page: no script, no outside resource, readable offline. */
export function sharedPage(session: ExportSession, links: SharedLinks): string {
  const shared = sharedSession(session);
  const title = escapeMarkup(shared.title);
  const facts = [shared.source, shared.model, shared.createdAt.slice(0, 10)].filter(
    (fact) => fact !== undefined,
  );
  const next =
    links.next === undefined ? "" : `<p class="next">${link(links.next, "Continue reading")}</p>`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="robots" content="noindex,nofollow"><meta name="referrer" content="no-referrer">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${title}</title><style>${SHARED_STYLE}</style></head><body>`,
    `<header><p class="brand">Shared session</p><h1 dir="auto">${title}</h1>`,
    `<ul class="facts">${facts.map((fact) => `<li>${escapeMarkup(fact)}</li>`).join("")}</ul></header>`,
    `<main>${shared.messages.map(article).join("\n")}</main>${next}`,
    `<footer>${link(links.markdown, "Markdown")} · ${link(links.json, "JSON")} · OpenSync</footer>`,
    "</body></html>",
    "",
  ].join("\n");
}

const link = (href: string, text: string) => `<a href="${escapeMarkup(href)}">${text}</a>`;

function article({ role, createdAt, parts }: SharedSession["messages"][number]): string {
  const body = parts.map(partHtml).join("\n");
  if (body.trim() === "") return "";
  const time = `<time datetime="${createdAt}">${createdAt.slice(11, 16)} UTC</time>`;
  return `<article class="${role}"><h2>${SPEAKERS[role]} ${time}</h2>\n${body}\n</article>`;
}

function partHtml(part: SharedPart): string {
  switch (part.type) {
    case "text":
      return `<div class="text" dir="auto">${markdownHtml(part.text)}</div>`;
    case "thinking":
      return details("Thinking", part.text);
    case "tool-call":
      return details(part.name, pretty(part.args), "call");
    case "tool-result":
      return details(
        part.name === undefined ? "Result" : `${part.name}: result`,
        plainText(part.output),
      );
    case "other":
      return details(part.name, pretty(part.content));
  }
}

function details(title: string, text: string, className = "quiet"): string {
  return `<details class="${className}"><summary>${escapeMarkup(title)}</summary><pre>${escapeMarkup(text)}</pre></details>`;
}

function sharedPart(part: ReadPart): SharedPart {
  switch (part.kind) {
    case "text":
    case "thinking":
      return { type: part.kind, text: part.text };
    case "tool-call":
      return { type: "tool-call", name: part.name, args: part.args };
    case "tool-result":
      return {
        type: "tool-result",
        ...(part.name === undefined ? {} : { name: part.name }),
        output: part.output,
      };
    case "other":
      return { type: "other", name: part.type, content: part.content };
  }
}
