import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { writeCursor } from "../../lib/cursor";
import { oneLine, prefixBytes } from "../../lib/text";
import { hasRoom, spend } from "../readBudget";
import * as Messages from "./messages";

/** A conversation as people read it in a browser: page by page, from any message. */

/** What one page is made from at most, but for one message that is larger alone. */
const PAGE = { limit: 100, maxBytes: 1024 * 1024 };

/** A page of a conversation. `cursors[i]` continues behind message `i`. */
export type ReadingPage = {
  messages: Messages.MessageView[];
  cursors: string[];
  /** Whether messages follow the last one. */
  hasMore: boolean;
};

/**
 * Reads a page from a cursor, or from a little before a message: its neighbours of the same moment may
 * come first. An id that is not a message of this session begins at the beginning.
 */
export async function page(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  at: { cursor?: string; messageId?: string },
): Promise<ReadingPage> {
  const cursor = at.cursor ?? (await cursorBefore(ctx, session, at.messageId));
  const found = await Messages.page(ctx, session, { ...PAGE, cursor });
  return {
    messages: found.messages,
    cursors: found.messages.map((_, index) => found.cursorBehind(index)),
    hasMore: found.cursor !== null,
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

/** Prompts that the index of a session names, and what it reads for them: messages of all roles. */
const PROMPTS_MAX = 200;
const PROMPTS_BUDGET = { rows: 1_000, bytes: 1024 * 1024 };
const PROMPT_MAX_BYTES = 90;

/** The session's prompts in order, each by its beginning; `isCut` if there may be more. */
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
    const text = message.role === "user" ? beginningOf(message.textContent ?? "") : "";
    if (text !== "") entries.push({ id: message._id, text });
    if (!hasRoom(budget) || entries.length >= PROMPTS_MAX) return { entries, isCut: true };
  }
  return { entries, isCut: false };
}

/** The first words of a prompt, without what tools wrapped around it. */
function beginningOf(text: string): string {
  const words = text.slice(0, 4_000).replace(/<([a-z_-]{1,40})>[^<]{0,4000}<\/\1>/g, " ");
  const line = oneLine(words);
  const cut = prefixBytes(line, PROMPT_MAX_BYTES);
  return cut.length < line.length ? `${cut}…` : cut;
}
