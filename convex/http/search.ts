import { searchAnswer } from "../answers/search";
import * as routes from "../wire/search";
import { endpoint, type Endpoint } from "./endpoint";

export const search: Endpoint = endpoint(routes.search, async (ctx, { caller, body }) => ({
  body: await searchAnswer(ctx, caller, body),
}));

export const searchByQuery: Endpoint = endpoint(
  routes.searchByQuery,
  async (ctx, { caller, query }) => ({ body: await searchAnswer(ctx, caller, query) }),
);
