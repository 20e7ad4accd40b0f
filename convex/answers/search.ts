import type * as z from "zod";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { facetsOf } from "../lib/search/facets";
import { prepareQuery } from "../lib/search/query";
import type { SessionActivity } from "../lib/sessions/live";
import type { Caller } from "../wire/caller";
import { ignoredOf, type SearchAnswer, type SearchBody } from "../wire/search";

/** Options of an answer for a model: mask secrets, and leave out running sessions. */
type Extra = { masks?: boolean; live?: SessionActivity };

/** Answers a search by words, by meaning, or by both. */
export async function searchAnswer(
  ctx: ActionCtx,
  caller: Caller,
  { query, type, limit, filters }: z.output<typeof SearchBody>,
  { masks, live }: Extra = {},
): Promise<SearchAnswer> {
  const input = { caller, query, limit, filters: { ...filters, live }, masks };
  const ignored = type === "semantic" ? {} : ignoredOf(query);
  if (type !== "fulltext") {
    const { semanticSearch } = await import("./semantic");
    return { ...(await semanticSearch(ctx, { ...input, type })), ...ignored };
  }
  const { results, sessions, truncated } = await ctx.runQuery(internal.search.fulltext, input);
  const hasWord = prepareQuery(query).terms.length > 0;
  const reason = "The query contains no word that full-text search can find";
  const degradation = { degraded: !hasWord, ...(hasWord ? {} : { reason }), ...ignored };
  return { results, facets: facetsOf(sessions), truncated, type, ...degradation };
}
