import { v } from "convex/values";
import { internal } from "./_generated/api";
import type { Doc } from "./_generated/dataModel";
import type { MutationCtx } from "./_generated/server";
import { AppError } from "./errors";
import { findFormat } from "./exports";
import { exportSource } from "./exports/job";
import { writeExport } from "./exports/writer";
import { vEvalStatus } from "./fields";
import { callerMutation, callerQuery, userAction, userMutation, viewerQuery } from "./functions";
import { newExportId } from "./lib/exports/exportId";
import { clamp } from "./lib/numbers";
import { utcDate } from "./lib/time";
import { deleteForOwner } from "./model/sessions/deletion";
import { distinctNames, evalStats, evalView, exportPreview } from "./model/evals/views";
import * as EvalLists from "./model/evals/lists";
import * as Evals from "./model/evals/evals";
import { fileChoices, fileText, vFileOptions } from "./model/exports/dashboardFiles";
import { vExportSelection } from "./model/exports/selection";
import * as Exports from "./model/exports/exports";
import { currentSecrets } from "./model/sync/changes";
import { reviewedView } from "./model/evals/reviews";
import * as Sessions from "./model/sessions/sessions";
import { edit, vSessionEdits } from "./model/sessions/edits";
import { readSource } from "./wire/sources";

/** `PATCH /api/sessions/:id`: applies the owner's edits and returns the edited session. */
export const patchSession = callerMutation({
  args: {
    id: v.string(),
    edits: v.object(vSessionEdits),
  },
  handler: async (ctx, { id, edits }) => {
    const session = await edit(ctx, ctx.user, id, edits, Date.now());
    const view = await reviewedView(ctx, session, "session");
    // Who shares a session reads the number of its secrets, also right after its messages arrived.
    return { ...view, secrets: await currentSecrets(ctx, session) };
  },
});

/**
 * `DELETE /api/sessions/:id`: deletes the session at once, and its messages soon after. It stays deleted even
 * if a plugin sends it again.
 */
export const deleteSession = callerMutation({
  args: { id: v.string() },
  returns: v.object({ ok: v.literal(true), sessionId: v.id("sessions") }),
  handler: async (ctx, { id }) => {
    const session = await Sessions.require(ctx, ctx.user, id);
    await deleteForOwner(ctx, session);
    return { ok: true as const, sessionId: session._id };
  },
});

/** Reads a page of an export; the HTTP layer and the action below render it. */
export const exportPage = callerQuery({
  args: {
    selection: vExportSelection,
    position: v.union(v.string(), v.null()),
  },
  handler: (ctx, { selection, position }) => Exports.page(ctx, ctx.user, selection, position),
});

/**
 * Returns what an anonymised export needs: the caller's names to replace, and the key of this export's
 * pseudonyms, which is the same on all its pages.
 */
export const exportIdentity = callerMutation({
  args: { exportId: v.string() },
  returns: v.object({ key: v.string(), names: v.array(v.string()) }),
  handler: (ctx, { exportId }) => Exports.identityFor(ctx, ctx.user, exportId),
});

/**
 * Lists the caller's sessions that are ready for evaluation and match, newest first, with counts over all
 * matches. Reads at most 1,000 sessions; `isComplete` is false if there are more.
 */
export const listEvalSessions = viewerQuery({
  args: { ...EvalLists.vEvalFilter, limit: v.optional(v.number()) },
  handler: async (ctx, { limit = Infinity, ...filter }) => {
    const source = readSource(filter.source);
    const found =
      ctx.user === null
        ? { sessions: [], isComplete: true }
        : await EvalLists.listReady(ctx, ctx.user, { ...filter, source });
    return {
      sessions: found.sessions.slice(0, limit).map(evalView),
      stats: evalStats(found.sessions),
      isComplete: found.isComplete,
    };
  },
});

/** A page of the caller's sessions that are ready for evaluation, by status and tag; `cursor` is null at the end. */
export const listPage = viewerQuery({
  args: {
    status: v.optional(vEvalStatus),
    tag: v.optional(v.string()),
    limit: v.optional(v.number()),
    cursor: v.optional(v.string()),
  },
  handler: async (ctx, { limit = 50, ...args }) => {
    if (ctx.user === null) return { sessions: [], cursor: null };
    const bounded = clamp(limit, 1, 200) ?? 50;
    const page = await EvalLists.listPage(ctx, ctx.user, { ...args, limit: bounded });
    return { sessions: page.sessions.map(evalView), cursor: page.cursor };
  },
});

/** Lists the distinct tags of the caller's sessions, ready for evaluation or not, sorted. */
export const getEvalTags = viewerQuery({
  args: {},
  returns: v.array(v.string()),
  handler: async (ctx) => {
    const reviewed = ctx.user === null ? [] : await EvalLists.listReviewed(ctx, ctx.user);
    return distinctNames(reviewed.flatMap((session) => session.evalTags ?? []));
  },
});

/** Lists the distinct models of the sessions that are ready for evaluation, sorted. */
export const getEvalModels = viewerQuery({
  args: {},
  returns: v.array(v.string()),
  handler: async (ctx) => {
    if (ctx.user === null) return [];
    const { sessions } = await EvalLists.listReady(ctx, ctx.user, {});
    return distinctNames(sessions.map((session) => session.model));
  },
});

const vSessionIds = v.union(v.literal("all"), v.array(v.string()));

/** Previews an export: counts and warnings. */
export const previewExport = viewerQuery({
  args: { sessionIds: vSessionIds, ...EvalLists.vEvalFilter },
  handler: async (ctx, { sessionIds, ...filter }) => {
    if (ctx.user === null) return exportPreview([], true);
    const source = readSource(filter.source);
    const found = await EvalLists.listReady(ctx, ctx.user, { ...filter, source });
    const wanted = sessionIds === "all" ? null : new Set<string>(sessionIds);
    const sessions = found.sessions.filter(({ _id }) => wanted === null || wanted.has(_id));
    return exportPreview(sessions, found.isComplete);
  },
});

/** Applies a review to one of the caller's sessions. */
async function review(
  ctx: MutationCtx & { user: Doc<"users"> },
  sessionId: string,
  changes: Evals.EvalChanges,
): Promise<null> {
  await edit(ctx, ctx.user, sessionId, changes, Date.now());
  return null;
}

/** Marks a session as ready for evaluation, or not; true sets `reviewedAt`. */
export const setEvalReady = userMutation({
  args: {
    sessionId: v.string(),
    evalReady: v.boolean(),
    evalNotes: v.optional(v.string()),
    evalTags: v.optional(v.array(v.string())),
  },
  returns: v.null(),
  handler: (ctx, { sessionId, ...changes }) => review(ctx, sessionId, changes),
});

/** Sets the evaluation status; absent clears it. */
export const updateEvalStatus = userMutation({
  args: { sessionId: v.string(), evalStatus: v.optional(vEvalStatus) },
  returns: v.null(),
  handler: (ctx, { sessionId, evalStatus = null }) => review(ctx, sessionId, { evalStatus }),
});

/** Replaces the tags. */
export const updateEvalTags = userMutation({
  args: { sessionId: v.string(), evalTags: v.array(v.string()) },
  returns: v.null(),
  handler: (ctx, { sessionId, evalTags }) => review(ctx, sessionId, { evalTags }),
});

/** Sets the notes; absent clears them. */
export const updateEvalNotes = userMutation({
  args: { sessionId: v.string(), evalNotes: v.optional(v.string()) },
  returns: v.null(),
  handler: (ctx, { sessionId, evalNotes = null }) => review(ctx, sessionId, { evalNotes }),
});

/** Sets the expected output: what the last answer should have been. Absent clears it. */
export const updateExpectedOutput = userMutation({
  args: { sessionId: v.string(), expectedOutput: v.optional(v.string()) },
  returns: v.null(),
  handler: (ctx, { sessionId, expectedOutput = null }) =>
    review(ctx, sessionId, { expectedOutput }),
});

const vBulkResult = v.object({ updated: v.number(), failed: v.number() });

/** Applies the same changes to many sessions; counts missing and other users' sessions as failed. */
export const bulkUpdate = userMutation({
  args: {
    sessionIds: v.array(v.string()),
    evalReady: Evals.vEvalChanges.evalReady,
    evalStatus: Evals.vEvalChanges.evalStatus,
    evalTags: v.optional(v.array(v.string())),
    evalNotes: Evals.vEvalChanges.evalNotes,
  },
  returns: vBulkResult,
  handler: (ctx, { sessionIds, ...changes }) =>
    Evals.updateMany(ctx, ctx.user, sessionIds, () => changes),
});

/** Sets the evaluation status of many sessions; absent clears it. */
export const bulkUpdateEvalStatus = userMutation({
  args: { sessionIds: v.array(v.string()), evalStatus: v.optional(vEvalStatus) },
  returns: vBulkResult,
  handler: (ctx, { sessionIds, evalStatus = null }) =>
    Evals.updateMany(ctx, ctx.user, sessionIds, () => ({ evalStatus })),
});

/** Adds tags to many sessions. */
export const bulkAddTags = userMutation({
  args: { sessionIds: v.array(v.string()), tags: v.array(v.string()) },
  returns: vBulkResult,
  handler: (ctx, { sessionIds, tags }) =>
    Evals.updateMany(ctx, ctx.user, sessionIds, ({ evalTags = [] }) => ({
      evalTags: [...evalTags, ...tags],
    })),
});

/**
 * Returns an export as one file for the dashboard to save. Throws if there is nothing to export, or if the
 * file exceeds the size of one answer (`GET /api/export` has a cursor for larger exports).
 */
export const generateEvalExport = userAction({
  args: {
    sessionIds: vSessionIds,
    format: v.string(),
    options: v.object(vFileOptions),
  },
  returns: v.object({
    data: v.string(),
    filename: v.string(),
    stats: v.object({ sessions: v.number(), testCases: v.number(), skipped: v.number() }),
  }),
  handler: async (ctx, { sessionIds, format: name, options }) => {
    const format = findFormat(name);
    if (format === undefined) throw new AppError("INVALID_REQUEST", `No export format "${name}"`);
    const caller = { kind: "token" as const };
    const exportId = newExportId();
    const source = exportSource(sessionIds === "all" ? {} : { sessionIds }, (selection, position) =>
      ctx.runQuery(internal.evals.exportPage, { caller, selection, position }),
    );
    const anonymity = options.anonymizePaths
      ? await ctx.runMutation(internal.evals.exportIdentity, { caller, exportId })
      : null;
    const written = await writeExport(
      { format, ...fileChoices(options), anonymity, limit: Infinity, at: Date.now() },
      source,
      null,
    );
    const { sessions, records: testCases } = written;
    const skipped = written.skipped.length;
    const filename = `opensync-${name}-${utcDate(Date.now())}.${format.extension}`;
    return { data: fileText(written), filename, stats: { sessions, testCases, skipped } };
  },
});
