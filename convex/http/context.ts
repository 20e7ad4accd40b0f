import { contextAnswer } from "../answers/context";
import * as routes from "../wire/context";
import { endpoint, type Endpoint } from "./endpoint";

export const getContext: Endpoint = endpoint(routes.getContext, async (ctx, { caller, query }) => ({
  body: await contextAnswer(ctx, caller, query),
}));
