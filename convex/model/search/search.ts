import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { HITS_MAX } from "../../lib/embedding/vectorSpace";
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
import { type Filters, embeddedTextHasRole, matchesSessionFilter } from "./filters";
import { type Candidate, shownSearchableText } from "./sources";

type SearchInput = { query: string; limit: number; filters: Filters; masks?: boolean };

/**
 * Results of one search, best first. `wanted` is how many results are possible: the limit, or fewer if
 * fewer sessions match the filters. `truncated` means that the search hit its read budget before it found
 * that many.
 */
export type SearchOutcome = { results: SearchResult[]; wanted: number; truncated: boolean };

/** Sessions counted to decide whether a short answer is missing any. */
const COUNTED_SESSIONS = 12;

/**
 * Full-text search: returns the user's sessions that contain the query's words anywhere, each with its
 * best-matching text. The order does not depend on `limit`. A query without words finds nothing.
 */
export async function fulltext(
  ctx: QueryCtx,
  user: User,
  input: SearchInput,
): Promise<SearchOutcome> {
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
  const countMatching = await sessions.countMatching(COUNTED_SESSIONS, input.filters);
  const wanted =
    countMatching < COUNTED_SESSIONS ? Math.min(input.limit, countMatching) : input.limit;
  return { results, wanted, truncated: results.length < wanted };
}

/** Returns the sessions that full-text search finds, best first. */
export async function findSessions(ctx: QueryCtx, user: User, input: SearchInput) {
  const { ranked } = await rank(ctx, user, input);
  return ranked.slice(0, input.limit).map(({ session }) => session);
}

/** Ranks sessions by their texts, then ranks again with the titles of the sessions found. */
async function rank(ctx: QueryCtx, user: User, { query, filters }: SearchInput) {
  const sessions = new Sessions(ctx, user);
  const matcher = matcherOf(prepareQuery(query));
  const { candidates, hasMore } = await readCandidates({ matcher, filters, sessions });
  const first = rankSessions(matcher, candidates);
  for (const { candidate } of first) await sessions.get(candidate.sessionId);
  const known = candidates.map((candidate) => {
    const session = sessions.cached(candidate.sessionId);
    return session ? withSession(candidate, session) : candidate;
  });
  const ranked = rankSessions(matcher, known).flatMap(({ candidate: passage, score }) => {
    const session = sessions.cached(passage.sessionId);
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

/** A search result as clients receive it. */
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

/** Hits of vector search: row ids with their cosine similarity. */
type VectorHits = {
  sessions: { _id: Id<"sessionEmbeddings">; _score: number }[];
  messages: { _id: Id<"messageEmbeddings">; _score: number }[];
};

/** Hits read before counting how many sessions match. */
const HITS_BEFORE_COUNT = 48;

/**
 * Semantic search: turns vector hits into results, nearest first, each session once. Skips what was
 * deleted meanwhile.
 */
export async function hydrate(
  ctx: QueryCtx,
  user: User,
  hits: VectorHits,
  { query, limit, filters, masks }: SearchInput,
): Promise<SearchOutcome> {
  const sessions = new Sessions(ctx, user);
  const matcher = matcherOf(prepareQuery(query));
  const results = new Map<Id<"sessions">, SearchResult>();
  let wanted = limit;
  for (const [n, hit] of nearestFirst(sessions, hits, filters).entries()) {
    if (n === HITS_BEFORE_COUNT) wanted = await sessions.countMatching(limit, filters);
    if (results.size >= wanted) break;
    const passage = await hit.read();
    if (!passage || results.has(passage.sessionId)) continue;
    const session = await sessions.get(passage.sessionId);
    if (!session || !matchesSessionFilter(session, filters)) continue;
    if (
      passage.messageId &&
      !(await embeddedTextHasRole(ctx, passage.messageId, passage.text, filters))
    )
      continue;
    const shown = { matcher, score: toScore(hit.score), matchedIn: "semantic" as const, masks };
    results.set(session._id, toResult(session, passage, shown));
  }
  const truncated = results.size < wanted && mayBeIncomplete(hits, filters);
  return { results: [...results.values()], wanted, truncated };
}

/** The text behind a vector hit: a passage of a session or, without a message, the session's own text. */
type VectorMatch = Pick<Candidate, "sessionId" | "messageId" | "text">;

function nearestFirst(sessions: Sessions, hits: VectorHits, { role }: Filters) {
  const { ctx, user } = sessions;
  const ofMessages = hits.messages.map(({ _id, _score }) => ({
    score: _score,
    read: (): Promise<VectorMatch | null> => findPassage(ctx, user, _id),
  }));
  // A session's title has no role.
  const ofSessions = role !== undefined ? [] : hits.sessions;
  return ofSessions
    .map(({ _id, _score }) => ({ score: _score, read: () => readSessionHit(sessions, _id) }))
    .concat(ofMessages)
    .sort((a, b) => b.score - a.score);
}

async function readSessionHit(
  sessions: Sessions,
  id: Id<"sessionEmbeddings">,
): Promise<VectorMatch | null> {
  const session = await findSession(sessions.ctx, sessions.user, id);
  if (session === null) return null;
  sessions.add(session);
  return { sessionId: session._id, text: shownSearchableText(session) };
}

/** Whether an index may have more hits. An index that returned fewer than requested has no more. */
function mayBeIncomplete({ sessions, messages }: VectorHits, { role }: Filters): boolean {
  const hasAllSessions = role === undefined && sessions.length < HITS_MAX;
  return messages.length === HITS_MAX && !hasAllSessions;
}

/** Cosine similarity as a score; above 0 for every related hit. */
function toScore(cosine: number): number {
  return Math.round(Math.min(1, cosine) * 10_000) / 10_000;
}
