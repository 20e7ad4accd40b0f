import { internal } from "../_generated/api";
import * as routes from "../wire/context";
import { endpoint, type Endpoint } from "./endpoint";

export const getContext: Endpoint = endpoint(
  routes.getContext,
  async (ctx, { caller, query: { q: query, limit, max_tokens: maxTokens, format } }) => ({
    body: await ctx.runAction(internal.semantic.context, {
      caller,
      query,
      limit,
      maxTokens,
      format,
    }),
  }),
);
