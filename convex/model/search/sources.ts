import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { TextCandidate } from "../../lib/search/rank";
import { readable } from "../../lib/search/readable";
import type { Filters } from "./filters";

/**
 * The indexes that full text asks, one a source: each turns words into candidates, best first as the
 * index ranks them. The user is a filter inside every index, so that another user's text is never a
 * candidate.
 */

/** A text of a session that may answer; without a message it is the session's own title and prompts. */
export type Candidate = TextCandidate & { sessionId: Id<"sessions">; messageId?: Id<"messages"> };

/** What a source found, before it is known whether it is wanted. `key` names the stored text. */
export type Hit = {
  key: string;
  sessionId: Id<"sessions">;
  /** Bytes of the document that was read. */
  bytes: number;
  /** The session, where the hit is one. */
  session?: Doc<"sessions">;
  /** The message that must pass the role filter, where the index cannot filter by role. */
  roleOf?: Id<"messages">;
  /** The text as people read it; may read the row that a derived text leads to. */
  read: () => Promise<{ candidate: Candidate; documents: number; bytes: number } | null>;
};

type Asked = { ctx: QueryCtx; userId: Id<"users">; words: string; filters: Filters };

export type Source = (asked: Asked) => AsyncIterable<Hit>;

/** Titles, projects and first prompts. What stands in a title was said by no role. */
export async function* inSessions({ ctx, userId, words, filters }: Asked): AsyncGenerator<Hit> {
  if (filters.role !== undefined) return;
  const found = ctx.db.query("sessions").withSearchIndex("search_text", (q) => {
    let own = q.search("searchableText", words).eq("userId", userId);
    if (filters.source !== undefined) own = own.eq("source", filters.source);
    // A project may be meant by its path, which the index does not hold.
    const isName = filters.project !== undefined && !/[\\/]/.test(filters.project);
    if (isName) own = own.eq("projectName", filters.project);
    return own;
  });
  for await (const session of found) {
    const { _id: sessionId, createdAt } = session;
    const text = readable(shownSearchableText(session), false);
    yield {
      key: sessionId,
      sessionId,
      session,
      bytes: SESSION_BYTES,
      read: now({ candidate: { sessionId, text, createdAt }, documents: 0, bytes: 0 }),
    };
  }
}

/** Texts of messages. */
export async function* inMessages({ ctx, userId, words, filters }: Asked): AsyncGenerator<Hit> {
  const found = ctx.db.query("messages").withSearchIndex("search_text", (q) => {
    const own = q.search("textContent", words).eq("userId", userId);
    return filters.role === undefined ? own : own.eq("role", filters.role);
  });
  for await (const message of found) yield messageHit(message);
}

function messageHit(message: Doc<"messages">): Hit {
  const { _id: messageId, sessionId, textContent = "", createdAt } = message;
  const text = readable(textContent, false);
  return {
    key: messageId,
    sessionId,
    bytes: textContent.length,
    read: now({ candidate: { sessionId, messageId, text, createdAt }, documents: 0, bytes: 0 }),
  };
}

/** What tools were told and answered, and what a long message says further on. */
export async function* inParts({ ctx, userId, words }: Asked): AsyncGenerator<Hit> {
  const found = ctx.db
    .query("parts")
    .withSearchIndex("search_text", (q) => q.search("text", words).eq("userId", userId));
  for await (const part of found) yield partHit(part);
}

function partHit(part: Doc<"parts">): Hit {
  const { _id, sessionId, messageId, _creationTime: createdAt } = part;
  const stored = part.text ?? part.content ?? "";
  const text = readable(stored, part.format.startsWith("json"));
  return {
    key: _id,
    sessionId,
    roleOf: messageId,
    bytes: stored.length,
    read: now({ candidate: { sessionId, messageId, text, createdAt }, documents: 0, bytes: 0 }),
  };
}

/** Words that only a reader sees: the index holds them apart, and each leads to the row that holds them. */
export async function* inSearchTexts({ ctx, userId, words }: Asked): AsyncGenerator<Hit> {
  const found = ctx.db
    .query("searchTexts")
    .withSearchIndex("search_text", (q) => q.search("text", words).eq("userId", userId));
  for await (const derived of found) {
    const { sessionId, messageId, order, piece, text } = derived;
    yield {
      key: order === undefined ? messageId : `${messageId}/${order}/${piece ?? 0}`,
      sessionId,
      roleOf: messageId,
      bytes: text.length,
      read: () => readStored(ctx, derived),
    };
  }
}

/** The row whose reader sees the words; null when it was deleted meanwhile. */
async function readStored(ctx: QueryCtx, derived: Doc<"searchTexts">) {
  const { sessionId, messageId, orderKey, order, piece = 0 } = derived;
  if (order === undefined) {
    const message = await ctx.db.get("messages", messageId);
    return message && oneMore(await messageHit(message).read(), message.textContent);
  }
  const part = await ctx.db
    .query("parts")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).eq("orderKey", orderKey).eq("order", order).eq("piece", piece),
    )
    .unique();
  return part && oneMore(await partHit(part).read(), part.text ?? part.content);
}

function oneMore(found: Awaited<ReturnType<Hit["read"]>>, stored = "") {
  return found && { ...found, documents: 1, bytes: stored.length };
}

function now<T>(value: T): () => Promise<T> {
  return () => Promise.resolve(value);
}

/** A session row takes about so much; its exact size matters to no budget here. */
const SESSION_BYTES = 1_500;

/** What stands behind this mark in `searchableText` is for the index alone: other spellings, ids. */
const DERIVED_MARK = "\n\u2063";

/** The part of `searchableText` that people may read. */
export function shownSearchableText({ searchableText = "" }: Doc<"sessions">): string {
  const [shown = ""] = searchableText.split(DERIVED_MARK);
  return shown;
}
