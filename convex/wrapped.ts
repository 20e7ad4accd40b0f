import { v } from "convex/values";
import { internal } from "./_generated/api";
import { notFound } from "./errors";
import { callerQuery, publicQuery, systemMutation, viewerQuery } from "./functions";
import { DAY_MS, utcDate } from "./lib/time";
import { wrappedStats } from "./lib/stats/wrapped";
import { wrappedSvg } from "./lib/stats/wrappedSvg";
import { dayNamed, Zone } from "./lib/stats/zones";
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
    imageUrl: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(wrappedSvg(picture))}`,
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

/** Scheduled after a day of the ledger changed: copies it to `dailyWrapped`, where statistics read it. */
export const foldDay = systemMutation({
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
