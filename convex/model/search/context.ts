import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { ContextPacker, type ContextPassage, type Turn } from "../../lib/search/context";
import { type Matcher, matcherOf } from "../../lib/search/evidence";
import { mergeRanked } from "../../lib/search/fusion";
import { UNTITLED } from "../../lib/sessions/titles";
import { rankPassages } from "../../lib/search/rank";
import { makeSnippet } from "../../lib/search/snippet";
import { type PreparedQuery, prepareQuery } from "../../lib/search/terms";
import { cutBytes } from "../../lib/text";
import { SEARCH_FLOORS } from "../../lib/embedding/vectorSpace";
import { candidates, Sessions, withSession } from "./candidates";
import { findPassage } from "../embedding/vectorHits";
import { readMeaning } from "../embedding/staleRange";
import { firstPrompts } from "../sessions/prompts";
import { shownTitle } from "../sessions/sessions";

/** What past sessions know about a question, packed for a prompt. */

/** A place in a session that answers. `text` is the passage, where it is not the whole message. */
type Anchor = { sessionId: Id<"sessions">; messageId?: Id<"messages">; text?: string };

/** A passage that also says where it is from, as clients name it. */
type SourcedPassage = ContextPassage & Pick<Doc<"sessions">, "externalId" | "source">;

/** Anchors that each search offers; more than are asked for, since some say the same. */
const ANCHORS_PER_SEARCH = 24;
const SPARE_ANCHORS = 6;
/** Of one session no more passages are packed than three, and some of them say the same. */
const ANCHORS_PER_SESSION = 5;
/** Candidates are read as for this many results. */
const CANDIDATES_LIMIT = 10;

/** An exchange is a prompt and its answers; no more of it than this is read around an anchor. */
const NEIGHBOURS_MAX = 4;
const NEIGHBOUR_MAX_BYTES = 1_500;
const ANCHOR_MAX_CHARS = 3_000;

export type ContextInput = {
  query: string;
  limit: number;
  maxTokens: number;
  /** Nearest vectors that are related at all; none when there are no embeddings. */
  hits: { _id: Id<"messageEmbeddings">; _score: number }[];
};

/**
 * The best passages, with their exchange, packed under the budget. Passages are read one by one until
 * it is used up: how many is asked for, not how many there are, decides what is read.
 */
export async function build(ctx: QueryCtx, user: User, input: ContextInput) {
  const query = prepareQuery(input.query);
  const sessions = new Sessions(ctx, user);
  const anchors = await findAnchors(ctx, sessions, query, input);
  const matcher = matcherOf(query);
  const packer = new ContextPacker<SourcedPassage>(input);
  let left = input.limit + SPARE_ANCHORS;
  for (const { anchor, score } of anchors) {
    if (packer.isFull || left === 0) break;
    if (!packer.takesFrom(anchor.sessionId)) continue;
    left -= 1;
    const session = await sessions.get(anchor.sessionId);
    const passage = session && (await readPassage(ctx, session, anchor, matcher));
    if (passage) packer.offer({ ...passage, score });
  }
  return packer.packed;
}

/** Where full text and vectors point, merged by reciprocal rank. */
async function findAnchors(
  ctx: QueryCtx,
  sessions: Sessions,
  query: PreparedQuery,
  input: ContextInput,
) {
  const lexical = await lexicalAnchors(ctx, sessions, query);
  const semantic = await semanticAnchors(ctx, sessions, input);
  const merged = mergeRanked([lexical, semantic], (one) => keyOf(one.anchor), SEARCH_FLOORS);
  return merged.map(({ item, score }) => ({ anchor: item.anchor, score }));
}

function keyOf({ sessionId, messageId }: Anchor): string {
  return messageId ?? sessionId;
}

type Scored = { anchor: Anchor; score: number };

async function lexicalAnchors(
  ctx: QueryCtx,
  sessions: Sessions,
  query: PreparedQuery,
): Promise<Scored[]> {
  const search = { user: sessions.user, query, limit: CANDIDATES_LIMIT, filters: {}, sessions };
  const { passages } = await candidates(ctx, search);
  const isNew = anchorFilter();
  const first = rankPassages(query, passages)
    .filter(({ passage }) => isNew(passage))
    .slice(0, ANCHORS_PER_SEARCH);
  const known = [];
  for (const { passage } of first) {
    const session = await sessions.get(passage.sessionId);
    if (session) known.push(withSession(passage, session));
  }
  return rankPassages(query, known).map(({ passage, score }) => {
    const { sessionId, messageId, text } = passage;
    return { score, anchor: { sessionId, messageId, text: messageId ? text : undefined } };
  });
}

/** As many as are offered, and more while they are of fewer sessions than passages are asked for. */
async function semanticAnchors(
  ctx: QueryCtx,
  sessions: Sessions,
  { hits, limit }: ContextInput,
): Promise<Scored[]> {
  const found: Scored[] = [];
  const seen = new Set<string>();
  const isNew = anchorFilter();
  let wanted = limit;
  for (const [n, { _id, _score }] of hits.entries()) {
    if (n >= ANCHORS_PER_SEARCH && seen.size >= wanted) break;
    if (n === ANCHORS_PER_SEARCH) wanted = await sessions.findable(limit, {});
    const passage = await findPassage(ctx, sessions.user, _id);
    if (passage === null || !isNew(passage)) continue;
    const { sessionId, messageId, text } = passage;
    seen.add(sessionId);
    found.push({ score: _score, anchor: { sessionId, messageId, text } });
  }
  return found;
}

/** Lets pass, best first, each message once, and of one session no more than can be of use. */
function anchorFilter(): (anchor: Anchor) => boolean {
  const seen = new Set<string>();
  const perSession = new Map<string, number>();
  return (anchor) => {
    const { sessionId } = anchor;
    const count = perSession.get(sessionId) ?? 0;
    if (seen.has(keyOf(anchor)) || count === ANCHORS_PER_SESSION) return false;
    perSession.set(sessionId, count + 1);
    seen.add(keyOf(anchor));
    return true;
  };
}

async function readPassage(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  anchor: Anchor,
  matcher: Matcher,
): Promise<Omit<SourcedPassage, "score"> | null> {
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
    turns: await exchangeOf(ctx, message, anchor.text, matcher),
  };
}

/**
 * The message with the exchange that it belongs to. A vector stands for a whole turn: such a text is the
 * prompt with its answers, and is split into both.
 */
async function exchangeOf(
  ctx: QueryCtx,
  message: Doc<"messages">,
  found: string | undefined,
  matcher: Matcher,
): Promise<Turn[]> {
  const own = await readMeaning(ctx, message);
  const text = found ?? own;
  const turn = (role: Turn["role"], said: string): Turn => ({
    messageId: message._id,
    role,
    text: shorten(matcher, said),
  });
  if (message.role !== "user") {
    const before = await neighbours(ctx, message, "before");
    return [...before, turn(message.role, text), ...(await neighbours(ctx, message, "after"))];
  }
  const answers = text.startsWith(own) ? text.slice(own.length).trim() : "";
  if (answers !== "") return [turn("user", own), turn("assistant", answers)];
  return [turn("user", text), ...(await neighbours(ctx, message, "after"))];
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

/** The rest of the exchange: back to its prompt, or on to the next one. */
async function neighbours(ctx: QueryCtx, message: Doc<"messages">, where: "before" | "after") {
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
  const turns: Turn[] = [];
  let read = 0;
  for await (const other of near) {
    const isPrompt = other.role === "user";
    if (isPrompt && where === "after") break;
    const text = cutBytes(await readMeaning(ctx, other), NEIGHBOUR_MAX_BYTES);
    if (text !== "") turns.push({ messageId: other._id, role: other.role, text });
    if (isPrompt || ++read >= NEIGHBOURS_MAX) break;
  }
  return where === "before" ? turns.reverse() : turns;
}
