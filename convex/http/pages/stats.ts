import { internal } from "../../_generated/api";
import type { ActionCtx } from "../../_generated/server";
import { notFound } from "../../errors";
import { longDate } from "../../lib/stats/labels";
import { wrappedSvg } from "../../lib/stats/wrappedSvg";
import { maskForOthers, maskSecrets } from "../../lib/secrets/mask";
import { DAY_MS, dayStart, isDate, utcDate } from "../../lib/time";
import { statsPage, wrappedPage } from "../../pages/stats";
import { WrappedLookQuery } from "../../wire/stats";
import type { Caller } from "../authenticate";
import { readText } from "../body";
import type { Endpoint } from "../endpoint";
import { parse } from "../input";
import { pictureResponse } from "../respond";
import { today } from "./today";
import { openPage, ownerPage, type Visit } from "./endpoint";
import { pagePolicy, pageResponse, redirect } from "./respond";

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
    const head = { policy, viewer: { kind: "owner" as const } };
    return pageResponse(statsPage(head, maskSecrets(found), { days, dates }), policy);
  },
);

/** A day as a page, or as the picture alone with `.svg`, for `<img>` elements of our pages. */
export const wrapped: Endpoint = ownerPage(
  { method: "GET", path: "/wrapped/:day" },
  async (ctx, visit) => {
    const { caller, query } = visit;
    const { date, isPicture } = await dayOf(ctx, visit);
    if (!isPicture) return await dayPage(ctx, visit, date);
    const look = parse(WrappedLookQuery, Object.fromEntries(query));
    const picture = await ctx.runQuery(internal.wrapped.picture, { caller, day: date });
    return pictureResponse(wrappedSvg(maskSecrets(picture), look), {
      "Cache-Control": "private, max-age=60",
    });
  },
);

/** Lets links show the owner's pictures, or ends all such links. */
export const postWrapped: Endpoint = ownerPage(
  { method: "POST", path: "/wrapped/:day" },
  async (ctx, visit) => {
    const { date } = await dayOf(ctx, visit);
    const action = new URLSearchParams(await readText(visit.request)).get("action");
    if (action !== "link" && action !== "unlink") throw notFound("Action");
    const { caller } = visit;
    await ctx.runMutation(internal.wrapped.setLinks, { caller, areAllowed: action === "link" });
    return redirect(`/wrapped/${date}`);
  },
);

/** The picture of a day for everyone who has its link: also for `<img>` elements of other sites. */
export const linkedPicture: Endpoint = openPage(
  { method: "GET", path: "/pictures/:link" },
  async (ctx, { param, query }) => {
    const link = /^(.+)\.svg$/.exec(param)?.[1] ?? "";
    const look = parse(WrappedLookQuery, Object.fromEntries(query));
    const picture = await ctx.runQuery(internal.wrapped.linkedPicture, { link });
    return pictureResponse(wrappedSvg(maskForOthers(picture), look), {
      "Cache-Control": "public, max-age=60",
      "Cross-Origin-Resource-Policy": "cross-origin",
      "X-Robots-Tag": "noindex, nofollow",
    });
  },
);

/** The day that the address names, and whether it asks for the picture alone. */
async function dayOf(ctx: ActionCtx, { caller, param }: Visit<Caller>) {
  const [, name = "", extension] = /^(.+?)(\.svg)?$/.exec(param) ?? [];
  const date = name === "today" ? await today(ctx, caller) : name;
  if (!isDate(date)) throw notFound("Day");
  return { date, isPicture: extension !== undefined };
}

async function dayPage(
  ctx: ActionCtx,
  { caller, request }: Visit<Caller>,
  date: string,
): Promise<Response> {
  const policy = await pagePolicy();
  const next = utcDate(dayStart(date) + DAY_MS);
  const found = await ctx.runQuery(internal.wrapped.links, { caller, days: [date, "today"] });
  const { origin } = new URL(request.url);
  const body = wrappedPage(
    { policy, viewer: { kind: "owner" } },
    {
      date,
      name: longDate(date),
      before: utcDate(dayStart(date) - DAY_MS),
      after: next <= (await today(ctx, caller)) ? next : undefined,
      links: found.map(({ day, link }) => ({ day, address: `${origin}/pictures/${link}.svg` })),
    },
  );
  return pageResponse(body, policy);
}
