import { v } from "convex/values";
import { callerQuery, viewerQuery } from "./functions";
import { vVectorHits } from "./model/embedding/vectorHits";
import * as Browse from "./model/search/dashboardSearch";
import { sessionsForFile } from "./model/search/files";
import { vFilters } from "./model/search/filters";
import type { SearchOutcome } from "./model/search/results";
import * as Search from "./model/search/search";

const vInput = {
  query: v.string(),
  limit: v.number(),
  filters: vFilters,
  /** Whether secrets are masked in what results quote. */
  masks: v.optional(v.boolean()),
};

/** Full-text search over the caller's sessions. */
export const fulltext = callerQuery({
  args: vInput,
  handler: (ctx, input) => Search.fulltext(ctx, ctx.user, input),
});

/** `GET /api/files` and MCP: the caller's sessions that changed, read or named a file. */
export const forFile = callerQuery({
  args: { path: v.string(), limit: v.number(), filters: vFilters },
  handler: (ctx, input) => sessionsForFile(ctx, ctx.user, input),
});

/** Authenticates a semantic or hybrid search, and returns the user to search for with any full-text results. */
export const prepare = callerQuery({
  args: { ...vInput, withFulltext: v.boolean(), withPending: v.optional(v.boolean()) },
  handler: async (ctx, { withFulltext, withPending = false, ...input }) => {
    const nothing: SearchOutcome = {
      results: [],
      sessions: [],
      wanted: input.limit,
      truncated: false,
    };
    const found = withFulltext ? await Search.fulltext(ctx, ctx.user, input) : nothing;
    const pending = withPending ? await Search.countPending(ctx, ctx.user) : 0;
    return { userId: ctx.user._id, pending, ...found };
  },
});

/** Turns hits of the vector indexes into results. */
export const hydrate = callerQuery({
  args: { ...vInput, hits: vVectorHits },
  handler: (ctx, { hits, ...input }) => Search.hydrate(ctx, ctx.user, hits, input),
});

const vPage = { query: v.string(), limit: v.optional(v.number()), cursor: v.optional(v.number()) };

/**
 * Lists the viewer's sessions that match a query; for a blank query, all sessions by last activity. The
 * cursor is an offset; null at the end. Empty for signed-out callers.
 */
export const searchSessionsPaginated = viewerQuery({
  args: vPage,
  handler: (ctx, { query, ...page }) =>
    ctx.user
      ? Browse.sessions(ctx, ctx.user, query, page)
      : { sessions: [], nextCursor: null, total: 0 },
});

/**
 * Lists the viewer's messages that match a query, best first; none for a blank query. The cursor is an
 * offset; null at the end. Empty for signed-out callers.
 */
export const searchMessagesPaginated = viewerQuery({
  args: { ...vPage, sessionId: v.optional(v.id("sessions")) },
  handler: (ctx, { query, ...page }) =>
    ctx.user
      ? Browse.messages(ctx, ctx.user, query, page)
      : { messages: [], nextCursor: null, total: 0 },
});
