import type { Id } from "../../_generated/dataModel";
import { SEARCH_FLOORS } from "../../lib/embedding/vectorSpace";
import { mergeRanked } from "../../lib/search/fusion";
import type { Matcher } from "../../lib/search/matching";
import { rankCandidates, rankSessions } from "../../lib/search/rank";
import { isFiltering } from "../../lib/sessions/filter";
import type { VectorHits } from "../embedding/vectorHits";
import { readCandidates, type Sessions, withSession } from "./candidates";
import { type Filters, matchesSessionFilter } from "./filters";
import { findByIds } from "./ids";
import { nearestFirst } from "./nearest";

/** Finds the messages that may answer a question, and in which order they are offered as context. */

/** A message that may answer a question, and its matching text. Without `messageId`, the session itself matches. */
export type Anchor = { sessionId: Id<"sessions">; messageId?: Id<"messages">; text?: string };

/** Anchors that each search contributes; more than requested, because some repeat each other. */
const ANCHORS_PER_SEARCH = 24;
/** The packer takes at most three items of one session; some anchors repeat each other. */
const ANCHORS_PER_SESSION = 5;

type Question = { query: string; limit: number; filters?: Filters; hits: VectorHits };

/**
 * Finds anchors, best first: what the query names by an id, the best one of each session, then further ones.
 * Full text and vector search are merged by session, because they rarely agree on a message.
 */
export async function findAnchors(
  sessions: Sessions,
  matcher: Matcher,
  input: Question,
): Promise<Scored[]> {
  const named = await namedAnchors(sessions, input);
  const lexical = await lexicalAnchors(sessions, matcher, input.filters);
  const semantic = await semanticAnchors(sessions, input);
  const lists = [bestOfEachSession(lexical), bestOfEachSession(semantic)];
  const merged = mergeRanked(lists, ({ anchor }) => anchor.sessionId, SEARCH_FLOORS);
  const found = merged.map(({ item, score }) => ({ anchor: item.anchor, score }));
  const best = bestOfEachSession([...named, ...found]);
  const scores = new Map(best.map(({ anchor, score }) => [anchor.sessionId, score]));
  const isFurther = anchorFilter(best.map(({ anchor }) => anchor));
  const further = [...lexical, ...semantic]
    .filter(({ anchor }) => isFurther(anchor))
    .map(({ anchor }) => ({ anchor, score: scores.get(anchor.sessionId) ?? 0 }))
    .sort((a, b) => b.score - a.score);
  return [...best, ...further];
}

type Scored = { anchor: Anchor; score: number };

/** Messages and sessions that the query names by an id or a commit. */
async function namedAnchors(
  sessions: Sessions,
  { query, filters = {} }: Question,
): Promise<Scored[]> {
  const named = await findByIds(sessions, query, filters);
  return named.map(({ session, passage }) => ({
    score: 1,
    anchor: { sessionId: session._id, messageId: passage.messageId },
  }));
}

function bestOfEachSession(anchors: readonly Scored[]): Scored[] {
  const best = new Map<string, Scored>();
  for (const one of anchors) {
    if (!best.has(one.anchor.sessionId)) best.set(one.anchor.sessionId, one);
  }
  return [...best.values()];
}

function keyOf({ sessionId, messageId }: Anchor): string {
  return messageId ?? sessionId;
}

async function lexicalAnchors(
  sessions: Sessions,
  matcher: Matcher,
  filters: Filters = {},
): Promise<Scored[]> {
  const { candidates } = await readCandidates({ matcher, filters, sessions });
  const ranked = rankSessions(matcher, candidates).slice(0, ANCHORS_PER_SEARCH);
  const known = [];
  for (const { candidate } of ranked) await sessions.get(candidate.sessionId);
  for (const candidate of candidates) {
    const session = sessions.cached(candidate.sessionId);
    if (session) known.push(withSession(candidate, session));
  }
  const order = new Map(
    rankSessions(matcher, known).map(({ candidate, score }) => [candidate.sessionId, score]),
  );
  const isNew = anchorFilter();
  return rankCandidates(matcher, known)
    .map(({ candidate: { sessionId, messageId, text } }) => ({
      score: order.get(sessionId) ?? 0,
      anchor: { sessionId, messageId, text: messageId ? text : undefined },
    }))
    .sort((a, b) => b.score - a.score)
    .filter(({ anchor }) => isNew(anchor));
}

/**
 * The first `ANCHORS_PER_SEARCH` hits as anchors, and more while they cover fewer sessions than `limit`. A
 * session whose title and prompts are near is as good as one of its messages, but a message is what is shown.
 */
async function semanticAnchors(
  sessions: Sessions,
  { hits, limit, filters = {} }: Question,
): Promise<Scored[]> {
  const anchors: Scored[] = [];
  const messageOf = new Map<string, Anchor>();
  const seen = new Set<string>();
  const isNew = anchorFilter();
  let wanted = limit;
  for (const [n, { score, read }] of nearestFirst(sessions, hits, filters).entries()) {
    if (n >= ANCHORS_PER_SEARCH && seen.size >= wanted) break;
    if (n === ANCHORS_PER_SEARCH) wanted = await sessions.countMatching(limit, filters);
    const match = await read();
    if (match === null) continue;
    const { sessionId, messageId, text } = match;
    const anchor = messageId === undefined ? { sessionId } : { sessionId, messageId, text };
    if (!isNew(anchor)) continue;
    const session = isFiltering(filters) ? await sessions.get(sessionId) : undefined;
    if (session === null || (session && !matchesSessionFilter(session, filters))) continue;
    seen.add(sessionId);
    anchors.push({ score, anchor });
    if (messageId !== undefined && !messageOf.has(sessionId)) messageOf.set(sessionId, anchor);
  }
  return anchors.map(({ score, anchor }) => ({
    score,
    anchor: messageOf.get(anchor.sessionId) ?? anchor,
  }));
}

/** Accepts each message once, and at most `ANCHORS_PER_SESSION` anchors of one session. */
function anchorFilter(already: readonly Anchor[] = []): (anchor: Anchor) => boolean {
  const seen = new Set(already.map(keyOf));
  const perSession = new Map(already.map(({ sessionId }) => [sessionId, 1]));
  return (anchor) => {
    const { sessionId } = anchor;
    const count = perSession.get(sessionId) ?? 0;
    if (seen.has(keyOf(anchor)) || count === ANCHORS_PER_SESSION) return false;
    perSession.set(sessionId, count + 1);
    seen.add(keyOf(anchor));
    return true;
  };
}
