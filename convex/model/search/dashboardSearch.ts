import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { clamp } from "../../lib/numbers";
import { matcherOf } from "../../lib/search/matching";
import { makeSnippet } from "../../lib/search/snippet";
import { prepareQuery } from "../../lib/search/query";
import { Sessions } from "./candidates";
import { findSessions } from "./search";
import { sessionView } from "../sessions/sessions";

/** Search with numbered pages, for the dashboard. */

type Page = { limit?: number; cursor?: number };

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 50;

/**
 * The last offset of a list. A page reads all rows before it, so the offset is bounded; people narrow a
 * search rather than turn many pages. Convex itself returns at most 1,024 search results.
 */
const SESSIONS_MAX = 500;
/** The maximum of a search over HTTP. Every page repeats the whole search and its ranking. */
const SEARCHED_SESSIONS_MAX = 50;
const MESSAGES_MAX = 160;

/** A longer text is shortened to a snippet around its matches. */
const SHOWN_TEXT_CHARS = 2_000;

/** A page of sessions: full-text results for a query, best first; without a query, by last activity. */
export async function sessions(ctx: QueryCtx, user: User, query: string, page: Page) {
  const { rows, nextCursor, total } =
    query.trim() === ""
      ? await slice(byLastActivity(ctx, user), page, SESSIONS_MAX)
      : await searchedSessions(ctx, user, query, page);
  // The dashboard matchesSessionFilter the id on to functions that take ids of this table.
  const sessions = rows.map((row) => ({ ...sessionView(row, "dashboard"), _id: row._id }));
  return { sessions, nextCursor, total };
}

function byLastActivity(ctx: QueryCtx, user: User) {
  return ctx.db
    .query("sessions")
    .withIndex("by_user_and_updated_at", (q) => q.eq("userId", user._id))
    .order("desc");
}

/** Cuts every page from the same list, so that no session is repeated or missing between pages. */
async function searchedSessions(ctx: QueryCtx, user: User, query: string, page: Page) {
  const input = { query, limit: SEARCHED_SESSIONS_MAX, filters: {} };
  const found = await findSessions(ctx, user, input);
  const { offset, end } = boundsOf(page, SEARCHED_SESSIONS_MAX);
  return {
    rows: found.slice(offset, end),
    nextCursor: found.length > end ? end : null,
    total: found.length,
  };
}

/** A page of messages that match a query, best first. */
export async function messages(
  ctx: QueryCtx,
  user: User,
  query: string,
  { sessionId, ...page }: Page & { sessionId?: Id<"sessions"> },
) {
  const prepared = prepareQuery(query);
  const found = prepared.terms.length === 0 ? null : search(ctx, user, prepared.terms, sessionId);
  const { rows, nextCursor, total } = await slice(found, page, MESSAGES_MAX);
  const known = new Sessions(ctx, user);
  const matcher = matcherOf(prepared);
  const shown = [];
  for (const message of rows) {
    const session = await known.get(message.sessionId);
    if (session === null) continue;
    shown.push(messageRow(message, session, (text) => shorten(matcher, text)));
  }
  return { messages: shown, nextCursor, total };
}

function search(
  ctx: QueryCtx,
  user: User,
  terms: readonly string[],
  sessionId: Id<"sessions"> | undefined,
) {
  return ctx.db.query("messages").withSearchIndex("search_text", (q) => {
    const own = q.search("textContent", terms.join(" ")).eq("userId", user._id);
    return sessionId === undefined ? own : own.eq("sessionId", sessionId);
  });
}

function shorten(matcher: ReturnType<typeof matcherOf>, text: string): string {
  return text.length <= SHOWN_TEXT_CHARS
    ? text
    : makeSnippet(matcher, text, SHOWN_TEXT_CHARS).snippet;
}

function messageRow(
  message: Doc<"messages">,
  session: Doc<"sessions">,
  shown: (text: string) => string,
) {
  const { _id, sessionId, role, textContent, model, createdAt } = message;
  const { title: sessionTitle, projectPath, projectName } = sessionView(session, "dashboard");
  const text = textContent === undefined ? undefined : shown(textContent);
  return {
    _id,
    sessionId,
    role,
    textContent: text,
    model,
    createdAt,
    sessionTitle,
    projectPath,
    projectName,
  };
}

/** The rows of one page. `total` counts rows up to one past the page. */
async function slice<Row>(found: AsyncIterable<Row> | null, page: Page, max: number) {
  const { offset, end } = boundsOf(page, max);
  const rows: Row[] = [];
  let total = 0;
  if (found !== null && offset < max) {
    for await (const row of found) {
      total += 1;
      if (total > end) break;
      if (total > offset) rows.push(row);
    }
  }
  return { rows, nextCursor: total > end && end < max ? end : null, total };
}

/** Where a page begins and ends. */
function boundsOf(page: Page, max: number) {
  const limit = clamp(page.limit ?? DEFAULT_LIMIT, 1, MAX_LIMIT) ?? DEFAULT_LIMIT;
  const offset = clamp(page.cursor ?? 0, 0, max) ?? 0;
  return { offset, end: Math.min(offset + limit, max) };
}
