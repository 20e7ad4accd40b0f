import type * as z from "zod";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import type { Caller } from "../wire/caller";
import type { DocsAnswer, DocsQuery } from "../wire/docs";
import { ignoredOf } from "../wire/search";

/** Answers a search of the documentation by words, by meaning, or by both. */
export async function docsAnswer(
  ctx: ActionCtx,
  caller: Caller,
  { q: query, type, limit }: z.output<typeof DocsQuery>,
): Promise<DocsAnswer> {
  const input = { caller, query, limit };
  const ignored = type === "semantic" ? {} : ignoredOf(query);
  if (type !== "fulltext") {
    const { semanticDocs } = await import("./semantic");
    return { ...(await semanticDocs(ctx, { ...input, type })), ...ignored };
  }
  const results = await ctx.runQuery(internal.docs.searchPages, input);
  return { results, type, degraded: false, ...ignored };
}
