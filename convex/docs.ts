import { v } from "convex/values";
import { callerQuery, publicQuery, systemMutation, systemQuery } from "./functions";
import { clamp } from "./lib/numbers";
import * as Docs from "./model/docs/docs";

/** Longer queries are cut, because callers need no account. */
const QUERY_MAX_CHARS = 2_000;
const LIMIT_MAX = 20;

/** Searches documentation pages, best first, at most 20. Needs no account. */
export const search = publicQuery({
  args: { query: v.string(), limit: v.optional(v.number()) },
  handler: (ctx, { query, limit = 10 }) => {
    const bounded = clamp(limit, 1, LIMIT_MAX) ?? 1;
    return Docs.search(ctx, query.slice(0, QUERY_MAX_CHARS), bounded);
  },
});

/** Searches documentation pages for an authenticated caller. */
export const searchPages = callerQuery({
  args: { query: v.string(), limit: v.number() },
  handler: (ctx, { query, limit }) => Docs.search(ctx, query, limit),
});

/** Turns hits of the vector index into results. */
export const hydrate = systemQuery({
  args: {
    hits: v.array(v.object({ _id: v.id("docEmbeddings"), _score: v.number() })),
    query: v.string(),
    limit: v.number(),
  },
  handler: (ctx, { hits, query, limit }) => Docs.hydrate(ctx, hits, query, limit),
});

/** Lists slugs and hashes of the pages after a slug; `next` is null at the end. */
export const listHashes = systemQuery({
  args: { after: v.string() },
  handler: (ctx, { after }) => Docs.listHashes(ctx, after),
});

/** Writes the pages that differ from the stored ones. */
export const upsertPages = systemMutation({
  args: { pages: v.array(Docs.vPage) },
  returns: v.null(),
  handler: async (ctx, { pages }) => {
    await Docs.upsertPages(ctx, pages, Date.now());
    return null;
  },
});

/** Removes pages that no longer exist in the folder. */
export const removePages = systemMutation({
  args: { slugs: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { slugs }) => {
    await Docs.removePages(ctx, slugs);
    return null;
  },
});

/** Reads a page's texts to embed; null if the page was removed. */
export const readChunks = systemQuery({
  args: { docPageId: v.id("docPages") },
  handler: (ctx, { docPageId }) => Docs.readChunks(ctx, docPageId),
});

/** Stores the vectors of a page. */
export const storeVectors = systemMutation({
  args: { vectors: Docs.vDocVectors },
  returns: v.null(),
  handler: async (ctx, { vectors }) => {
    await Docs.storeVectors(ctx, vectors);
    return null;
  },
});
