import { internal } from "../_generated/api";
import { notFound } from "../errors";
import { quarterOf } from "../lib/stats/cells";
import { UTC, Zone } from "../lib/stats/zones";
import { DAY_MS, dayStart, isDate, utcDate } from "../lib/time";
import { wrappedSvg } from "../lib/stats/wrappedSvg";
import * as routes from "../wire/stats";
import { endpoint, type Endpoint } from "./endpoint";

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
    const { tz } = query;
    const date = dayNamed(param, new Zone(tz ?? UTC), Date.now());
    const picture = await ctx.runQuery(internal.wrapped.picture, { caller, date, tz });
    return new Response(wrappedSvg(picture, query.theme), {
      headers: {
        "Content-Type": "image/svg+xml; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
      },
    });
  },
);

/** The day of `2026-11-22.svg`, `today.svg` or `yesterday.svg` in this time zone. */
function dayNamed(file: string, zone: Zone, now: number): string {
  const name = /^(.+)\.svg$/.exec(file)?.[1];
  const today = zone.dateOf(quarterOf(now));
  if (name === "today") return today;
  if (name === "yesterday") return utcDate(dayStart(today) - DAY_MS);
  if (name === undefined || !isDate(name)) throw notFound("Picture");
  return name;
}
