import { v, type Infer } from "convex/values";
import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { docPageFields, vVector } from "../../fields";
import { chunksOf } from "../../lib/embedding/chunks";
import { matcherOf } from "../../lib/search/matching";
import { rankSessions } from "../../lib/search/rank";
import { sectionsOf } from "../../lib/docs/sections";
import { makeSnippet } from "../../lib/search/snippet";
import { prepareQuery } from "../../lib/search/query";
import { utf8Length } from "../../lib/text";
import type { DocResult } from "../../wire/docs";
import { isConfigured } from "../embedding/schedule";
import { hasRoom, type ReadBudget, takeWithin } from "../readBudget";
import { asStored } from "../sessions/masking";

/** Documentation pages: `scripts/syncDocs.ts` writes them, and every user may search them. */

export const vPage = v.object(docPageFields);

/** Read bounds of one query. A page has at most 500 kB, usually a few. */
const LIST_MAX_BYTES = 4_000_000;
const SEARCH_MAX_PAGES = 16;
const SEARCH_MAX_BYTES = 1_000_000;

/** Lists slugs and hashes after a slug, bounded by the bytes read; `next` is null at the end. */
export async function listHashes(ctx: QueryCtx, after: string) {
  const pages: { slug: string; contentHash: string }[] = [];
  let bytes = 0;
  const inOrder = ctx.db.query("docPages").withIndex("by_slug", (q) => q.gt("slug", after));
  for await (const { slug, contentHash, content } of inOrder) {
    pages.push({ slug, contentHash });
    bytes += utf8Length(content);
    if (bytes > LIST_MAX_BYTES) return { pages, next: slug };
  }
  return { pages, next: null };
}

/** Writes pages whose content has changed; skips unchanged ones. */
export async function upsertPages(ctx: MutationCtx, pages: Infer<typeof vPage>[], now: number) {
  for (const page of pages) {
    const stored = await findPage(ctx, page.slug);
    if (stored?.contentHash === page.contentHash) continue;
    const { slug, contentHash, ...texts } = page;
    const fields = { ...asStored(texts), slug, contentHash, updatedAt: now };
    if (stored) await ctx.db.replace("docPages", stored._id, fields);
    const docPageId = stored?._id ?? (await ctx.db.insert("docPages", fields));
    await removeVectors(ctx, docPageId);
    if (isConfigured()) await ctx.scheduler.runAfter(0, internal.embed.docPage, { docPageId });
  }
}

async function findPage(ctx: QueryCtx, slug: string) {
  return await ctx.db
    .query("docPages")
    .withIndex("by_slug", (q) => q.eq("slug", slug))
    .unique();
}

/** Removes pages with their vectors. */
export async function removePages(ctx: MutationCtx, slugs: string[]) {
  for (const slug of slugs) {
    const page = await findPage(ctx, slug);
    if (page === null) continue;
    await removeVectors(ctx, page._id);
    await ctx.db.delete("docPages", page._id);
  }
}

/** Removes a page's vectors. A page has at most about 130 chunks. */
async function removeVectors(ctx: MutationCtx, docPageId: Id<"docPages">) {
  const rows = ctx.db
    .query("docEmbeddings")
    .withIndex("by_doc_page", (q) => q.eq("docPageId", docPageId));
  for await (const row of rows) await ctx.db.delete("docEmbeddings", row._id);
}

/** Returns a page's texts to embed and its hash; null if the page was removed. */
export async function readChunks(ctx: QueryCtx, docPageId: Id<"docPages">) {
  const page = await ctx.db.get("docPages", docPageId);
  if (page === null) return null;
  const texts = sectionsOf(page.content).flatMap(({ text }) => chunksOf(text));
  return { contentHash: page.contentHash, title: page.title, texts };
}

export const vDocVectors = v.object({
  docPageId: v.id("docPages"),
  contentHash: v.string(),
  chunks: v.array(v.object({ text: v.string(), embedding: vVector })),
});

/** Stores the vectors of a page, unless the page changed meanwhile. */
export async function storeVectors(
  ctx: MutationCtx,
  { docPageId, contentHash, chunks }: Infer<typeof vDocVectors>,
) {
  const page = await ctx.db.get("docPages", docPageId);
  if (page?.contentHash !== contentHash) return;
  await removeVectors(ctx, docPageId);
  for (const [chunk, one] of chunks.entries()) {
    await ctx.db.insert("docEmbeddings", { docPageId, chunk, ...one, textHash: contentHash });
  }
  await ctx.db.patch("docPages", docPageId, { embeddedHash: contentHash });
}

/** Pages that one step schedules, and the bytes that it reads of them. */
const STEP_BUDGET: Readonly<ReadBudget> = { rows: 50, bytes: 4 * 1024 * 1024 };

/**
 * Schedules embedding for pages created after a time: those without vectors, because the API key was set later or the
 * provider failed; or with `all`, because the model changed, every page. Returns where the next step begins, or null.
 */
export async function embedStep(
  ctx: MutationCtx,
  { after, all }: { after: number; all: boolean },
): Promise<number | null> {
  const pages = ctx.db.query("docPages");
  const chosen = all
    ? pages.withIndex("by_creation_time", (q) => q.gt("_creationTime", after))
    : pages.withIndex("by_embedded_hash", (q) =>
        q.eq("embeddedHash", undefined).gt("_creationTime", after),
      );
  const budget = { ...STEP_BUDGET };
  const taken = await takeWithin(chosen, budget);
  for (const { _id: docPageId, embeddedHash } of taken) {
    // Without it, the daily sweep finds a page whose job fails.
    if (embeddedHash !== undefined) {
      await ctx.db.patch("docPages", docPageId, { embeddedHash: undefined });
    }
    await ctx.scheduler.runAfter(0, internal.embed.docPage, { docPageId });
  }
  return hasRoom(budget) ? null : (taken.at(-1)?._creationTime ?? null);
}

/** Returns pages whose title or content contains the query's words, best first, each with its best section. */
export async function search(ctx: QueryCtx, text: string, limit: number): Promise<DocResult[]> {
  const query = prepareQuery(text);
  const matcher = matcherOf(query);
  const sections = (await candidatePages(ctx, query.terms)).flatMap(sectionCandidates);
  return rankSessions(matcher, sections)
    .slice(0, limit)
    .map(({ candidate: passage, score }) => ({
      slug: passage.sessionId,
      title: passage.title,
      heading: passage.heading || undefined,
      anchor: passage.anchor || undefined,
      score,
      ...makeSnippet(matcher, passage.text),
    }));
}

/** Searches titles and contents separately, because a title from front matter is not part of the content. */
async function candidatePages(ctx: QueryCtx, terms: readonly string[]) {
  if (terms.length === 0) return [];
  const words = terms.join(" ");
  const searches = [
    ctx.db.query("docPages").withSearchIndex("search_title", (q) => q.search("title", words)),
    ctx.db.query("docPages").withSearchIndex("search_content", (q) => q.search("content", words)),
  ];
  const pages: Doc<"docPages">[] = [];
  let bytes = 0;
  for (const [i, found] of searches.entries()) {
    // Title matches fill at most half of the budget, so that contents are searched too.
    const share = (i + 1) / searches.length;
    for await (const page of found) {
      if (pages.length >= SEARCH_MAX_PAGES * share || bytes >= SEARCH_MAX_BYTES * share) break;
      if (!pages.some(({ _id }) => _id === page._id)) pages.push(page);
      bytes += utf8Length(page.content);
    }
  }
  return pages;
}

/** Turns vector hits into results, nearest first, each page once. Skips rows removed meanwhile. */
export async function hydrate(
  ctx: QueryCtx,
  hits: { _id: Id<"docEmbeddings">; _score: number }[],
  text: string,
  limit: number,
): Promise<DocResult[]> {
  const matcher = matcherOf(prepareQuery(text));
  const results = new Map<string, DocResult>();
  for (const hit of hits) {
    if (results.size >= limit) break;
    const row = await ctx.db.get("docEmbeddings", hit._id);
    const page = row && (await ctx.db.get("docPages", row.docPageId));
    if (!row || !page || results.has(page.slug)) continue;
    const { slug, title } = page;
    const section = sectionsOf(page.content).find((one) => one.text.includes(row.text));
    results.set(slug, {
      slug,
      title,
      heading: section?.heading || undefined,
      anchor: section?.anchor || undefined,
      score: Math.min(1, hit._score),
      ...makeSnippet(matcher, row.text),
    });
  }
  return [...results.values()];
}

/** The section of a page that has only a title. */
const NO_SECTION = { heading: "", anchor: "", text: "" };

/** Sections as ranking candidates: ranking treats a page like a session, and its sections like messages. */
function sectionCandidates({ slug, title, content, updatedAt: createdAt }: Doc<"docPages">) {
  const [first = NO_SECTION, ...others] = sectionsOf(content);
  return [first, ...others].map((section) => ({ ...section, sessionId: slug, title, createdAt }));
}
