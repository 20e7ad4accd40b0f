import type { FunctionArgs, FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { embeddingProvider, embedTexts } from "../clients/embeddings";
import { AppError } from "../errors";
import { CHUNK_MAX_BYTES } from "../lib/embedding/chunks";
import { NOT_CONFIGURED } from "../lib/embedding/notConfigured";
import { HITS_MAX, RELATED_MIN_COSINE, SEARCH_FLOORS } from "../lib/embedding/vectorSpace";
import { facetsOf } from "../lib/search/facets";
import { type Fused, mergeRanked } from "../lib/search/fusion";
import { withoutStopWords } from "../lib/search/query";
import { prefixBytes } from "../lib/text";
import type { Caller } from "../wire/caller";
import type { CONTEXT_FORMATS, ContextAnswer } from "../wire/context";
import type { DocsAnswer } from "../wire/docs";
import type { SearchAnswer, SearchResult } from "../wire/search";

/**
 * Search by meaning. Plain functions of the calling action: a nested `ctx.runAction` would hold two of the
 * deployment's places for actions, and be billed twice. Imported only by requests that need it, because the
 * provider's client is large.
 */

/** Nearest sections of documentation that one question reads. */
const DOC_HITS = 64;

/**
 * Minimum results that full text and vector search each contribute to a merge. Each search is weighted by
 * how far its first results stand out from the later ones, so a few results are not enough to tell.
 */
const MERGED_MIN = 10;

/** Vector search reads this many times the limit, because full text may agree with a later result. */
const DEPTH = 2;

type ContextFormat = (typeof CONTEXT_FORMATS)[number];

type Question = { caller: Caller; query: string; limit: number };

/** The filters of a search. */
type Filters = FunctionArgs<typeof internal.search.prepare>["filters"];

type Input = Question & { filters: Filters; masks?: boolean };

/** What one search found, before its merge with another. */
type SearchOutcome = FunctionReturnType<typeof internal.search.hydrate>;

type Type = "semantic" | "hybrid";

/**
 * Semantic or hybrid search over the caller's sessions. Without embeddings, semantic search fails with
 * 503 and names the variable to set; hybrid search returns full-text results, marked as degraded.
 */
export async function semanticSearch(
  ctx: ActionCtx,
  { type, ...input }: Input & { type: Type },
): Promise<SearchAnswer> {
  const withFulltext = type === "hybrid";
  const limit = withFulltext ? Math.max(MERGED_MIN, input.limit) : input.limit;
  // Authenticates first: a wrong key must not cost an embedding.
  const wanted = { ...input, limit, withFulltext, withPending: true };
  const prepared = await ctx.runQuery(internal.search.prepare, wanted);
  const { userId, pending, ...lexical } = prepared;
  const vector = await embedQuery(input.query);
  if (!vector.ok) {
    if (!withFulltext) throw new AppError(vector.code, vector.reason);
    return { ...answer(type, input, lexical), degraded: true, reason: vector.reason };
  }
  const wide = { ...input, limit: withFulltext ? DEPTH * limit : limit };
  const semantic = await nearest(ctx, wide, userId, vector.embedding);
  const waiting = pending === 0 ? {} : { pending };
  if (!withFulltext) return { ...answer(type, input, semantic), ...waiting };
  const merged = answer(type, input, {
    results: merge(lexical.results, semantic.results),
    sessions: [...lexical.sessions, ...semantic.sessions],
    wanted: Math.min(lexical.wanted, semantic.wanted),
    truncated: lexical.truncated || semantic.truncated,
  });
  return { ...merged, ...waiting };
}

/**
 * Builds context for a question from the caller's past sessions. Without embeddings it uses full text
 * alone, marked as degraded.
 */
export async function semanticContext(
  ctx: ActionCtx,
  { format, ...input }: Input & { maxTokens: number; format: ContextFormat },
): Promise<ContextAnswer> {
  const { caller, query, limit } = input;
  const who = { caller, query, limit, filters: {}, withFulltext: false };
  const { userId } = await ctx.runQuery(internal.search.prepare, who);
  const vector = await embedQuery(query);
  const hits = vector.ok ? await nearestHits(ctx, userId, vector.embedding) : NO_HITS;
  const packed = await ctx.runQuery(internal.context.build, { ...input, hits });
  return { ...contextAnswer(packed, format), ...degradation(vector) };
}

/** Semantic or hybrid search over the documentation, under the rules of `search`. */
export async function semanticDocs(
  ctx: ActionCtx,
  { type, ...input }: Question & { type: Type },
): Promise<DocsAnswer> {
  const { query, limit } = input;
  const wide = { ...input, limit: Math.max(MERGED_MIN, limit) };
  const lexical = await ctx.runQuery(internal.docs.searchPages, wide);
  const vector = await embedQuery(query);
  if (!vector.ok) {
    if (type === "semantic") throw new AppError(vector.code, vector.reason);
    return { results: lexical.slice(0, limit), type, ...degradation(vector) };
  }
  const nearest = await ctx.vectorSearch("docEmbeddings", "by_embedding", {
    vector: vector.embedding,
    limit: DOC_HITS,
  });
  const hits = nearest.filter(isRelated);
  const semantic = await ctx.runQuery(internal.docs.hydrate, { hits, query, limit: wide.limit });
  const lists = [type === "semantic" ? [] : lexical, semantic];
  const results = mergeRanked(lists, (result) => result.slug, SEARCH_FLOORS)
    .slice(0, limit)
    .map(({ item, score }) => ({ ...item, score: type === "semantic" ? item.score : score }));
  return { results, type, degraded: false };
}

function degradation(vector: QueryVector) {
  return vector.ok ? { degraded: false } : { degraded: true, reason: vector.reason };
}

type Packed = FunctionReturnType<typeof internal.context.build>;

function contextAnswer({ entries, text, tokens }: Packed, format: ContextFormat) {
  const context = entries.map((entry) => ({ ...entry, messages: undefined }));
  const sessionCount = new Set(entries.map((entry) => entry.sessionId)).size;
  const base = { context, sessionCount, tokens };
  if (format === "text") return { ...base, text };
  if (format === "json") return base;
  const messages = entries.flatMap(({ messages: excerpt, citation, sessionId }) =>
    excerpt.map((message) => ({
      role: message.role,
      content: message.text,
      citation,
      sessionId,
      messageId: message.messageId,
    })),
  );
  return { ...base, messages };
}

/** Cuts results to the limit. An answer that has enough results is not truncated, even if its search was. */
function answer(
  type: SearchAnswer["type"],
  { limit }: Pick<Input, "limit">,
  { results, sessions, wanted, truncated }: SearchOutcome,
): SearchAnswer {
  const isShort = results.length < Math.min(limit, wanted);
  return {
    results: results.slice(0, limit),
    facets: facetsOf(sessions),
    type,
    degraded: false,
    truncated: truncated && isShort,
  };
}

type QueryVector =
  | { ok: true; embedding: number[] }
  | { ok: false; code: "EMBEDDINGS_NOT_CONFIGURED" | "UNAVAILABLE"; reason: string };

async function embedQuery(query: string): Promise<QueryVector> {
  const provider = embeddingProvider();
  if (provider === undefined) {
    return { ok: false, code: "EMBEDDINGS_NOT_CONFIGURED", reason: NOT_CONFIGURED };
  }
  const outcome = await embedTexts({ ...provider, maxRetries: 1 }, [
    prefixBytes(withoutStopWords(query), CHUNK_MAX_BYTES),
  ]);
  const [embedding] = outcome.vectors;
  if (outcome.ok && embedding) return { ok: true, embedding };
  if (!outcome.ok) console.error(`Embedding a query failed: ${outcome.failure.message}`);
  const reason = "The embedding provider did not answer; try again later, or search by full text";
  return { ok: false, code: "UNAVAILABLE", reason };
}

async function nearest(
  ctx: ActionCtx,
  input: Input,
  userId: Id<"users">,
  vector: number[],
): Promise<SearchOutcome> {
  const hits = await nearestHits(ctx, userId, vector);
  return await ctx.runQuery(internal.search.hydrate, { ...input, hits });
}

type Hits = FunctionArgs<typeof internal.search.hydrate>["hits"];
const NO_HITS: Hits = { messages: [], sessions: [] };

/** The user's related messages and sessions, nearest first. */
async function nearestHits(ctx: ActionCtx, userId: Id<"users">, vector: number[]): Promise<Hits> {
  const wanted = { vector, limit: HITS_MAX };
  const [messages, sessions] = await Promise.all([
    ctx.vectorSearch("messageEmbeddings", "by_embedding", {
      ...wanted,
      filter: (q) => q.eq("userId", userId),
    }),
    ctx.vectorSearch("sessionEmbeddings", "by_embedding", {
      ...wanted,
      filter: (q) => q.eq("userId", userId),
    }),
  ]);
  return { messages: messages.filter(isRelated), sessions: sessions.filter(isRelated) };
}

/** Whether a hit is close enough to be related. Vector search always returns hits, related or not. */
function isRelated({ _score }: { _score: number }): boolean {
  return _score >= RELATED_MIN_COSINE;
}

/**
 * Merges by reciprocal rank; sessions that the query names by an id come first. The snippet comes from full
 * text where it has the session. A session that is a copy of an earlier result is left out.
 */
function merge(lexical: SearchResult[], semantic: SearchResult[]): SearchResult[] {
  const named = lexical.filter(isNamed);
  const lists = [lexical.filter((result) => !isNamed(result)), semantic];
  const merged = mergeRanked(lists, (result) => result.id, SEARCH_FLOORS).map(
    ({ item, score, ranks }) => ({ ...item, score, matchedIn: sides(ranks) }),
  );
  const shown = new Set<string>();
  return [...named, ...merged].filter(({ id, alsoIn = [] }) => {
    if (shown.has(id)) return false;
    for (const seen of [id, ...alsoIn.map((copy) => copy.id)]) shown.add(seen);
    return true;
  });
}

const isNamed = ({ matchedIn }: SearchResult) => matchedIn.includes("id");

function sides([lexical, semantic]: Fused<string>["ranks"]): SearchResult["matchedIn"] {
  return [
    ...(lexical === undefined ? [] : (["fulltext"] as const)),
    ...(semantic === undefined ? [] : (["semantic"] as const)),
  ];
}
