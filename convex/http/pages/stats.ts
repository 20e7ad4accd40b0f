import { internal } from "../../_generated/api";
import { notFound } from "../../errors";
import { longDate } from "../../lib/stats/labels";
import { wrappedSvg } from "../../lib/stats/wrappedSvg";
import { DAY_MS, dayStart, isDate, utcDate } from "../../lib/time";
import { statsPage, wrappedPage } from "../../pages/stats";
import type { Endpoint } from "../endpoint";
import { today } from "./today";
import { ownerPage } from "./endpoint";
import { pagePolicy, pageResponse } from "./respond";

const DAYS_MAX = 365;
const DAYS_DEFAULT = 30;

export const stats: Endpoint = ownerPage(
  { method: "GET", path: "/stats" },
  async (ctx, { caller, query }) => {
    const asked = Math.floor(Number(query.get("days") ?? DAYS_DEFAULT));
    const days = asked >= 1 && asked <= DAYS_MAX ? asked : DAYS_DEFAULT;
    const last = dayStart(await today(ctx, caller));
    const dates = Array.from({ length: days }, (_, index) =>
      utcDate(last - (days - 1 - index) * DAY_MS),
    );
    const found = await ctx.runQuery(internal.analytics.stats, { caller, from: dates[0] });
    const policy = await pagePolicy();
    const body = statsPage({ policy, viewer: { kind: "owner" } }, found, { days, dates });
    return pageResponse(body, policy);
  },
);

/** A day as a page, or as the picture alone with `.svg`, for `<img>` elements of our pages. */
export const wrapped: Endpoint = ownerPage(
  { method: "GET", path: "/wrapped/:day" },
  async (ctx, { caller, param }) => {
    const [, name = "", extension] = /^(.+?)(\.svg)?$/.exec(param) ?? [];
    const date = name === "today" ? await today(ctx, caller) : name;
    if (!isDate(date)) throw notFound("Day");
    if (extension === undefined) {
      const policy = await pagePolicy();
      const next = utcDate(dayStart(date) + DAY_MS);
      const body = wrappedPage(
        { policy, viewer: { kind: "owner" } },
        {
          date,
          name: longDate(date),
          before: utcDate(dayStart(date) - DAY_MS),
          after: next <= (await today(ctx, caller)) ? next : undefined,
        },
      );
      return pageResponse(body, policy);
    }
    const picture = await ctx.runQuery(internal.wrapped.picture, { caller, day: date });
    return new Response(wrappedSvg(picture), {
      headers: {
        "Content-Type": "image/svg+xml; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=60",
      },
    });
  },
);
