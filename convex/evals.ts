import { v } from "convex/values";
import { internal } from "./_generated/api";
import { AppError, notFound } from "./errors";
import { findFormat } from "./exports";
import type { Selection } from "./exports/select";
import type { ExportOptions } from "./exports/types";
import { type Written, writeExport } from "./exports/writer";
import { callerMutation, callerQuery, userAction, userMutation, viewerQuery } from "./functions";
import { utcDate } from "./lib/time";
import { startSessionDeletion } from "./model/deletion";
import { distinctNames, evalStats, evalView, exportPreview } from "./model/evalViews";
import * as Evals from "./model/evals";
import * as Exports from "./model/exports";
import * as Sessions from "./model/sessions";
import { edit } from "./model/sessionEdits";
import { vEvalStatus } from "./fields";
import { readSource } from "./wire/sources";

const vNullableText = v.optional(v.union(v.string(), v.null()));

/** `PATCH /api/sessions/:id`: the owner's edits; answers the session as it is then. */
export const patchSession = callerMutation({
  args: {
    id: v.string(),
    edits: v.object({
      title: vNullableText,
      evalReady: v.optional(v.boolean()),
      evalStatus: v.optional(v.union(vEvalStatus, v.null())),
      evalTags: v.optional(v.union(v.array(v.string()), v.null())),
      evalNotes: vNullableText,
      expectedOutput: vNullableText,
      isPublic: v.optional(v.boolean()),
    }),
  },
  handler: async (ctx, { id, edits }) =>
    Sessions.sessionView(await edit(ctx, ctx.user, id, edits, Date.now())),
});

/** `DELETE /api/sessions/:id`: the session is gone at once, what belonged to it soon after. */
export const deleteSession = callerMutation({
  args: { id: v.string() },
  returns: v.object({ ok: v.literal(true), sessionId: v.id("sessions") }),
  handler: async (ctx, { id }) => {
    const session = await Sessions.require(ctx, ctx.user, id);
    await startSessionDeletion(ctx, session);
    return { ok: true as const, sessionId: session._id };
  },
});

/** A page of what an export selects; the HTTP door and the action below write it down. */
export const exportPage = callerQuery({
  args: {
    selection: Exports.vExportSelection,
    position: v.union(v.string(), v.null()),
  },
  handler: (ctx, { selection, position }) => Exports.page(ctx, ctx.user, selection, position),
});

/** What anonymity needs to know of the caller: names to look for, and what pseudonyms depend on. */
export const exportIdentity = callerQuery({
  args: {},
  returns: v.object({ salt: v.string(), names: v.array(v.string()) }),
  handler: (ctx) => Promise.resolve(Exports.identityOf(ctx.user)),
});

/**
 * The caller's sessions that are ready for evaluation and match, newest first, with counts over all
 * of them. At most 1,000 are looked at; `isComplete` says whether there were no more.
 */
export const listEvalSessions = viewerQuery({
  args: { ...Evals.vEvalFilter, limit: v.optional(v.number()) },
  handler: async (ctx, { limit = Infinity, ...filter }) => {
    const source = readSource(filter.source);
    const found =
      ctx.user === null
        ? { sessions: [], isComplete: true }
        : await Evals.listReady(ctx, ctx.user, { ...filter, source });
    return {
      sessions: found.sessions.slice(0, limit).map(evalView),
      stats: evalStats(found.sessions),
      isComplete: found.isComplete,
    };
  },
});

/** A page of the same by status and tag, for more than one answer takes; null `cursor` at the end. */
export const listPage = viewerQuery({
  args: {
    status: v.optional(vEvalStatus),
    tag: v.optional(v.string()),
    limit: v.optional(v.number()),
    cursor: v.optional(v.string()),
  },
  handler: async (ctx, { limit = 50, ...args }) => {
    if (ctx.user === null) return { sessions: [], cursor: null };
    const bounded = Math.min(200, Math.max(1, Math.floor(limit)));
    const page = await Evals.listPage(ctx, ctx.user, { ...args, limit: bounded });
    return { sessions: page.sessions.map(evalView), cursor: page.cursor };
  },
});

/** Distinct tags of the caller's sessions, ready or not, sorted. */
export const getEvalTags = viewerQuery({
  args: {},
  returns: v.array(v.string()),
  handler: async (ctx) => {
    const touched = ctx.user === null ? [] : await Evals.listTouched(ctx, ctx.user);
    return distinctNames(touched.flatMap((session) => session.evalTags ?? []));
  },
});

/** Distinct models of the sessions that are ready, sorted. */
export const getEvalModels = viewerQuery({
  args: {},
  returns: v.array(v.string()),
  handler: async (ctx) => {
    if (ctx.user === null) return [];
    const { sessions } = await Evals.listReady(ctx, ctx.user, {});
    return distinctNames(sessions.map((session) => session.model));
  },
});

const vSessionIds = v.union(v.literal("all"), v.array(v.string()));

/** What an export would hold: counts and warnings. */
export const previewExport = viewerQuery({
  args: { sessionIds: vSessionIds, ...Evals.vEvalFilter },
  handler: async (ctx, { sessionIds, ...filter }) => {
    if (ctx.user === null) return exportPreview([], true);
    const source = readSource(filter.source);
    const found = await Evals.listReady(ctx, ctx.user, { ...filter, source });
    const wanted = sessionIds === "all" ? null : new Set<string>(sessionIds);
    const sessions = found.sessions.filter(({ _id }) => wanted === null || wanted.has(_id));
    return exportPreview(sessions, found.isComplete);
  },
});

/** Marks a session ready for evaluation, or not; true stamps `reviewedAt`. */
export const setEvalReady = userMutation({
  args: {
    sessionId: v.string(),
    evalReady: v.boolean(),
    evalNotes: v.optional(v.string()),
    evalTags: v.optional(v.array(v.string())),
  },
  returns: v.null(),
  handler: async (ctx, { sessionId, ...changes }) => {
    await edit(ctx, ctx.user, sessionId, changes, Date.now());
    return null;
  },
});

/** A reviewer's verdict; absent clears it. */
export const updateEvalStatus = userMutation({
  args: { sessionId: v.string(), evalStatus: v.optional(vEvalStatus) },
  returns: v.null(),
  handler: async (ctx, { sessionId, evalStatus = null }) => {
    await edit(ctx, ctx.user, sessionId, { evalStatus }, Date.now());
    return null;
  },
});

/** Replaces the tags. */
export const updateEvalTags = userMutation({
  args: { sessionId: v.string(), evalTags: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { sessionId, evalTags }) => {
    await edit(ctx, ctx.user, sessionId, { evalTags }, Date.now());
    return null;
  },
});

/** Sets the notes; absent clears them. */
export const updateEvalNotes = userMutation({
  args: { sessionId: v.string(), evalNotes: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { sessionId, evalNotes = null }) => {
    await edit(ctx, ctx.user, sessionId, { evalNotes }, Date.now());
    return null;
  },
});

/** Sets what the last answer should have been; absent clears it. */
export const updateExpectedOutput = userMutation({
  args: { sessionId: v.string(), expectedOutput: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { sessionId, expectedOutput = null }) => {
    await edit(ctx, ctx.user, sessionId, { expectedOutput }, Date.now());
    return null;
  },
});

const vBulkResult = v.object({ updated: v.number(), failed: v.number() });

/** The same changes for many sessions; foreign and missing ones are passed over and counted. */
export const bulkUpdate = userMutation({
  args: {
    sessionIds: v.array(v.string()),
    evalReady: v.optional(v.boolean()),
    evalStatus: v.optional(v.union(vEvalStatus, v.null())),
    evalTags: v.optional(v.array(v.string())),
    evalNotes: vNullableText,
  },
  returns: vBulkResult,
  handler: (ctx, { sessionIds, ...changes }) =>
    Evals.updateMany(ctx, ctx.user, sessionIds, (session) =>
      Evals.update(ctx, session, changes, Date.now()),
    ),
});

/** One verdict for many sessions; absent clears it. */
export const bulkUpdateEvalStatus = userMutation({
  args: { sessionIds: v.array(v.string()), evalStatus: v.optional(vEvalStatus) },
  returns: vBulkResult,
  handler: (ctx, { sessionIds, evalStatus = null }) =>
    Evals.updateMany(ctx, ctx.user, sessionIds, (session) =>
      Evals.update(ctx, session, { evalStatus }, Date.now()),
    ),
});

/** Adds tags to many sessions. */
export const bulkAddTags = userMutation({
  args: { sessionIds: v.array(v.string()), tags: v.array(v.string()) },
  returns: vBulkResult,
  handler: (ctx, { sessionIds, tags }) =>
    Evals.updateMany(ctx, ctx.user, sessionIds, (session) =>
      Evals.addTags(ctx, session, tags, Date.now()),
    ),
});

/** How the dashboard calls the choices of an export. */
const TURNS: { readonly [mode: string]: ExportOptions["turns"] } = {
  full: "full",
  per_turn: "single",
  final_only: "last",
};

/** What one answer of a function may hold, with room for its envelope. */
const FILE_MAX_BYTES = 15 * 1024 * 1024;

/**
 * A file for the dashboard to save. Rejects when there is nothing to export, and when the file would
 * be larger than one answer may be (`GET /api/export` has a cursor for that).
 */
export const generateEvalExport = userAction({
  args: {
    sessionIds: vSessionIds,
    format: v.string(),
    options: v.object({
      includeSystemPrompts: v.optional(v.boolean()),
      includeToolCalls: v.optional(v.boolean()),
      anonymizePaths: v.optional(v.boolean()),
      codeBlocksOnly: v.optional(v.boolean()),
      turnMode: v.optional(v.string()),
      minMessageLength: v.optional(v.number()),
    }),
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
    const anonymity = options.anonymizePaths
      ? await ctx.runQuery(internal.evals.exportIdentity, { caller })
      : null;
    const selection = sessionIds === "all" ? {} : { sessionIds };
    const turns = TURNS[options.turnMode ?? "per_turn"] ?? "single";
    const job = { format, options: { turns, style: "evals" as const }, anonymity };
    const written = await writeExport(
      { ...job, selection: selectionOf(options), limit: Infinity },
      (position) => ctx.runQuery(internal.evals.exportPage, { caller, selection, position }),
      null,
    );
    const { sessions, records: testCases, skipped } = written;
    const filename = `opensync-${name}-${utcDate(Date.now())}.${format.extension}`;
    return { data: fileText(written), filename, stats: { sessions, testCases, skipped } };
  },
});

function selectionOf(options: {
  includeSystemPrompts?: boolean;
  includeToolCalls?: boolean;
  codeBlocksOnly?: boolean;
  minMessageLength?: number;
}): Selection {
  return {
    systemPrompts: options.includeSystemPrompts ?? false,
    toolCalls: options.includeToolCalls ?? false,
    codeBlocksOnly: options.codeBlocksOnly ?? false,
    minLength: options.minMessageLength ?? 0,
  };
}

function fileText({ chunks, records, resume }: Written): string {
  if (records === 0) throw notFound("Anything to export");
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (resume !== null || size > FILE_MAX_BYTES) {
    throw new AppError("PAYLOAD_TOO_LARGE", "Too large for one file: choose fewer sessions");
  }
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
}
