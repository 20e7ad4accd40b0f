import { v } from "convex/values";
import { internal } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import { type ActionCtx, env } from "./_generated/server";
import {
  embeddingProvider,
  embedTexts,
  type EmbeddingFailure,
  type EmbeddingProvider,
} from "./clients/embeddings";
import { systemAction } from "./functions";
import { type EmbedPlan, planEmbeddings, type Rest } from "./lib/embedding/plan";
import { EMBEDDING_DIMENSIONS, textHashOf } from "./lib/embedding/vectorSpace";
import { pause } from "./lib/pause";
import { pauseAfter, writeWindow } from "./lib/sync/writeCost";
import { QUIET_MS } from "./model/embedding/schedule";
import type { Embedded } from "./model/embedding/embeddings";
import type { StaleMessage } from "./model/embedding/staleRange";

/** The job that makes vectors. Separate from `embeddings.ts`, whose functions need no provider client. */

/** Texts gathered from one or more sessions before they are sent: about what one request accepts. */
const ROUND_TEXTS = 500;
/** Vectors stored by one mutation: 0.7 MB with their index entries, a sixth of a second's write window. */
const STORE_MAX_VECTORS = 25;
/** Bytes written per stored vector: its row and its passage, each with its index entries. */
const VECTOR_WRITE_BYTES = 32_000;

type SessionId = Id<"sessions">;

/** The texts to embed for one session, and what is needed to store their vectors. */
type Work = {
  sessionId: SessionId;
  staleRevision: number;
  plan: EmbedPlan<StaleMessage>;
  session?: { text: string; textHash: string };
  /** When a turn that still grows is looked at again. */
  quietInMs: number;
};

/**
 * Embeds what is new in these sessions, in as few requests as the provider's limits allow. What fails
 * is postponed and loses nothing: if the provider fails, all remaining sessions; if one session cannot be
 * read or stored, only that one. Without an API key it does nothing.
 */
export const sessions = systemAction({
  args: { sessionIds: v.array(v.id("sessions")), failures: v.optional(v.number()) },
  returns: v.null(),
  handler: async (ctx, { sessionIds, failures = 0 }): Promise<null> => {
    const provider = embeddingProvider();
    if (!provider) return null;
    const slotId = await ctx.runMutation(internal.embeddings.enter, { sessionIds });
    if (slotId === null) return null;
    try {
      await embedSessions(ctx, provider, sessionIds, failures);
    } finally {
      await ctx.runMutation(internal.embeddings.leave, { slotId });
    }
    return null;
  },
});

async function embedSessions(
  ctx: ActionCtx,
  provider: EmbeddingProvider,
  sessionIds: SessionId[],
  failures: number,
): Promise<void> {
  const postpone = async (
    failed: SessionId[],
    { isPermanent, retryAfterMs }: Pick<EmbeddingFailure, "isPermanent" | "retryAfterMs">,
  ) => {
    const args = { sessionIds: failed, failures: failures + 1, isPermanent, retryAfterMs };
    await ctx.runMutation(internal.embeddings.postpone, args);
  };
  let waiting = sessionIds;
  while (waiting.length > 0) {
    const broken: SessionId[] = [];
    const { works, later } = await gather(ctx, provider, waiting, broken);
    const { unfinished, failure } = await embedRound(ctx, provider, works, broken);
    waiting = [...unfinished, ...later];
    if (broken.length > 0) await postpone(broken, { isPermanent: false });
    if (failure === undefined) continue;
    console.error(`Embedding ${waiting.length} sessions failed: ${failure.message}`);
    await postpone(waiting, failure);
    return;
  }
}

/** Runs `work` for one session. If it fails, logs the error, adds the session to `broken` and returns undefined. */
async function attempt<T>(
  sessionId: SessionId,
  broken: SessionId[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(`Embedding session ${sessionId} failed: ${message}`);
    broken.push(sessionId);
    return undefined;
  }
}

/** Plans sessions until a round is full; returns the remaining ones as `later`. */
async function gather(
  ctx: ActionCtx,
  provider: EmbeddingProvider,
  sessionIds: SessionId[],
  broken: SessionId[],
) {
  const works: Work[] = [];
  let texts = 0;
  for (const [i, sessionId] of sessionIds.entries()) {
    if (texts >= ROUND_TEXTS) return { works, later: sessionIds.slice(i) };
    const work = await attempt(sessionId, broken, () => planSession(ctx, provider, sessionId));
    if (!work) continue;
    works.push(work);
    texts += textsOf(work).length;
  }
  return { works, later: [] };
}

async function planSession(
  ctx: ActionCtx,
  provider: EmbeddingProvider,
  sessionId: SessionId,
): Promise<Work | null> {
  const read = await ctx.runQuery(internal.embeddings.readWork, { sessionId });
  if (read === null) return null;
  const { session, ...stale } = read;
  const space = { model: provider.model, dimensions: EMBEDDING_DIMENSIONS };
  const now = Date.now();
  const quietInMs = session.updatedAt + QUIET_MS - now;
  const plan = await planEmbeddings(space, { ...stale, isQuiet: quietInMs <= 0 });
  const textHash = await textHashOf(space, session.text);
  const hasNewText = session.text !== "" && textHash !== session.embeddedHash;
  return {
    sessionId,
    staleRevision: session.staleRevision,
    plan,
    quietInMs: Math.max(1_000, quietInMs),
    ...(hasNewText ? { session: { text: session.text, textHash } } : {}),
  };
}

/** The texts of one session, in the order in which they are sent and their vectors return. */
function textsOf({ plan, session }: Work): string[] {
  return [...plan.turns.flatMap((turn) => turn.chunks), ...(session ? [session.text] : [])];
}

/** Embeds and stores one round. Sessions that have more to embed, or lack vectors, are `unfinished`. */
async function embedRound(
  ctx: ActionCtx,
  provider: EmbeddingProvider,
  works: readonly Work[],
  broken: SessionId[],
) {
  const outcome = await embedTexts(provider, works.flatMap(textsOf));
  const unfinished: SessionId[] = [];
  let at = 0;
  for (const work of works) {
    const count = textsOf(work).length;
    const vectors = outcome.vectors.slice(at, at + count);
    at += count;
    const isWhole = vectors.length === count;
    const { sessionId } = work;
    const hasMore = await attempt(sessionId, broken, () => storeWork(ctx, work, vectors, isWhole));
    if (hasMore === undefined) continue;
    if (hasMore || !isWhole) unfinished.push(sessionId);
  }
  const failure: EmbeddingFailure | undefined = outcome.ok ? undefined : outcome.failure;
  return { unfinished, failure };
}

/** Stores the turns whose vectors are complete, in mutations of bounded size. True if the session has more to embed. */
async function storeWork(
  ctx: ActionCtx,
  work: Work,
  vectors: readonly number[][],
  isWhole: boolean,
): Promise<boolean> {
  const { sessionId, staleRevision, plan, session, quietInMs } = work;
  const base = { sessionId, staleRevision, removed: [] };
  const [first = [], ...others] = batchesOf(plan, vectors);
  const parts = [first, ...others];
  const window = writeWindow(env.WRITE_MIB_PER_SECOND);
  let hasMore = false;
  for (const [i, turns] of parts.entries()) {
    const embedded: Embedded = { ...base, turns };
    if (i === 0) embedded.removed = plan.removed.map((message) => message.orderKey);
    if (i === parts.length - 1 && isWhole) {
      const embedding = vectors[vectors.length - 1];
      if (session && embedding) embedded.session = { textHash: session.textHash, embedding };
      embedded.end = endOf(plan.rest, quietInMs);
    }
    if (i > 0) await pause.forMs(pauseAfter(STORE_MAX_VECTORS * VECTOR_WRITE_BYTES, 0, window));
    hasMore = await ctx.runMutation(internal.embeddings.store, { embedded });
  }
  return hasMore;
}

function endOf(rest: Rest, quietInMs: number): Embedded["end"] {
  return rest.kind === "growing" ? { ...rest, delayMs: quietInMs } : rest;
}

/** Turns with their vectors, in batches of at most `STORE_MAX_VECTORS` where turns allow it. */
function batchesOf(plan: Work["plan"], vectors: readonly number[][]): Embedded["turns"][] {
  const parts: Embedded["turns"][] = [];
  let at = 0;
  let inBatch = Infinity;
  for (const { first, messages, textHash, chunks } of plan.turns) {
    const embeddings = vectors.slice(at, at + chunks.length);
    at += chunks.length;
    if (embeddings.length < chunks.length) break;
    if (inBatch + chunks.length > STORE_MAX_VECTORS) {
      parts.push([]);
      inBatch = 0;
    }
    inBatch += chunks.length;
    parts[parts.length - 1]?.push({
      messageId: first.id,
      orderKey: first.orderKey,
      textHash,
      messages: messages.map(({ id, deliveryHash }) => ({ id, deliveryHash })),
      chunks: chunks.map((text, i) => ({ text, embedding: embeddings[i] ?? [] })),
    });
  }
  return parts;
}

/**
 * Embeds a documentation page. The sweep retries failures; a page that changes meanwhile schedules its
 * own job.
 */
export const docPage = systemAction({
  args: { docPageId: v.id("docPages") },
  returns: v.null(),
  handler: async (ctx, { docPageId }): Promise<null> => {
    const provider = embeddingProvider();
    const read = provider && (await ctx.runQuery(internal.docs.readChunks, { docPageId }));
    if (!provider || !read) return null;
    const outcome = await embedTexts(
      provider,
      read.texts.map((text) => `${read.title}\n\n${text}`),
    );
    if (!outcome.ok) {
      console.error(`Embedding a documentation page failed: ${outcome.failure.message}`);
      return null;
    }
    const chunks = read.texts.map((text, i) => ({ text, embedding: outcome.vectors[i] ?? [] }));
    const vectors = { docPageId, contentHash: read.contentHash, chunks };
    await ctx.runMutation(internal.docs.storeVectors, { vectors });
    return null;
  },
});
