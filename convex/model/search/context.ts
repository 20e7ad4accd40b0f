import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { ContextPacker, type Excerpt, type ContextMessage } from "../../lib/search/context";
import { type Matcher, matcherOf } from "../../lib/search/matching";
import { mergeRanked } from "../../lib/search/fusion";
import { UNTITLED } from "../../lib/sessions/titles";
import { rankCandidates, rankSessions } from "../../lib/search/rank";
import { makeSnippet } from "../../lib/search/snippet";
import { prepareQuery } from "../../lib/search/query";
import { cutBytes } from "../../lib/text";
import { SEARCH_FLOORS } from "../../lib/embedding/vectorSpace";
import { readCandidates, Sessions, withSession } from "./candidates";
import { findPassage } from "../embedding/vectorHits";
import { readMeaning } from "../embedding/staleRange";
import { type Filters, matchesSessionFilter } from "./filters";
import { maskText } from "../../lib/secrets/scan";
import { isFiltering } from "../../lib/sessions/filter";
import { firstPrompts } from "../sessions/prompts";
import { shownTitle } from "../sessions/sessions";

/** Builds context for a prompt from past sessions. */

/** A message that may answer. `text` is the matching part of it; without `messageId`, the session itself matches. */
type Anchor = { sessionId: Id<"sessions">; messageId?: Id<"messages">; text?: string };

/** An item of the context, with its session as clients identify it. */
type ContextItem = Excerpt & Pick<Doc<"sessions">, "externalId" | "source">;

/** Anchors that each search contributes; more than requested, because some repeat each other. */
const ANCHORS_PER_SEARCH = 24;
const SPARE_ANCHORS = 6;
/** The packer takes at most three items of one session; some anchors repeat each other. */
const ANCHORS_PER_SESSION = 5;

/** Bounds of what is read around an anchor: the rest of its exchange (a prompt and the answers to it). */
const NEIGHBOURS_MAX = 4;
const NEIGHBOUR_MAX_BYTES = 1_500;
const ANCHOR_MAX_CHARS = 3_000;

export type ContextInput = {
  query: string;
  limit: number;
  maxTokens: number;
  /** Which sessions may answer; absent means all. */
  filters?: Filters;
  /** Whether secrets are masked in what is quoted. */
  masks?: boolean;
  /** The nearest related vectors; empty without embeddings. */
  hits: { _id: Id<"messageEmbeddings">; _score: number }[];
};

/**
 * Packs the best items, each with its exchange, into the token budget. Items are read one by one until the
 * budget is used up, so the cost depends on what is requested, not on how much matches.
 */
export async function build(ctx: QueryCtx, user: User, input: ContextInput) {
  const sessions = new Sessions(ctx, user);
  const matcher = matcherOf(prepareQuery(input.query));
  const anchors = await findAnchors(ctx, sessions, matcher, input);
  const packer = new ContextPacker<ContextItem>(input);
  let left = input.limit + SPARE_ANCHORS;
  for (const { anchor, score } of anchors) {
    if (packer.isFull || left === 0) break;
    if (!packer.acceptsFrom(anchor.sessionId)) continue;
    left -= 1;
    const session = await sessions.get(anchor.sessionId);
    if (session === null || !matchesSessionFilter(session, input.filters ?? {})) continue;
    const passage = await readContextItem(ctx, session, anchor, { matcher, masks: input.masks });
    if (passage) packer.offer({ ...passage, score });
  }
  return packer.packed;
}

/**
 * Finds anchors, best first: the best one of each session, then further ones. Full text and vector search
 * are merged by session, because they rarely agree on a message.
 */
async function findAnchors(
  ctx: QueryCtx,
  sessions: Sessions,
  matcher: Matcher,
  input: ContextInput,
): Promise<Scored[]> {
  const lexical = await lexicalAnchors(sessions, matcher, input.filters);
  const semantic = await semanticAnchors(ctx, sessions, input);
  const lists = [lexical, semantic].map(bestOfEachSession);
  const merged = mergeRanked(lists, ({ anchor }) => anchor.sessionId, SEARCH_FLOORS);
  const best = merged.map(({ item, score }) => ({ anchor: item.anchor, score }));
  const scores = new Map(best.map(({ anchor, score }) => [anchor.sessionId, score]));
  const isFurther = anchorFilter(best.map(({ anchor }) => anchor));
  const further = [...lexical, ...semantic]
    .filter(({ anchor }) => isFurther(anchor))
    .map(({ anchor }) => ({ anchor, score: scores.get(anchor.sessionId) ?? 0 }))
    .sort((a, b) => b.score - a.score);
  return [...best, ...further];
}

type Scored = { anchor: Anchor; score: number };

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

/** The first `ANCHORS_PER_SEARCH` hits as anchors, and more while they cover fewer sessions than `limit`. */
async function semanticAnchors(
  ctx: QueryCtx,
  sessions: Sessions,
  { hits, limit, filters = {} }: ContextInput,
): Promise<Scored[]> {
  const anchors: Scored[] = [];
  const seen = new Set<string>();
  const isNew = anchorFilter();
  let wanted = limit;
  for (const [n, { _id, _score }] of hits.entries()) {
    if (n >= ANCHORS_PER_SEARCH && seen.size >= wanted) break;
    if (n === ANCHORS_PER_SEARCH) wanted = await sessions.countMatching(limit, filters);
    const passage = await findPassage(ctx, sessions.user, _id);
    if (passage === null || !isNew(passage)) continue;
    const { sessionId, messageId, text } = passage;
    const session = isFiltering(filters) ? await sessions.get(sessionId) : undefined;
    if (session === null || (session && !matchesSessionFilter(session, filters))) continue;
    seen.add(sessionId);
    anchors.push({ score: _score, anchor: { sessionId, messageId, text } });
  }
  return anchors;
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

/** How what is quoted is written: around the matches, and with secrets masked if `masks`. */
type Quoting = { matcher: Matcher; masks?: boolean };

async function readContextItem(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  anchor: Anchor,
  quoting: Quoting,
): Promise<Omit<ContextItem, "score"> | null> {
  const message = anchor.messageId
    ? await ctx.db.get("messages", anchor.messageId)
    : await firstPrompt(ctx, session);
  if (message === null) return null;
  return {
    sessionId: session._id,
    externalId: session.externalId,
    source: session.source,
    messageId: message._id,
    title: shownTitle(session) ?? UNTITLED,
    project: session.projectName,
    createdAt: session.createdAt,
    messages: await exchangeOf(ctx, message, anchor.text, quoting),
  };
}

/**
 * Returns the message with the exchange it belongs to. A vector covers a whole turn, so its text may be the
 * prompt followed by its answers; that text is split into both.
 */
async function exchangeOf(
  ctx: QueryCtx,
  message: Doc<"messages">,
  found: string | undefined,
  { matcher, masks = false }: Quoting,
): Promise<ContextMessage[]> {
  const own = await readMeaning(ctx, message);
  const text = found ?? own;
  const near = (where: "before" | "after") => readNeighbours(ctx, message, where, masks);
  const turn = (role: ContextMessage["role"], said: string): ContextMessage => ({
    messageId: message._id,
    role,
    // Before it is cut: the rest of a secret that was cut in two would not be recognised.
    text: shorten(matcher, masks ? maskText(said) : said),
  });
  if (message.role !== "user") {
    const before = await near("before");
    return [...before, turn(message.role, text), ...(await near("after"))];
  }
  const answers = text.startsWith(own) ? text.slice(own.length).trim() : "";
  if (answers !== "") return [turn("user", own), turn("assistant", answers)];
  return [turn("user", text), ...(await near("after"))];
}

async function firstPrompt(ctx: QueryCtx, session: Doc<"sessions">) {
  const [prompt = null] = await firstPrompts(ctx, session._id, 1);
  return prompt;
}

function shorten(matcher: Matcher, text: string): string {
  return text.length <= ANCHOR_MAX_CHARS
    ? text
    : makeSnippet(matcher, text, ANCHOR_MAX_CHARS).snippet;
}

/** Reads the rest of the exchange: back to its prompt, or forward to the next prompt. */
async function readNeighbours(
  ctx: QueryCtx,
  message: Doc<"messages">,
  where: "before" | "after",
  masks: boolean,
) {
  const { sessionId, orderKey } = message;
  const near = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => {
      const inSession = q.eq("sessionId", sessionId);
      return where === "before"
        ? inSession.lt("orderKey", orderKey)
        : inSession.gt("orderKey", orderKey);
    })
    .order(where === "before" ? "desc" : "asc");
  const turns: ContextMessage[] = [];
  let read = 0;
  for await (const other of near) {
    const isPrompt = other.role === "user";
    if (isPrompt && where === "after") break;
    const said = await readMeaning(ctx, other);
    const text = cutBytes(masks ? maskText(said) : said, NEIGHBOUR_MAX_BYTES);
    if (text !== "") turns.push({ messageId: other._id, role: other.role, text });
    if (isPrompt || ++read >= NEIGHBOURS_MAX) break;
  }
  return where === "before" ? turns.reverse() : turns;
}
