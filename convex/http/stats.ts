import { internal } from "../_generated/api";
import { notFound } from "../errors";
import { wrappedSvg } from "../lib/stats/wrappedSvg";
import * as routes from "../wire/stats";
import { endpoint, type Endpoint } from "./endpoint";
import { pictureResponse } from "./respond";

export const getStats: Endpoint = endpoint(routes.getStats, async (ctx, { caller, query }) => {
  const stats = await ctx.runQuery(internal.analytics.stats, { caller, ...query });
  // Older clients read an object by model. Convex cannot return it, because model names are not
  // valid field names.
  const modelUsage = Object.fromEntries(
    stats.byModel.map(({ model, totalTokens, cost, sessions }) => [
      model,
      { tokens: totalTokens, cost, sessions },
    ]),
  );
  return { body: { ...stats, modelUsage } };
});

export const getWrapped: Endpoint = endpoint(
  routes.getWrapped,
  async (ctx, { caller, param, query }) => {
    const { tz, theme, shape } = query;
    const day = /^(.+)\.svg$/.exec(param)?.[1];
    if (day === undefined) throw notFound("Picture");
    const picture = await ctx.runQuery(internal.wrapped.picture, { caller, day, tz });
    return pictureResponse(wrappedSvg(picture, { theme, shape }));
  },
);
