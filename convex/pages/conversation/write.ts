import { roleLabel } from "../../lib/enums";
import { shortCost, shortCount, shortDuration } from "../../lib/stats/labels";
import { utf8Length } from "../../lib/text";
import { codeForPage } from "../highlight";
import { html, type Child, type Html } from "../html";
import { markdownForPage } from "../markdown/markdown";
import { time } from "../parts";
import { blockHtml, type Writers } from "./blocks";
import { turnsOf, type SpokenMessage, type Turn, type TurnMessage } from "./turns";

/** Bytes of conversation that one page holds; what is around it fits beside them in 300 kB. */
const PAGE_MAX_BYTES = 240_000;
/** With less room than this no further message begins on the page. */
const MESSAGE_MIN_BYTES = 40_000;

/** A page of a conversation, and how many of the messages given are on it. */
export type WrittenConversation = { content: Html; shown: number };

/** How the page may show the conversation. */
export type ConversationOptions = {
  /** Whether numbers (tokens, cost, model of each turn) are shown: they are the owner's business. */
  hasNumbers: boolean;
};

/**
 * The conversation as HTML, as many messages as a page holds, at least one. A single message that is
 * larger than a page is shown as far as it fits, and says so.
 */
export function writeConversation(
  messages: readonly SpokenMessage[],
  options: ConversationOptions,
): WrittenConversation {
  const turns = turnsOf(messages);
  const code = codeForPage();
  const writers: Writers = { markdown: markdownForPage(code), code };
  const sections: Html[] = [];
  let left = PAGE_MAX_BYTES;
  let last: string | undefined;
  for (const turn of turns) {
    const written: Html[] = [];
    for (const message of turn.messages) {
      const isFirst = last === undefined;
      const { content, bytes } = messageHtml(message, writers, left);
      if (!isFirst && (bytes > left || left < MESSAGE_MIN_BYTES)) {
        if (written.length > 0) sections.push(turnHtml(turn, written, options));
        return { content: html`${sections}`, shown: indexAfter(messages, last) };
      }
      written.push(content);
      left -= bytes;
      last = message.id;
    }
    sections.push(turnHtml(turn, written, options));
  }
  return { content: html`${sections}`, shown: messages.length };
}

/** Messages up to the last one written, those without content after it included only at the end. */
function indexAfter(messages: readonly SpokenMessage[], last: string | undefined): number {
  return messages.findIndex(({ id }) => id === last) + 1;
}

/** A message with the blocks that fit; `bytes` beyond `left` mean that it needs a page of its own. */
function messageHtml(
  { id, blocks }: TurnMessage,
  writers: Writers,
  left: number,
): { content: Html; bytes: number } {
  const written: Html[] = [];
  let bytes = 0;
  for (const block of blocks) {
    const content = blockHtml(block, writers);
    const size = utf8Length(content.text);
    if (bytes + size > left && left < PAGE_MAX_BYTES) return { content: html``, bytes: left + 1 };
    if (bytes + size > left) {
      const rest = blocks.length - written.length;
      written.push(
        html`<p class="note">… ${rest} more ${rest === 1 ? "part" : "parts"} of this message. An export has all of them.</p>`,
      );
      break;
    }
    written.push(content);
    bytes += size;
  }
  return { content: html`<span class="spot" id="m-${id}"></span>${written}`, bytes: bytes + 100 };
}

function turnHtml(turn: Turn, written: readonly Html[], { hasNumbers }: ConversationOptions): Html {
  const first = turn.messages[0]?.id ?? "";
  const { model, totalTokens, cost, durationMs } = turn;
  const numbers: Child[] = [
    model,
    totalTokens !== undefined && totalTokens > 0 && `${shortCount(totalTokens)} tokens`,
    cost !== undefined && cost > 0 && shortCost(cost),
    durationMs !== undefined && durationMs > 0 && shortDuration(durationMs),
  ];
  const facts = hasNumbers ? numbers.filter((fact) => fact !== undefined && fact !== false) : [];
  return html`<article class="turn ${turn.side}">
<h2><span>${roleLabel(turn.side)}</span><span class="meta"><a href="#m-${first}">${time(turn.startedAt, "time")}</a>${facts.map((fact) => html`<span>${fact}</span>`)}</span></h2>
${turn.side === "system" ? html`<details class="quiet"><summary>Instructions of the system</summary><div class="inside">${written}</div></details>` : written}
</article>
`;
}
