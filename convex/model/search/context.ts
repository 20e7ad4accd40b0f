import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { ContextPacker, type Excerpt, type ContextMessage } from "../../lib/search/context";
import { type Matcher, matcherOf } from "../../lib/search/matching";
import { prepareQuery } from "../../lib/search/query";
import { makeSnippet } from "../../lib/search/snippet";
import { maskText } from "../../lib/secrets/scan";
import { UNTITLED } from "../../lib/sessions/titles";
import { cutBytes } from "../../lib/text";
import type { User } from "../accounts/user";
import { readMeaning } from "../embedding/staleRange";
import type { VectorHits } from "../embedding/vectorHits";
import { firstPrompts } from "../sessions/prompts";
import { shownTitle } from "../sessions/sessions";
import { type Anchor, findAnchors } from "./anchors";
import { Sessions } from "./candidates";
import { type Filters, matchesSessionFilter } from "./filters";

/** Builds context for a prompt from past sessions. */

/** An item of the context, with its session as clients identify it. */
type ContextItem = Excerpt & Pick<Doc<"sessions">, "externalId" | "source">;

/** Anchors read beyond the requested number, because some repeat each other. */
const SPARE_ANCHORS = 6;

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
  hits: VectorHits;
};

/**
 * Packs the best items, each with its exchange, into the token budget. Items are read one by one until the
 * budget is used up, so the cost depends on what is requested, not on how much matches.
 */
export async function build(ctx: QueryCtx, user: User, input: ContextInput) {
  const sessions = new Sessions(ctx, user);
  const matcher = matcherOf(prepareQuery(input.query));
  const anchors = await findAnchors(sessions, matcher, input);
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

/** How messages are quoted: cut around the matches, with secrets masked if `masks`. */
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
  const quoted = (role: ContextMessage["role"], whole: string): ContextMessage => ({
    messageId: message._id,
    role,
    // Masked before it is cut, because a secret that is cut in two would not be recognised.
    text: shorten(matcher, masks ? maskText(whole) : whole),
  });
  if (message.role !== "user") {
    const before = await near("before");
    return [...before, quoted(message.role, text), ...(await near("after"))];
  }
  const answers = text.startsWith(own) ? text.slice(own.length).trim() : "";
  if (answers !== "") return [quoted("user", own), quoted("assistant", answers)];
  return [quoted("user", text), ...(await near("after"))];
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
