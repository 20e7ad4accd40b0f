import { v } from "convex/values";
import { internal } from "./_generated/api";
import { notFound } from "./errors";
import { sessionFilter, vRole } from "./fields";
import { SESSION_SORTS } from "./lib/enums";
import { callerQuery, publicQuery, systemMutation, userMutation, viewerQuery } from "./functions";
import * as Dashboard from "./model/sessions/dashboard";
import * as MessageLookup from "./model/sessions/messageLookup";
import * as MessagePages from "./model/sessions/messagePages";
import { prune } from "./model/sync/changes";
import { refresh as refreshSession, sweep } from "./model/sync/refresh";
import { usageSplits } from "./model/stats/sessionSplits";
import { reviewedView } from "./model/evals/reviews";
import { excerpt as readExcerpt } from "./model/sessions/excerpt";
import * as ListAnswers from "./model/sessions/listAnswers";
import * as Reading from "./model/sessions/reading";
import * as Sessions from "./model/sessions/sessions";
import * as Tree from "./model/sessions/tree";
import { endSharing as endShared, findPublic, setSharing } from "./model/sessions/sharing";

const listArgs = {
  limit: v.number(),
  cursor: v.optional(v.string()),
  sort: v.optional(v.union(...SESSION_SORTS.map((sort) => v.literal(sort)))),
  foldsSubagents: v.optional(v.boolean()),
  ...sessionFilter,
};

/** Lists a page of the caller's sessions that match, the largest first; `cursor` is null at the end. */
export const listPage = callerQuery({
  args: listArgs,
  handler: async (ctx, args) => await ListAnswers.page(ctx, ctx.user, args),
});

/**
 * `GET /api/sessions`: a page of `listPage` as JSON, with only these fields of the sessions if any are named. It is
 * text, because values would be converted and checked several times on their way to the answer.
 */
export const listJson = callerQuery({
  args: { fields: v.optional(v.array(v.string())), ...listArgs },
  returns: v.object({ json: v.string(), cursor: v.union(v.string(), v.null()) }),
  handler: async (ctx, { fields, ...args }) => {
    const page = await ListAnswers.page(ctx, ctx.user, args);
    return { json: ListAnswers.json(page, fields), cursor: page.cursor };
  },
});

/** The ids of sessions, by our id or the plugin's, and of all sessions below them; unknown ones stay as they are. */
export const withDescendants = callerQuery({
  args: { ids: v.array(v.string()) },
  handler: (ctx, { ids }) => Tree.withDescendants(ctx, ctx.user, ids),
});

/** Lists a page of the sessions that plugins sent, after an external id. */
export const announcedPage = callerQuery({
  args: {
    after: v.string(),
    limit: v.optional(v.number()),
    source: v.optional(v.string()),
  },
  handler: (ctx, place) => Sessions.announcedPage(ctx, ctx.user, place),
});

/** Returns a session of the caller, by our id or the plugin's, with a page of its messages. */
export const getWithMessages = callerQuery({
  args: {
    id: v.string(),
    limit: v.number(),
    cursor: v.optional(v.string()),
    order: v.optional(v.union(v.literal("asc"), v.literal("desc"))),
    after: v.optional(v.string()),
    /** Whether the answer names the session's parent and children. */
    withRelatives: v.optional(v.boolean()),
  },
  handler: async (ctx, { id, after: afterId, withRelatives = false, ...page }) => {
    const session = await Sessions.require(ctx, ctx.user, id);
    const known =
      afterId === undefined
        ? null
        : await MessageLookup.require(ctx, ctx.user, { id: afterId, session: session._id });
    const after = known?.message.orderKey;
    const place = { ...page, after };
    const { messages, cursor, nextBytes } = await MessagePages.page(ctx, session, place);
    const view = await reviewedView(ctx, session, "session");
    // Usage splits come with the first page only, because later pages belong to the same session.
    const splits = page.cursor === undefined ? await usageSplits(ctx, session._id) : {};
    return {
      session: { ...view, ...(view.usage ? { usage: { ...view.usage, ...splits } } : {}) },
      relatives: withRelatives ? await Tree.relativesOf(ctx, ctx.user, session) : {},
      messages: messages.map(MessagePages.inSession),
      messagesCursor: cursor,
      /** Bytes of text and parts of the message after the page. */
      nextBytes,
    };
  },
});

/** `GET /api/messages/:id`: a message with its neighbours and its session. */
export const getMessage = callerQuery({
  args: {
    id: v.string(),
    session: v.optional(v.string()),
    before: v.number(),
    after: v.number(),
  },
  handler: async (ctx, { before, after, ...wanted }) => {
    const { message, session } = await MessageLookup.require(ctx, ctx.user, wanted);
    const { messages, ...ends } = await MessageLookup.around(ctx, message, { before, after });
    return {
      session: Sessions.sessionView(session, "list"),
      messages: messages.map(MessagePages.inSession),
      index: messages.findIndex(({ id }) => id === message._id),
      ...ends,
    };
  },
});

/** `GET /sessions/:id`: a session and a page of its conversation, starting at a cursor or a message. */
export const reading = callerQuery({
  args: { id: v.string(), cursor: v.optional(v.string()), messageId: v.optional(v.string()) },
  handler: async (ctx, { id, ...at }) => {
    const session = await Sessions.require(ctx, ctx.user, id);
    const isFirst = at.cursor === undefined && at.messageId === undefined;
    const relativesOf = isFirst ? Tree.relativesOf : Tree.parentOf;
    return {
      session: await reviewedView(ctx, session, "session"),
      // Only the first page lists the children.
      relatives: await relativesOf(ctx, ctx.user, session),
      ...(await Reading.page(ctx, session, at)),
    };
  },
});

/** MCP: a session, and a few of its messages around, behind or before any of them. */
export const excerpt = callerQuery({
  args: {
    id: v.string(),
    around: v.optional(v.string()),
    after: v.optional(v.string()),
    before: v.optional(v.string()),
    last: v.optional(v.boolean()),
    role: v.optional(vRole),
    limit: v.number(),
  },
  handler: async (ctx, { id, ...place }) => {
    const session = await Sessions.require(ctx, ctx.user, id);
    const found = await readExcerpt(ctx, session, place);
    return { session: Sessions.sessionView(session, "session"), ...found };
  },
});

/** The sessions that one of the caller's sessions comes from, and that come from it. */
export const relatives = callerQuery({
  args: { id: v.string() },
  handler: async (ctx, { id }) =>
    await Tree.relativesOf(ctx, ctx.user, await Sessions.require(ctx, ctx.user, id)),
});

/** `GET /sessions/:id`: the session's prompts, for its index. */
export const prompts = callerQuery({
  args: { id: v.string() },
  handler: async (ctx, { id }) =>
    await Reading.prompts(ctx, await Sessions.require(ctx, ctx.user, id)),
});

/** `GET /live`: the number of messages of a session, for its page. */
export const messageCount = callerQuery({
  args: { id: v.string() },
  returns: v.number(),
  handler: async (ctx, { id }) => (await Sessions.require(ctx, ctx.user, id)).messageCount,
});

/**
 * For the dashboard: one of the caller's sessions with its conversation, or null. If one query cannot read
 * the whole conversation, `messagesCursor` continues it.
 */
export const get = viewerQuery({
  args: { sessionId: v.string(), cursor: v.optional(v.string()) },
  handler: async (ctx, { sessionId, cursor }) => {
    const session = await Sessions.findOwn(ctx, ctx.user, sessionId);
    return session && (await Dashboard.conversation(ctx, session, cursor));
  },
});

/** For anyone: a session that its owner made public, without private fields; or null. */
export const getPublic = publicQuery({
  args: { slug: v.string() },
  handler: async (ctx, { slug }) => {
    const session = await findPublic(ctx, slug);
    return session && (await Dashboard.publicConversation(ctx, session));
  },
});

/** For the dashboard: one of the caller's sessions as Markdown, or an empty text. */
export const getMarkdown = viewerQuery({
  args: { sessionId: v.string() },
  handler: async (ctx, { sessionId }) => {
    const session = await Sessions.findOwn(ctx, ctx.user, sessionId);
    return session ? await Dashboard.markdownOf(ctx, session) : "";
  },
});

/** For the dashboard: a CSV table of the caller's sessions, or an empty text. */
export const exportAllDataCSV = viewerQuery({
  args: {},
  handler: async (ctx) => (ctx.user ? await Dashboard.sessionsCsv(ctx, ctx.user) : ""),
});

/** Makes one of the caller's sessions public under an unguessable slug, or private again. */
export const setVisibility = userMutation({
  args: { sessionId: v.string(), isPublic: v.boolean() },
  returns: v.object({ isPublic: v.boolean(), publicSlug: v.optional(v.string()) }),
  handler: async (ctx, { sessionId, isPublic }) => {
    const session = await Sessions.findOwn(ctx, ctx.user, sessionId);
    if (session === null) throw notFound("Session");
    return await setSharing(ctx, session, { isPublic }, Date.now());
  },
});

/** Scheduled when a shared session is given an expiry: makes it private then. */
export const endSharing = systemMutation({
  args: { sessionId: v.id("sessions"), expires: v.number() },
  returns: v.null(),
  handler: async (ctx, share) => {
    await endShared(ctx, share);
    return null;
  },
});

/** Deletes one of the caller's sessions with everything that belongs to it; idempotent. */
export const remove = userMutation({
  args: { sessionId: v.string() },
  returns: v.null(),
  handler: async (ctx, { sessionId }) => {
    await Dashboard.removeOwn(ctx, ctx.user, sessionId);
    return null;
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

/** Cron: deletes changes of messages that their sessions have counted, one bounded step a run. */
export const pruneChanges = systemMutation({
  args: { after: v.optional(v.number()) },
  returns: v.null(),
  handler: async (ctx, { after = 0 }) => {
    const next = await prune(ctx, { after, now: Date.now() });
    if (next === null) return null;
    await ctx.scheduler.runAfter(0, internal.sessions.pruneChanges, { after: next });
    return null;
  },
});

/** Cron: schedules lost refreshes again. */
export const sweepRefreshes = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await sweep(ctx, Date.now());
    return null;
  },
});
