import type { Html } from "./html";
import { html } from "./html";
import { page, type PageHead } from "./layout";
import { time } from "./components";

export type SharedView = {
  title: string;
  source: string;
  model?: string;
  createdAt: number;
  conversation: Html;
  /** The next page, and how many messages remain if known. */
  rest?: { next: string; messages?: number };
  /** Relative links to the same page as Markdown and JSON. */
  links: { markdown: string; json: string };
  /** The number of masked secrets on this page. */
  masked: number;
};

/** The public page of a shared session. It runs no script and loads nothing. */
export function sharedPage(head: Pick<PageHead, "policy">, view: SharedView): string {
  const { title, source, model, createdAt, conversation, rest, links, masked } = view;
  const facts = [source, model, time(createdAt)].filter((fact) => fact !== undefined);
  return page(
    {
      ...head,
      title,
      viewer: { kind: "stranger" },
      preview: true,
      isScriptless: true,
      description: `A coding session with ${model ?? source}, shared with OpenSync.`,
    },
    html`<p class="small soft">Shared session</p>
<h1 dir="auto">${title}</h1>
<ul class="facts">${facts.map((fact) => html`<li>${fact}</li>`)}</ul>
${conversation}
${rest === undefined ? "" : html`<p><a class="next" href="${rest.next}">Continue reading: ${moreMessages(rest.messages)}</a></p>`}
<footer><a href="${links.markdown}">Markdown</a> · <a href="${links.json}">JSON</a>${
      masked > 0
        ? html` · ${masked} ${masked === 1 ? "secret is" : "secrets are"} masked on this page`
        : ""
    }</footer>`,
  );
}

function moreMessages(messages: number | undefined): string {
  if (messages === undefined) return "more messages";
  return messages === 1 ? "1 more message" : `${messages} more messages`;
}
