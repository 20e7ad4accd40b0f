import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { HITS_MAX } from "../../lib/embedding/vectorSpace";
import { matcherOf } from "../../lib/search/matching";
import { prepareQuery } from "../../lib/search/query";
import { foldCopies } from "../../lib/search/copies";
import { rankSessions } from "../../lib/search/rank";
import type { VectorHits } from "../embedding/vectorHits";
import { readCandidates, Sessions, withSession } from "./candidates";
import { type Filters, embeddedTextHasRole, matchesSessionFilter } from "./filters";
import { findByIds } from "./ids";
import { nearestFirst } from "./nearest";
import { facetSession, type Found, type SearchOutcome, toResults } from "./results";

type SearchInput = { query: string; limit: number; filters: Filters; masks?: boolean };

/** Sessions whose texts may not be embedded yet are looked for among the last changed ones. */
const PENDING_LOOKED_AT = 10;

/** How many of the latest changed sessions wait to be embedded. Semantic search does not find their new messages. */
export async function countPending(ctx: QueryCtx, user: Pick<User, "_id">): Promise<number> {
  const changed = await ctx.db
    .query("sessions")
    .withIndex("by_user_and_updated_at", (q) => q.eq("userId", user._id))
    .order("desc")
    .take(PENDING_LOOKED_AT);
  return changed.filter(({ embedDueAt }) => embedDueAt !== undefined).length;
}

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
  const named = await findByIds(sessions, input.query, input.filters);
  const found = [
    ...named.map((match) => ({ ...match, score: 1, matchedIn: "id" as const })),
    ...without(ranked, named).map((one) => ({ ...one, matchedIn: "fulltext" as const })),
  ];
  const shown = { matcher, masks: input.masks };
  const results = await toResults(ctx, user, foldCopies(found).slice(0, input.limit), shown);
  const facets = found.map(({ session }) => facetSession(session));
  if (!hasMore || results.length >= input.limit) {
    return { results, sessions: facets, wanted: input.limit, truncated: false };
  }
  const countMatching = await sessions.countMatching(COUNTED_SESSIONS, input.filters);
  const wanted =
    countMatching < COUNTED_SESSIONS ? Math.min(input.limit, countMatching) : input.limit;
  return { results, sessions: facets, wanted, truncated: results.length < wanted };
}

function without<F extends { session: Doc<"sessions"> }>(
  found: readonly F[],
  named: readonly { session: Doc<"sessions"> }[],
): F[] {
  const ids = new Set(named.map(({ session }) => session._id));
  return found.filter(({ session }) => !ids.has(session._id));
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
  const found = new Map<Id<"sessions">, Omit<Found, "copies">>();
  let wanted = limit;
  for (const [n, hit] of nearestFirst(sessions, hits, filters).entries()) {
    if (n === HITS_BEFORE_COUNT) wanted = await sessions.countMatching(limit, filters);
    if (found.size >= wanted && foldCopies([...found.values()]).length >= wanted) break;
    const passage = await hit.read();
    if (!passage || found.has(passage.sessionId)) continue;
    const session = await sessions.get(passage.sessionId);
    if (!session || !matchesSessionFilter(session, filters)) continue;
    if (
      passage.messageId &&
      !(await embeddedTextHasRole(ctx, passage.messageId, passage.text, filters))
    )
      continue;
    found.set(session._id, { session, passage, score: toScore(hit.score), matchedIn: "semantic" });
  }
  const shown = { matcher: matcherOf(prepareQuery(query)), masks };
  const results = await toResults(ctx, user, foldCopies([...found.values()]), shown);
  const truncated = results.length < wanted && mayBeIncomplete(hits, filters);
  const facets = Array.from(found.values(), ({ session }) => facetSession(session));
  return { results, sessions: facets, wanted, truncated };
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
