import { docsAnswer } from "../answers/docs";
import * as routes from "../wire/docs";
import { endpoint, type Endpoint } from "./endpoint";

export const searchDocs: Endpoint = endpoint(routes.searchDocs, async (ctx, { caller, query }) => ({
  body: await docsAnswer(ctx, caller, query),
}));
