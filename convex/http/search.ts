import { searchAnswer } from "../answers/search";
import * as routes from "../wire/search";
import { endpoint, type Endpoint } from "./endpoint";

const byBody = (route: typeof routes.search): Endpoint =>
  endpoint(route, async (ctx, { caller, body }) => ({
    body: await searchAnswer(ctx, caller, body),
  }));

const byQuery = (route: typeof routes.searchByQuery): Endpoint =>
  endpoint(route, async (ctx, { caller, query }) => ({
    body: await searchAnswer(ctx, caller, query),
  }));

/** Searches by a body or by query parameters, under both paths. */
export const searches: readonly Endpoint[] = [
  byBody(routes.searchByBody),
  byQuery(routes.searchByQuery),
  byBody(routes.search),
  byQuery(routes.searchByQueryAlias),
];
