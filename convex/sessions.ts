import { v } from "convex/values";
import { callerQuery, systemMutation } from "./functions";
import * as Messages from "./model/messages";
import { refresh as refreshSession, sweep } from "./model/refresh";
import * as Sessions from "./model/sessions";

/** A page of the caller's sessions, newest first; `cursor` is null at the end. */
export const listPage = callerQuery({
  args: { limit: v.number(), cursor: v.optional(v.string()), source: v.optional(v.string()) },
  handler: async (ctx, args) => {
    const { sessions, cursor } = await Sessions.listPage(ctx, ctx.user, args);
    return { sessions: sessions.map(Sessions.sessionView), cursor };
  },
});

/** A page of external ids that plugins announced, after the one given. */
export const externalIdPage = callerQuery({
  args: { after: v.string() },
  handler: (ctx, { after }) => Sessions.externalIdPage(ctx, ctx.user, after),
});

/** A session of the caller, by our id or the plugin's, with a page of its messages. */
export const getWithMessages = callerQuery({
  args: { id: v.string(), limit: v.number(), cursor: v.optional(v.string()) },
  handler: async (ctx, { id, ...page }) => {
    const session = await Sessions.require(ctx, ctx.user, id);
    const { messages, cursor } = await Messages.page(ctx, session, page);
    return { session: Sessions.sessionView(session), messages, messagesCursor: cursor };
  },
});

/** Scheduled after a burst of syncs: brings the session up to date with its messages. */
export const refresh = systemMutation({
  args: { sessionId: v.id("sessions") },
  returns: v.null(),
  handler: async (ctx, { sessionId }) => {
    await refreshSession(ctx, sessionId, Date.now());
    return null;
  },
});

/** Cron: starts refreshes again that were due and did not run. */
export const sweepRefreshes = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await sweep(ctx, Date.now());
    return null;
  },
});
