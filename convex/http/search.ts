import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { prepareQuery } from "../lib/search/query";
import { ignoredOf, type SearchAnswer, type SearchBody } from "../wire/search";
import * as routes from "../wire/search";
import type * as z from "zod";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";

export const search: Endpoint = endpoint(routes.search, async (ctx, { caller, body }) => ({
  body: await run(ctx, caller, body),
}));

export const searchByQuery: Endpoint = endpoint(
  routes.searchByQuery,
  async (ctx, { caller, query: { q, ...options } }) => ({
    body: await run(ctx, caller, { query: q, ...options }),
  }),
);

async function run(
  ctx: ActionCtx,
  caller: Caller,
  { query, type, limit, ...filters }: z.output<typeof SearchBody>,
): Promise<SearchAnswer> {
  const input = { caller, query, limit, filters };
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
