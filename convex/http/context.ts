import { contextAnswer } from "../answers/context";
import * as routes from "../wire/context";
import { endpoint, type Endpoint } from "./endpoint";

export const getContext: Endpoint = endpoint(
  routes.getContext,
  async (ctx, { caller, query: { q: query, limit, max_tokens: maxTokens, format } }) => {
    return { body: await contextAnswer(ctx, caller, { query, limit, maxTokens, format }) };
  },
);
