import { roleLabel } from "../../lib/enums";
import { shortCost, shortCount, shortDuration } from "../../lib/stats/labels";
import { utf8Length } from "../../lib/text";
import { codeForPage } from "../highlight";
import { html, type Child, type Html } from "../html";
import { markdownForPage } from "../markdown/markdown";
import { time } from "../components";
import { blockHtml, type Writers } from "./blocks";
import { turnsOf, type ConversationMessage, type Turn, type TurnMessage } from "./turns";

/** The most bytes of conversation on one page; with everything else, a page stays below 300 kB. */
const PAGE_MAX_BYTES = 240_000;
/** No further message starts on the page when less space than this is left. */
const MESSAGE_MIN_BYTES = 40_000;

/** A page of a conversation, and how many of the given messages it contains. */
export type WrittenConversation = { content: Html; shown: number };

/** Options for rendering a conversation. */
export type ConversationOptions = {
  /** Whether tokens, cost and model of each turn are shown; only the owner may see them. */
  hasNumbers: boolean;
};

/**
 * Renders as many messages as fit a page, at least one. A single message larger than a page is cut,
 * with a note.
 */
export function writeConversation(
  messages: readonly ConversationMessage[],
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
      const isFirstOfPage = last === undefined;
      const { content, bytes } = messageHtml(message, writers, {
        left,
        isFirst: written.length === 0,
      });
      if (!isFirstOfPage && (bytes > left || left < MESSAGE_MIN_BYTES)) {
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

/** The number of messages up to the last one written. */
function indexAfter(messages: readonly ConversationMessage[], last: string | undefined): number {
  return messages.findIndex(({ id }) => id === last) + 1;
}

/**
 * Renders the blocks of a message that fit, after what its link leads to. `bytes` above `left` mean that it needs a page of its
 * own.
 */
function messageHtml(
  { id, blocks }: TurnMessage,
  writers: Writers,
  { left, isFirst }: { left: number; isFirst: boolean },
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
        html`<p class="note">… ${rest} more ${rest === 1 ? "part" : "parts"} of this message. Export the session to see all of them.</p>`,
      );
      break;
    }
    written.push(content);
    bytes += size;
  }
  // The time of a turn links its first message.
  const spot = isFirst
    ? html`<span class="spot" id="m-${id}"></span>`
    : html`<a class="spot" id="m-${id}" href="#m-${id}" aria-label="Link to this message">#</a>`;
  return { content: html`${spot}${written}`, bytes: bytes + utf8Length(spot.text) };
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
