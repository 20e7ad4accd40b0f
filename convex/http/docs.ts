import { internal } from "../_generated/api";
import * as routes from "../wire/docs";
import { ignoredOf } from "../wire/search";
import { endpoint, type Endpoint } from "./endpoint";

export const searchDocs: Endpoint = endpoint(
  routes.searchDocs,
  async (ctx, { caller, query: { q: query, type, limit } }) => {
    const input = { caller, query, limit };
    const ignored = type === "semantic" ? {} : ignoredOf(query);
    if (type !== "fulltext") {
      const answer = await ctx.runAction(internal.semantic.docs, { ...input, type });
      return { body: { ...answer, ...ignored } };
    }
    const results = await ctx.runQuery(internal.docs.searchPages, input);
    return { body: { results, type, degraded: false, ...ignored } };
  },
);
