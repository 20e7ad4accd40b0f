import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { writeCursor } from "../../lib/cursor";
import { oneLine, prefixBytes } from "../../lib/text";
import { hasRoom, spend } from "../readBudget";
import { maskText } from "../../lib/secrets/scan";
import * as MessagePages from "./messagePages";

/** Reads a conversation for the browser pages, page by page, from any message. */

/** Messages of one page. */
const PAGE_LIMIT = 100;

/** A page of a conversation; of a long message only the beginning. `cursors[i]` continues after message `i`. */
export type ReadingPage = {
  messages: MessagePages.MessageView[];
  cursors: string[];
  /** Whether messages follow the last one. */
  hasMore: boolean;
};

/**
 * Reads a page from a cursor or from a message; messages with the same time may precede that message.
 * Starts at the beginning if the id is not a message of this session.
 */
export async function page(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  at: { cursor?: string; messageId?: string },
): Promise<ReadingPage> {
  const cursor = at.cursor ?? (await cursorBefore(ctx, session, at.messageId));
  const found = await MessagePages.page(ctx, session, { limit: PAGE_LIMIT, cursor });
  return {
    messages: found.messages,
    cursors: found.messages.map((_, index) => found.cursorAfter(index)),
    hasMore: found.hasMore,
  };
}

async function cursorBefore(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  id: string | undefined,
): Promise<string | undefined> {
  const messageId = id === undefined ? null : ctx.db.normalizeId("messages", id);
  const message = messageId && (await ctx.db.get("messages", messageId));
  if (message?.sessionId !== session._id) return undefined;
  // A prefix sorts before the key and after the keys of earlier moments.
  return writeCursor([message.orderKey.slice(0, -1)]);
}

/** Prompts that a session's index lists, and the read budget to find them among messages of all roles. */
const PROMPTS_MAX = 200;
const PROMPTS_BUDGET = { rows: 1_000, bytes: 1024 * 1024 };
const PROMPT_MAX_BYTES = 90;

/** Lists the first words of the session's prompts in order; `isCut` if there may be more. */
export async function prompts(
  ctx: QueryCtx,
  session: Doc<"sessions">,
): Promise<{ entries: { id: string; text: string }[]; isCut: boolean }> {
  const budget = { ...PROMPTS_BUDGET };
  const entries: { id: string; text: string }[] = [];
  const rows = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", session._id));
  for await (const message of rows) {
    spend(budget, message);
    const text = message.role === "user" ? excerptOf(message.textContent ?? "") : "";
    if (text !== "") entries.push({ id: message._id, text });
    if (!hasRoom(budget) || entries.length >= PROMPTS_MAX) return { entries, isCut: true };
  }
  return { entries, isCut: false };
}

/** Returns the first words of a prompt, without blocks that tools wrapped around it. */
function excerptOf(text: string): string {
  const words = text.slice(0, 4_000).replace(/<([a-z_-]{1,40})>[^<]{0,4000}<\/\1>/g, " ");
  // Masked before it is cut, because a secret that is cut in two would not be recognised.
  const line = oneLine(maskText(words));
  const cut = prefixBytes(line, PROMPT_MAX_BYTES);
  return cut.length < line.length ? `${cut}…` : cut;
}
