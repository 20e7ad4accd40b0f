import { v } from "convex/values";
import { callerQuery, publicQuery, systemMutation, systemQuery } from "./functions";
import { clamp } from "./lib/numbers";
import * as Docs from "./model/docs/docs";

/** Longer questions are cut: anyone may ask, so nobody may ask for much. */
const QUERY_MAX_CHARS = 2_000;
const LIMIT_MAX = 20;

/** Documentation pages that answer a query, best first, for signed-out readers too; at most 20. */
export const search = publicQuery({
  args: { query: v.string(), limit: v.optional(v.number()) },
  handler: (ctx, { query, limit = 10 }) => {
    const bounded = clamp(limit, 1, LIMIT_MAX) ?? 1;
    return Docs.search(ctx, query.slice(0, QUERY_MAX_CHARS), bounded);
  },
});

/** The same, for callers with a key. */
export const searchPages = callerQuery({
  args: { query: v.string(), limit: v.number() },
  handler: (ctx, { query, limit }) => Docs.search(ctx, query, limit),
});

/** Hits of the vector index as results. */
export const hydrate = systemQuery({
  args: {
    hits: v.array(v.object({ _id: v.id("docEmbeddings"), _score: v.number() })),
    query: v.string(),
    limit: v.number(),
  },
  handler: (ctx, { hits, query, limit }) => Docs.hydrate(ctx, hits, query, limit),
});

/** Slugs and hashes of the pages after a slug; `next` is null at the end. */
export const listHashes = systemQuery({
  args: { after: v.string() },
  handler: (ctx, { after }) => Docs.listHashes(ctx, after),
});

/** Writes the pages that differ from what is stored. */
export const upsertPages = systemMutation({
  args: { pages: v.array(Docs.vPage) },
  returns: v.null(),
  handler: async (ctx, { pages }) => {
    await Docs.upsertPages(ctx, pages, Date.now());
    return null;
  },
});

/** Removes pages that are gone from the folder. */
export const removePages = systemMutation({
  args: { slugs: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { slugs }) => {
    await Docs.removePages(ctx, slugs);
    return null;
  },
});

/** What of a page has to be embedded; null when it is gone. */
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
