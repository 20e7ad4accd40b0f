import { v, type Infer } from "convex/values";
import { internal } from "./_generated/api";
import type { Doc } from "./_generated/dataModel";
import type { QueryCtx } from "./_generated/server";
import {
  callerQuery,
  publicQuery,
  systemAction,
  systemMutation,
  systemQuery,
  viewerQuery,
} from "./functions";
import { clamp } from "./lib/numbers";
import { record } from "./lib/record";
import type { LedgerRow } from "./lib/stats/ledger";
import { NO_PROJECT } from "./lib/stats/names";
import { dayOf, Zone } from "./lib/stats/zones";
import { distinct, splitBy, totalsOf } from "./lib/stats/totals";
import { shownProvider } from "./lib/sessions/providers";
import { DAY_MS } from "./lib/time";
import * as Analytics from "./model/stats/dashboardDays";
import * as Platform from "./model/stats/publicFigures";
import * as SessionLists from "./model/sessions/lists";
import { timeZoneOf } from "./model/accounts/timeZone";
import { statsAnswer, totalsByDay } from "./model/stats/views";
import { sessionView } from "./model/sessions/sessions";
import { readSource } from "./wire/sources";

/**
 * Statistics of the signed-in user, from the ledger of days. They read sums per day, never sessions, so that
 * an open dashboard costs the same however much is stored. Signed-out callers get an empty answer.
 */
const vFilter = { source: v.optional(v.string()) };

/**
 * `GET /api/stats`: totals, also by name and day, over a range of days in a time zone: the one asked for, else
 * the caller's.
 */
export const stats = callerQuery({
  args: {
    /** A day, or a time in ms, which means its day in the time zone. */
    from: v.optional(v.union(v.string(), v.number())),
    to: v.optional(v.union(v.string(), v.number())),
    tz: v.optional(v.string()),
    ...vFilter,
    ...record(["provider", "model", "project"] as const, () => v.optional(v.string())),
  },
  handler: async (ctx, { tz = timeZoneOf(ctx.user), from, to, ...names }) => {
    const zone = new Zone(tz);
    const range = { from: dayOf(from, zone), to: dayOf(to, zone) };
    const found = await Analytics.statistics(ctx, ctx.user, { ...names, ...range, tz });
    return { ...statsAnswer(found), timeZone: tz };
  },
});

/** Reads all rows of the viewer's ledger, of one source or of all. */
async function ledgerRows(
  ctx: QueryCtx & { user: Doc<"users"> | null },
  source: string | undefined,
): Promise<LedgerRow[]> {
  if (ctx.user === null) return [];
  return (await Analytics.statistics(ctx, ctx.user, { source: readSource(source) })).rows;
}

/** Sums over all sessions; zeros without sessions, never null. */
export const summaryStats = viewerQuery({
  args: vFilter,
  handler: async (ctx, { source }) => {
    const rows = await ledgerRows(ctx, source);
    const { sessions, messages, cost, durationMs, ...tokens } = totalsOf(rows);
    const average = (sum: number) => (sessions === 0 ? 0 : sum / sessions);
    return {
      ...tokens,
      totalSessions: sessions,
      totalMessages: messages,
      totalCost: cost,
      totalDurationMs: durationMs,
      uniqueModels: distinct(rows, "model"),
      uniqueProjects: distinct(rows, "project"),
      avgTokensPerSession: Math.round(average(tokens.totalTokens)),
      avgCostPerSession: average(cost),
    };
  },
});

/**
 * Sums by UTC day of the last `days` times 24 hours, oldest first; omits days without activity. The first
 * day is incomplete.
 */
export const dailyStats = viewerQuery({
  args: { days: v.optional(v.number()), ...vFilter },
  handler: async (ctx, { days: count = 30, source }) => {
    if (ctx.user === null) return [];
    const since = Date.now() - Math.min(36_500, Math.max(0, count || 0)) * DAY_MS;
    const query = { since, source: readSource(source) };
    return totalsByDay((await Analytics.statisticsSince(ctx, ctx.user, query)).days);
  },
});

/** Sums by model, most tokens first. */
export const modelStats = viewerQuery({
  args: vFilter,
  handler: async (ctx, { source }) => {
    return splitBy(await ledgerRows(ctx, source), "model").map((split) => ({
      model: split.key || "unknown",
      sessions: split.sessions,
      promptTokens: split.promptTokens,
      completionTokens: split.completionTokens,
      totalTokens: split.totalTokens,
      cost: split.cost,
      // A model that was only used in sessions started with another model has no sessions of its own.
      avgDurationMs: Math.round(split.durationMs / Math.max(1, split.sessions)),
    }));
  },
});

/** Sums by project, most recently active first. */
export const projectStats = viewerQuery({
  args: vFilter,
  handler: async (ctx, { source }) => {
    return splitBy(await ledgerRows(ctx, source), "project")
      .map((split) => ({
        project: split.key || NO_PROJECT,
        sessions: split.sessions,
        messageCount: split.messages,
        totalTokens: split.totalTokens,
        promptTokens: split.promptTokens,
        completionTokens: split.completionTokens,
        totalDurationMs: split.durationMs,
        cost: split.cost,
        lastActive: split.lastActiveAt,
      }))
      .sort((a, b) => b.lastActive - a.lastActive);
  },
});

/** Sums by provider, most tokens first. */
export const providerStats = viewerQuery({
  args: vFilter,
  handler: async (ctx, { source }) => {
    return splitBy(await ledgerRows(ctx, source), "provider").map(
      ({ key, sessions, totalTokens, cost }) => ({
        provider: key || "unknown",
        sessions,
        totalTokens,
        cost,
      }),
    );
  },
});

/** Sums by source, most sessions first. */
export const sourceStats = viewerQuery({
  args: {},
  handler: async (ctx) => {
    return splitBy(await ledgerRows(ctx, undefined), "source")
      .map(({ key, sessions, totalTokens, cost }) => ({ source: key, sessions, totalTokens, cost }))
      .sort((a, b) => b.sessions - a.sessions);
  },
});

/** Lists sessions that match, sorted, up to `limit`; `total` counts all matches. */
export const sessionsWithDetails = viewerQuery({
  args: {
    limit: v.optional(v.number()),
    sortBy: v.optional(v.union(...SessionLists.SORT_KEYS.map((key) => v.literal(key)))),
    sortOrder: v.optional(v.union(v.literal("asc"), v.literal("desc"))),
    filterModel: v.optional(v.string()),
    filterProject: v.optional(v.string()),
    filterProvider: v.optional(v.string()),
    ...vFilter,
  },
  handler: async (ctx, args) => {
    if (ctx.user === null) return { sessions: [], total: 0 };
    const { limit = 100, sortBy = "updatedAt", sortOrder = "desc" } = args;
    const { sessions, total } = await SessionLists.listSorted(ctx, ctx.user, {
      sortBy,
      order: sortOrder,
      limit: clamp(limit, 1, 200) ?? 100,
      filter: {
        source: readSource(args.source),
        model: args.filterModel,
        project: args.filterProject,
        provider: args.filterProvider,
      },
    });
    const details = sessions.map((session) => ({
      ...sessionView(session, "dashboard"),
      _id: session._id,
      provider: shownProvider(session.provider, session.model),
    }));
    return { sessions: details, total };
  },
});

/**
 * The most used models and sources of the deployment, for anyone; only names that several users share. A
 * cron computes them, so that open landing pages do not run a query again with every sync.
 */
export const publicPlatformStats = publicQuery({
  args: {},
  handler: (ctx) => Platform.figures(ctx),
});

/** Computes the figures above from the newest days of the ledger. */
export const recentFigures = systemQuery({
  args: {},
  returns: Platform.vFigures,
  handler: (ctx) => Platform.recent(ctx),
});

/** Stores the figures above. */
export const storeFigures = systemMutation({
  args: { figures: Platform.vFigures },
  returns: v.null(),
  handler: async (ctx, { figures }) => {
    await Platform.store(ctx, figures);
    return null;
  },
});

/** Cron: computes the figures above and stores them. */
export const updatePlatformFigures = systemAction({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const figures: Infer<typeof Platform.vFigures> = await ctx.runQuery(
      internal.analytics.recentFigures,
      {},
    );
    await ctx.runMutation(internal.analytics.storeFigures, { figures });
    return null;
  },
});
