import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { type Matcher, matcherOf } from "../lib/evidence";
import { rankSessions } from "../lib/rank";
import { makeSnippet } from "../lib/snippet";
import { prepareQuery } from "../lib/terms";
import type { SearchResult } from "../wire/search";
import {
  type Candidate,
  candidates,
  type Filters,
  passes,
  Sessions,
  withSession,
} from "./candidates";
import { sessionView, shownTitle } from "./sessions";

type User = Pick<Doc<"users">, "_id">;

export type SearchInput = { query: string; limit: number; filters: Filters };

/** What one search found: results best first, and whether filters cut it short. */
export type Found = { results: SearchResult[]; truncated: boolean };

/** Sessions read beyond the limit, because a title may lift one over another. */
const SPARE_SESSIONS = 4;

/** A session nobody named yet. */
const UNTITLED = "Untitled session";

/**
 * Full text: the user's sessions that hold the query's words, wherever in a session they stand, each
 * with the passage that answers best. A query without a word finds nothing.
 */
export async function fulltext(ctx: QueryCtx, user: User, input: SearchInput): Promise<Found> {
  const query = prepareQuery(input.query);
  const sessions = new Sessions(ctx, user);
  const { passages, truncated } = await candidates(ctx, { ...input, user, query, sessions });
  const first = rankSessions(query, passages).slice(0, input.limit + SPARE_SESSIONS);
  for (const { passage } of first) await sessions.get(passage.sessionId);
  const known = passages.map((passage) => {
    const session = sessions.peek(passage.sessionId);
    return session ? withSession(passage, session) : passage;
  });
  const matcher = matcherOf(query);
  const results: SearchResult[] = [];
  for (const { passage, score } of rankSessions(query, known)) {
    const session = sessions.peek(passage.sessionId);
    if (!session || results.length >= input.limit) continue;
    results.push(toResult(session, passage, { matcher, score, matchedIn: "fulltext" }));
  }
  return { results, truncated };
}

type Shown = { matcher: Matcher; score: number; matchedIn: "fulltext" | "semantic" };

/** What a client gets of a session that answers. */
function toResult(
  session: Doc<"sessions">,
  passage: Pick<Candidate, "messageId" | "text">,
  { matcher, score, matchedIn }: Shown,
): SearchResult {
  return {
    ...sessionView(session),
    sessionId: session._id,
    messageId: passage.messageId,
    title: shownTitle(session) ?? UNTITLED,
    project: session.projectName,
    ...makeSnippet(matcher, passage.text),
    score,
    matchedIn: [matchedIn],
  };
}

/** A hit of vector search: the row, and the cosine. */
export type VectorHits = {
  sessions: { _id: Id<"sessionEmbeddings">; _score: number }[];
  messages: { _id: Id<"messageEmbeddings">; _score: number }[];
};

/** Rows of vectors read: 14–18 kB each, so no more than the results need, and with filters a few MB. */
const VECTOR_ROWS = 48;
const VECTOR_ROWS_FILTERED = 200;

/**
 * Semantic: turns hits of vector search into results, nearest first, each session once. Rows deleted
 * meanwhile, and those of others (there are none: the index filters), are passed over.
 */
export async function hydrate(
  ctx: QueryCtx,
  user: User,
  hits: VectorHits,
  { query, limit, filters }: SearchInput,
): Promise<Found> {
  const sessions = new Sessions(ctx, user);
  const matcher = matcherOf(prepareQuery(query));
  const results = new Map<string, SearchResult>();
  const nearest = [...hits.sessions, ...hits.messages].sort((a, b) => b._score - a._score);
  const isFiltered = Object.values(filters).some((filter) => filter !== undefined);
  const rows = nearest.slice(0, isFiltered ? VECTOR_ROWS_FILTERED : VECTOR_ROWS);
  for (const hit of rows) {
    if (results.size >= limit) break;
    const passage = await passageOf(ctx, hit._id, filters);
    const session = passage && (await sessions.get(passage.sessionId));
    if (!session || results.has(session._id) || !passes(session, filters)) continue;
    const text = passage.text ?? session.searchableText ?? "";
    const shown = { matcher, score: toScore(hit._score), matchedIn: "semantic" as const };
    results.set(session._id, toResult(session, { text, messageId: passage.messageId }, shown));
  }
  const truncated = isFiltered && results.size < limit && nearest.length > rows.length;
  return { results: [...results.values()], truncated };
}

async function passageOf(
  ctx: QueryCtx,
  id: Id<"sessionEmbeddings"> | Id<"messageEmbeddings">,
  { role }: Filters,
) {
  const messageRow = ctx.db.normalizeId("messageEmbeddings", id);
  if (messageRow !== null) {
    const row = await ctx.db.get("messageEmbeddings", messageRow);
    if (row === null) return null;
    const { sessionId, messageId, text } = row;
    if (role !== undefined && (await ctx.db.get("messages", messageId))?.role !== role) return null;
    return { sessionId, messageId, text };
  }
  const sessionRow = ctx.db.normalizeId("sessionEmbeddings", id);
  if (sessionRow === null || role !== undefined) return null;
  const row = await ctx.db.get("sessionEmbeddings", sessionRow);
  return row && { sessionId: row.sessionId, messageId: undefined, text: undefined };
}

/** Cosine as a score: texts that have nothing to do with each other are near 0, opposite ones too. */
function toScore(cosine: number): number {
  return Math.round(Math.min(1, Math.max(0, cosine)) * 10_000) / 10_000;
}
