import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { TextCandidate } from "../../lib/search/rank";
import { readable } from "../../lib/search/readable";
import { shownSearchableText } from "../../lib/search/sessionText";
import { contentOf } from "../../lib/sessions/partRows";
import type { Filters } from "./filters";

/**
 * The search indexes, one per source. Each source turns words into candidates, in the index's order. The
 * user is a filter inside every index, so another user's text is never a candidate.
 */

/** A text that may answer; without a message, it is the session's own title and first prompts. */
export type Candidate = TextCandidate & { sessionId: Id<"sessions">; messageId?: Id<"messages"> };

/** A match in an index, before filters apply. `key` identifies the stored text. */
export type Hit = {
  key: string;
  sessionId: Id<"sessions">;
  /** Approximate bytes of the document that was read. */
  bytes: number;
  /** The session, if the hit is a session. */
  session?: Doc<"sessions">;
  /** The message whose role must be checked, if the index cannot filter by role. */
  roleOf?: Id<"messages">;
  /** Returns the text as people read it. Reads the stored row if the hit is a derived text. */
  read: () => Promise<{ candidate: Candidate; documents: number; bytes: number } | null>;
};

type SourceQuery = { ctx: QueryCtx; userId: Id<"users">; words: string; filters: Filters };

export type Source = (asked: SourceQuery) => AsyncIterable<Hit>;

/** Titles, projects and first prompts. A session's text has no role, so a role filter excludes it. */
export async function* sessionSource({
  ctx,
  userId,
  words,
  filters,
}: SourceQuery): AsyncGenerator<Hit> {
  if (filters.role !== undefined) return;
  const found = ctx.db.query("sessions").withSearchIndex("search_text", (q) => {
    let own = q.search("searchableText", words).eq("userId", userId);
    if (filters.source !== undefined) own = own.eq("source", filters.source);
    // The filter may be a project's path, which is not in the index.
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
      read: resolved({ candidate: { sessionId, text, createdAt }, documents: 0, bytes: 0 }),
    };
  }
}

/** Texts of messages. */
export async function* messageSource({
  ctx,
  userId,
  words,
  filters,
}: SourceQuery): AsyncGenerator<Hit> {
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
    read: resolved({
      candidate: { sessionId, messageId, text, createdAt },
      documents: 0,
      bytes: 0,
    }),
  };
}

/** Tool calls, tool results, and the rest of long message texts. */
export async function* partSource({ ctx, userId, words }: SourceQuery): AsyncGenerator<Hit> {
  const found = ctx.db
    .query("parts")
    .withSearchIndex("search_text", (q) => q.search("text", words).eq("userId", userId));
  for await (const part of found) yield partHit(part);
}

function partHit(part: Doc<"parts">): Hit {
  const { _id, sessionId, messageId, _creationTime: createdAt } = part;
  const stored = contentOf(part);
  const text = readable(stored, part.format.startsWith("json"));
  return {
    key: _id,
    sessionId,
    roleOf: messageId,
    bytes: stored.length,
    read: resolved({
      candidate: { sessionId, messageId, text, createdAt },
      documents: 0,
      bytes: 0,
    }),
  };
}

/** Derived texts: words that readers see but the row's own index entry lacks. Each refers to its stored row. */
export async function* searchTextSource({ ctx, userId, words }: SourceQuery): AsyncGenerator<Hit> {
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

/** Reads the stored row of a derived text; null if it was deleted meanwhile. */
async function readStored(ctx: QueryCtx, derived: Doc<"searchTexts">) {
  const { sessionId, messageId, orderKey, order, piece = 0 } = derived;
  if (order === undefined) {
    const message = await ctx.db.get("messages", messageId);
    return message && withStoredRow(await messageHit(message).read(), message.textContent);
  }
  const part = await ctx.db
    .query("parts")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).eq("orderKey", orderKey).eq("order", order).eq("piece", piece),
    )
    .unique();
  return part && withStoredRow(await partHit(part).read(), contentOf(part));
}

/** Adds the cost of reading the stored row. */
function withStoredRow(read: Awaited<ReturnType<Hit["read"]>>, stored = "") {
  return read && { ...read, documents: 1, bytes: stored.length };
}

function resolved<T>(value: T): () => Promise<T> {
  return () => Promise.resolve(value);
}

/** Usual size of a session row. Budgets here do not need the exact size. */
const SESSION_BYTES = 1_500;
