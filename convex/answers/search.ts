import type * as z from "zod";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { prepareQuery } from "../lib/search/query";
import type { SessionActivity } from "../lib/sessions/live";
import type { Caller } from "../wire/caller";
import { ignoredOf, type SearchAnswer, type SearchBody } from "../wire/search";

/** What else an answer for a model asks: secrets masked, running sessions left out. */
type Extra = { masks?: boolean; live?: SessionActivity };

/** What a search finds, by words, by meaning, or by both. */
export async function searchAnswer(
  ctx: ActionCtx,
  caller: Caller,
  { query, type, limit, ...filters }: z.output<typeof SearchBody>,
  { masks, live }: Extra = {},
): Promise<SearchAnswer> {
  const input = { caller, query, limit, filters: { ...filters, live }, masks };
  const ignored = type === "semantic" ? {} : ignoredOf(query);
  if (type !== "fulltext") {
    return { ...(await ctx.runAction(internal.semantic.search, { ...input, type })), ...ignored };
  }
  const { results, truncated } = await ctx.runQuery(internal.search.fulltext, input);
  const hasWord = prepareQuery(query).terms.length > 0;
  const reason = "The query has no word that full text could look for";
  const degradation = { degraded: !hasWord, ...(hasWord ? {} : { reason }), ...ignored };
  return { results, truncated, type, ...degradation };
}
