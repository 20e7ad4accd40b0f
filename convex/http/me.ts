import { internal } from "../_generated/api";
import * as routes from "../wire/me";
import { endpoint, type Endpoint } from "./endpoint";

export const getMe: Endpoint = endpoint(routes.getMe, async (ctx, { caller, query }) => ({
  body: await ctx.runQuery(internal.users.whoami, { caller, counts: query.counts }),
}));

export const patchMe: Endpoint = endpoint(routes.patchMe, async (ctx, { caller, body }) => {
  const { timeZone } = body;
  return { body: await ctx.runMutation(internal.account.setTimeZone, { caller, timeZone }) };
});
