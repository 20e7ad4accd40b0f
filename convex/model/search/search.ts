import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { type Matcher, matcherOf } from "../../lib/search/matching";
import { prepareQuery } from "../../lib/search/query";
import { UNTITLED } from "../../lib/sessions/titles";
import { rankSessions } from "../../lib/search/rank";
import { maskText } from "../../lib/secrets/scan";
import { makeSnippet } from "../../lib/search/snippet";
import type { SearchResult } from "../../wire/search";
import { findPassage, findSession } from "../embedding/vectorHits";
import { sessionView, shownTitle } from "../sessions/sessions";
import { readCandidates, Sessions, withSession } from "./candidates";
import { type Filters, isHeardIn, passes } from "./filters";
import { type Candidate, shownSearchableText } from "./sources";

type SearchInput = { query: string; limit: number; filters: Filters; masks?: boolean };

/**
 * What one search found, best first. `wanted` is how many results there can be: as many as asked for, or
 * fewer where fewer sessions pass the filters. `truncated`: there are fewer than that, because reading
 * ended before all was seen.
 */
export type Found = { results: SearchResult[]; wanted: number; truncated: boolean };

/** Sessions that are counted to tell whether an answer that is short lacks any. */
const COUNTED_SESSIONS = 12;

/**
 * Full text: the user's sessions that hold the query's words, wherever in a session they stand, each
 * with the passage that answers best. The order does not depend on `limit`. A query without a word
 * finds nothing.
 */
export async function fulltext(ctx: QueryCtx, user: User, input: SearchInput): Promise<Found> {
  const { matcher, ranked, hasMore, sessions } = await rank(ctx, user, input);
  const results = ranked.slice(0, input.limit).map(({ session, passage, score }) =>
    toResult(session, passage, {
      matcher,
      score,
      matchedIn: "fulltext",
      masks: input.masks,
    }),
  );
  if (!hasMore || results.length >= input.limit) {
    return { results, wanted: input.limit, truncated: false };
  }
  const findable = await sessions.findable(COUNTED_SESSIONS, input.filters);
  const wanted = findable < COUNTED_SESSIONS ? Math.min(input.limit, findable) : input.limit;
  return { results, wanted, truncated: results.length < wanted };
}

/** The sessions that full text finds, best first. */
export async function findSessions(ctx: QueryCtx, user: User, input: SearchInput) {
  const { ranked } = await rank(ctx, user, input);
  return ranked.slice(0, input.limit).map(({ session }) => session);
}

/** Ranks by what texts say, then, for the first sessions, by their titles too. */
async function rank(ctx: QueryCtx, user: User, { query, filters }: SearchInput) {
  const sessions = new Sessions(ctx, user);
  const matcher = matcherOf(prepareQuery(query));
  const { candidates, hasMore } = await readCandidates({ matcher, filters, sessions });
  const first = rankSessions(matcher, candidates);
  for (const { candidate } of first) await sessions.get(candidate.sessionId);
  const known = candidates.map((candidate) => {
    const session = sessions.peek(candidate.sessionId);
    return session ? withSession(candidate, session) : candidate;
  });
  const ranked = rankSessions(matcher, known).flatMap(({ candidate: passage, score }) => {
    const session = sessions.peek(passage.sessionId);
    return session ? [{ session, passage, score }] : [];
  });
  return { matcher, ranked, hasMore, sessions };
}

type Shown = {
  matcher: Matcher;
  score: number;
  matchedIn: "fulltext" | "semantic";
  masks?: boolean;
};

/** What a client gets of a session that answers. */
function toResult(
  session: Doc<"sessions">,
  passage: Pick<Candidate, "messageId" | "text">,
  { matcher, score, matchedIn, masks = false }: Shown,
): SearchResult {
  return {
    ...sessionView(session, "search"),
    sessionId: session._id,
    messageId: passage.messageId,
    title: shownTitle(session) ?? UNTITLED,
    project: session.projectName,
    // Before it is cut: the rest of a secret that was cut in two would not be recognised.
    ...makeSnippet(matcher, masks ? maskText(passage.text) : passage.text),
    score,
    matchedIn: [matchedIn],
  };
}

/** A hit of vector search: the row, and the cosine. */
type VectorHits = {
  sessions: { _id: Id<"sessionEmbeddings">; _score: number }[];
  messages: { _id: Id<"messageEmbeddings">; _score: number }[];
};

/**
 * Hits that each vector index is asked for, the most it gives: a session has many vectors, and filters
 * come after. They are read (at most 4 kB each) only as far as sessions are wanted.
 */
export const HITS_MAX = 256;

/** Hits read before it is worth asking how many sessions there are to find. */
const HITS_UNASKED = 48;

/**
 * Semantic: turns hits of vector search into results, nearest first, each session once. What was
 * deleted meanwhile is passed over.
 */
export async function hydrate(
  ctx: QueryCtx,
  user: User,
  hits: VectorHits,
  { query, limit, filters, masks }: SearchInput,
): Promise<Found> {
  const sessions = new Sessions(ctx, user);
  const matcher = matcherOf(prepareQuery(query));
  const results = new Map<Id<"sessions">, SearchResult>();
  let wanted = limit;
  for (const [n, hit] of nearestFirst(sessions, hits, filters).entries()) {
    if (n === HITS_UNASKED) wanted = await sessions.findable(limit, filters);
    if (results.size >= wanted) break;
    const passage = await hit.read();
    if (!passage || results.has(passage.sessionId)) continue;
    const session = await sessions.get(passage.sessionId);
    if (!session || !passes(session, filters)) continue;
    if (passage.messageId && !(await isHeardIn(ctx, passage.messageId, passage.text, filters)))
      continue;
    const shown = { matcher, score: toScore(hit.score), matchedIn: "semantic" as const, masks };
    results.set(session._id, toResult(session, passage, shown));
  }
  const truncated = results.size < wanted && mayHaveMissed(hits, filters);
  return { results: [...results.values()], wanted, truncated };
}

/** What a hit stands for: a passage of a session, or without a message the session itself. */
type Meant = Pick<Candidate, "sessionId" | "messageId" | "text">;

function nearestFirst(sessions: Sessions, hits: VectorHits, { role }: Filters) {
  const { ctx, user } = sessions;
  const ofMessages = hits.messages.map(({ _id, _score }) => ({
    score: _score,
    read: (): Promise<Meant | null> => findPassage(ctx, user, _id),
  }));
  // What stands in a title was said by no role.
  const ofSessions = role !== undefined ? [] : hits.sessions;
  return ofSessions
    .map(({ _id, _score }) => ({ score: _score, read: () => readSessionHit(sessions, _id) }))
    .concat(ofMessages)
    .sort((a, b) => b.score - a.score);
}

async function readSessionHit(
  sessions: Sessions,
  id: Id<"sessionEmbeddings">,
): Promise<Meant | null> {
  const session = await findSession(sessions.ctx, sessions.user, id);
  if (session === null) return null;
  sessions.add(session);
  return { sessionId: session._id, text: shownSearchableText(session) };
}

/** An index that gave fewer hits than it was asked for has shown all it has. */
function mayHaveMissed({ sessions, messages }: VectorHits, { role }: Filters): boolean {
  const isShownWhole = role === undefined && sessions.length < HITS_MAX;
  return messages.length === HITS_MAX && !isShownWhole;
}

/** Cosine as a score; of what is related at all it is above 0. */
function toScore(cosine: number): number {
  return Math.round(Math.min(1, cosine) * 10_000) / 10_000;
}
