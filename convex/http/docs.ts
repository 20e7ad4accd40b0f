import { internal } from "../_generated/api";
import * as routes from "../wire/docs";
import { endpoint, type Endpoint } from "./endpoint";

export const searchDocs: Endpoint = endpoint(
  routes.searchDocs,
  async (ctx, { caller, query: { q: query, type, limit } }) => {
    const input = { caller, query, limit };
    if (type !== "fulltext") {
      return { body: await ctx.runAction(internal.semantic.docs, { ...input, type }) };
    }
    const results = await ctx.runQuery(internal.docs.searchPages, input);
    return { body: { results, type, degraded: false } };
  },
);
