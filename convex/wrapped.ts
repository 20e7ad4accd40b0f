import { v } from "convex/values";
import { internal } from "./_generated/api";
import { notFound } from "./errors";
import {
  callerMutation,
  callerQuery,
  publicQuery,
  systemMutation,
  systemQuery,
  viewerQuery,
} from "./functions";
import { DAY_MS, utcDate } from "./lib/time";
import { wrappedStats } from "./lib/stats/wrapped";
import { wrappedSvg } from "./lib/stats/wrappedSvg";
import { dayNamed, UTC, Zone } from "./lib/stats/zones";
import * as PictureLinks from "./model/accounts/pictureLinks";
import { timeZoneOf } from "./model/accounts/timeZone";
import { statisticsSince } from "./model/stats/dashboardDays";
import * as Wrapped from "./model/stats/wrapped";

/** Number of designs built into the dashboard. */
const DESIGNS = 10;

/**
 * Statistics of the signed-in user for today (UTC), with a picture as a `data:` URL that needs no request and
 * no key. Null without activity today, and for signed-out callers.
 */
export const getTodayWrapped = viewerQuery({
  args: {},
  handler: async (ctx) => {
    const now = Date.now();
    return ctx.user === null ? null : await wrappedOf(ctx, ctx.user, utcDate(now), now);
  },
});

/** Statistics of the signed-in user for yesterday (UTC), with a picture; null as for today. */
export const getYesterdayWrapped = viewerQuery({
  args: {},
  handler: async (ctx) => {
    const now = Date.now();
    return ctx.user === null ? null : await wrappedOf(ctx, ctx.user, utcDate(now - DAY_MS), now);
  },
});

async function wrappedOf(
  ctx: Parameters<typeof Wrapped.picture>[0],
  user: Parameters<typeof Wrapped.picture>[1],
  date: string,
  now: number,
) {
  const { picture, isActive } = await Wrapped.picture(ctx, user, { date });
  if (!isActive) return null;
  return {
    date,
    stats: picture.stats,
    imageUrl: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(wrappedSvg(picture, { shape: "portrait" }))}`,
    designIndex: Number(date.slice(8)) % DESIGNS,
    nextGenerationAt: Wrapped.nextCloseAt(now),
  };
}

/** Statistics of the last 24 hours; null without activity, and for signed-out callers. */
export const getWrappedStats = viewerQuery({
  args: {},
  handler: async (ctx) => {
    if (ctx.user === null) return null;
    const { rows } = await statisticsSince(ctx, ctx.user, { since: Date.now() - DAY_MS });
    return rows.length === 0 ? null : wrappedStats(rows);
  },
});

/** The current UTC day, and when it will be closed. */
export const getCountdownInfo = publicQuery({
  args: {},
  returns: v.object({ nextGenerationAt: v.number(), currentDate: v.string() }),
  handler: () => {
    const now = Date.now();
    return { nextGenerationAt: Wrapped.nextCloseAt(now), currentDate: utcDate(now) };
  },
});

/**
 * `GET /api/wrapped/:day.svg`: the contents of the picture of one day, `today` or `yesterday`, in a time zone:
 * the one asked for, else the caller's.
 */
export const picture = callerQuery({
  args: { day: v.string(), tz: v.optional(v.string()) },
  handler: async (ctx, { day, tz = timeZoneOf(ctx.user) }) => {
    const date = dayNamed(day, new Zone(tz), Date.now());
    if (date === undefined) throw notFound("Picture");
    return (await Wrapped.picture(ctx, ctx.user, { date, tz })).picture;
  },
});

/** `GET /pictures/:link`: the contents of the picture that a link shows to anyone; 404 for all other links. */
export const linkedPicture = systemQuery({
  args: { link: v.string() },
  handler: async (ctx, { link }) => {
    const found = await PictureLinks.findLinked(ctx, link);
    const tz = found === null ? UTC : timeZoneOf(found.user);
    const date = found === null ? undefined : dayNamed(found.day, new Zone(tz), Date.now());
    if (found === null || date === undefined) throw notFound("Picture");
    return (await Wrapped.picture(ctx, found.user, { date, tz })).picture;
  },
});

/** `GET /wrapped/:day`: the links to the caller's pictures of these days; empty where links show none. */
export const links = callerQuery({
  args: { days: v.array(v.string()) },
  returns: v.array(v.object({ day: v.string(), link: v.string() })),
  handler: (ctx, { days }) =>
    days.flatMap((day) => {
      const link = PictureLinks.linkOf(ctx.user, day);
      return link === undefined ? [] : [{ day, link }];
    }),
});

/** `POST /wrapped/:day`: lets links show the caller's pictures, or ends all such links. */
export const setLinks = callerMutation({
  args: { areAllowed: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { areAllowed }) => {
    if (areAllowed) await PictureLinks.allow(ctx, ctx.user);
    else await PictureLinks.end(ctx, ctx.user);
    return null;
  },
});

/** Scheduled after a day of the ledger changed: copies it to `dailyWrapped`, where statistics read it. */
export const copyDay = systemMutation({
  args: { userId: v.id("users"), day: v.number() },
  returns: v.null(),
  handler: async (ctx, day) => {
    await Wrapped.copyDay(ctx, { ...day, now: Date.now() });
    return null;
  },
});

/** Cron: schedules lost copies of days again, in batches. */
export const closeDays = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const more = await Wrapped.closeDays(ctx, Date.now());
    if (more) await ctx.scheduler.runAfter(0, internal.wrapped.closeDays, {});
    return null;
  },
});
