import { internal } from "../_generated/api";
import * as routes from "../wire/context";
import { ignoredOf } from "../wire/search";
import { endpoint, type Endpoint } from "./endpoint";

export const getContext: Endpoint = endpoint(
  routes.getContext,
  async (ctx, { caller, query: { q: query, limit, max_tokens: maxTokens, format } }) => {
    const input = { caller, query, limit, maxTokens, format };
    const answer = await ctx.runAction(internal.semantic.context, input);
    return { body: { ...answer, ...ignoredOf(query) } };
  },
);
