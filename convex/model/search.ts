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
import { findPassage, findSession } from "./passages";
import { sessionView, shownTitle } from "./sessions";

type User = Pick<Doc<"users">, "_id">;

type SearchInput = { query: string; limit: number; filters: Filters };

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
type VectorHits = {
  sessions: { _id: Id<"sessionEmbeddings">; _score: number }[];
  messages: { _id: Id<"messageEmbeddings">; _score: number }[];
};

/** Hits looked at, at most a passage of 4 kB each: what the results need, and with filters more. */
const HITS_MAX = 48;
const HITS_MAX_FILTERED = 200;

/** What a hit stands for, where it passes the filters. */
type Meant = { session: Doc<"sessions">; passage: Pick<Candidate, "messageId" | "text"> };

/**
 * Semantic: turns hits of vector search into results, nearest first, each session once. What was
 * deleted meanwhile is passed over.
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
  const ofSessions = hits.sessions.map(({ _id, _score }) => ({
    score: _score,
    read: () => readSessionHit(sessions, _id, filters),
  }));
  const ofMessages = hits.messages.map(({ _id, _score }) => ({
    score: _score,
    read: () => readMessageHit(sessions, _id, filters),
  }));
  const nearest = [...ofSessions, ...ofMessages].sort((a, b) => b.score - a.score);
  const isFiltered = Object.values(filters).some((filter) => filter !== undefined);
  const looked = nearest.slice(0, isFiltered ? HITS_MAX_FILTERED : HITS_MAX);
  for (const hit of looked) {
    if (results.size >= limit) break;
    const meant = await hit.read();
    if (!meant || results.has(meant.session._id) || !passes(meant.session, filters)) continue;
    const shown = { matcher, score: toScore(hit.score), matchedIn: "semantic" as const };
    results.set(meant.session._id, toResult(meant.session, meant.passage, shown));
  }
  const truncated = isFiltered && results.size < limit && nearest.length > looked.length;
  return { results: [...results.values()], truncated };
}

async function readSessionHit(
  { ctx, user }: Sessions,
  id: Id<"sessionEmbeddings">,
  { role }: Filters,
): Promise<Meant | null> {
  if (role !== undefined) return null;
  const session = await findSession(ctx, user, id);
  return session && { session, passage: { text: session.searchableText ?? "" } };
}

async function readMessageHit(
  sessions: Sessions,
  id: Id<"messageEmbeddings">,
  { role }: Filters,
): Promise<Meant | null> {
  const { ctx, user } = sessions;
  const passage = await findPassage(ctx, user, id);
  const session = passage && (await sessions.get(passage.sessionId));
  if (!session) return null;
  if (role === undefined) return { session, passage };
  const message = await ctx.db.get("messages", passage.messageId);
  return message?.role === role ? { session, passage } : null;
}

/** Cosine as a score: texts that have nothing to do with each other are near 0, opposite ones too. */
function toScore(cosine: number): number {
  return Math.round(Math.min(1, Math.max(0, cosine)) * 10_000) / 10_000;
}
