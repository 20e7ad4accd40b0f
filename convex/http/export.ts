import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { AppError, invalidField, notFound } from "../errors";
import { type FormatName, formats } from "../exports";
import type { ExportFormat } from "../exports/types";
import { ALL_MESSAGES } from "../exports/messageFilter";
import { exportSource, type Resume, type Written } from "../exports/job";
import { writeExport } from "../exports/writer";
import { weakTag } from "../lib/etag";
import { readCursor, writeCursor } from "../lib/cursor";
import { newExportId } from "../lib/exports/exportId";
import { prefixBytes, trimEndWhere } from "../lib/text";
import { type ExportQuery, exportRoutes } from "../wire/export";
import { type Call, endpoint, type Endpoint } from "./endpoint";
import type { Caller } from "./authenticate";
import { bytesResponse, linkTo } from "./respond";

type Query = ExportQuery<FormatName>;
const routes = exportRoutes(formats);

/** The declaration of an export, whose parameters the pages share. */
export const exportRoute = routes.exportSessions;

export const exportSessions: Endpoint = endpoint(routes.exportSessions, exportAnswer);
export const exportByBody: Endpoint = endpoint(routes.exportByBody, (ctx, call) =>
  exportAnswer(ctx, { ...call, query: call.body }),
);
export const exportEvals: Endpoint = endpoint(routes.exportEvals, exportAnswer);

/**
 * Answers an export request with a complete document of bounded size, and a cursor in its headers
 * if there is more. The document is built before it is sent, so that its headers can state the
 * number of sessions and the next cursor, and a failure is an error and not a truncated file.
 */
export async function exportAnswer(
  ctx: ActionCtx,
  { caller, query, request }: Pick<Call<Query, unknown, Caller>, "caller" | "query" | "request">,
): Promise<Response> {
  const { options, limit = Infinity, id } = query;
  const selection = await withChildren(ctx, caller, query);
  const name = query.format ?? defaultFormat(query);
  const format: ExportFormat = formats[name];
  const resume = query.cursor === undefined ? null : readResume(query.cursor);
  const exportId = resume?.exportId ?? newExportId();
  const source = exportSource(selection, (chosen, position) =>
    ctx.runQuery(internal.evals.exportPage, { caller, selection: chosen, position }),
  );
  const anonymity = query.anonymize
    ? await ctx.runMutation(internal.evals.exportIdentity, { caller, exportId })
    : null;
  const written = await writeExport(
    {
      ...{ format, options, selection: ALL_MESSAGES, anonymity, limit, at: Date.now() },
      emptyBecause: (found) => emptyReason(query, found),
    },
    source,
    resume,
  );
  if (id !== undefined && written.found === 0) throw notFound("Session");
  // A name of the file that the recipient of an anonymised export sees too.
  const label = anonymity === null ? (id ?? name) : name;
  const headers = headersOf(written, exportId, request, {
    "X-Export-Usage": format.usage(options),
    ETag: await weakTag(written.chunks),
    "Content-Disposition": `attachment; filename="opensync-${fileLabel(label)}.${format.extension}"`,
  });
  return bytesResponse(written.chunks, format.contentType, headers);
}

/** Adds the sessions below the chosen ones to the selection, if the request asks for them. */
async function withChildren(
  ctx: ActionCtx,
  caller: Caller,
  { selection, includesChildren }: Query,
): Promise<Query["selection"]> {
  const { sessionIds } = selection;
  if (sessionIds === undefined || !includesChildren) return selection;
  const { ids, isComplete } = await ctx.runQuery(internal.sessions.withDescendants, {
    caller,
    ids: sessionIds,
  });
  if (!isComplete) throw invalidField("include_children", "finds too many: export fewer at once");
  return { ...selection, sessionIds: ids };
}

function defaultFormat({ id, selection }: Query): FormatName {
  if (id !== undefined) return "json";
  return selection.all ? "jsonl" : "deepeval";
}

/** Explains an empty export and what to do about it. */
function emptyReason({ selection }: Query, found: number): string {
  if (found > 0)
    return "None of these sessions contains what this format needs: a question with an answer.";
  if (selection.sessionIds !== undefined) return "None of these ids belongs to a session of yours.";
  if (selection.all) return "None of your sessions matches these filters.";
  return 'No session is marked ready for evaluation and matches these filters. Mark one with PATCH /api/sessions/:id {"evalReady":true}, list some in sessionIds, or export every session with all=true.';
}

/** The most ids in a header, and the bytes kept of each: enough to find them again. */
const NAMED_MAX = 20;
const NAMED_MAX_BYTES = 100;

/** Formats a count followed by percent-encoded ids: `2; ids="a b"`. */
function named(ids: readonly string[], label: string): string {
  const shown = Array.from(new Set(ids)).slice(0, NAMED_MAX);
  const encoded = shown.map((id) => encodeURIComponent(prefixBytes(id, NAMED_MAX_BYTES)));
  return `${ids.length}; ${label}="${encoded.join(" ")}"`;
}

function headersOf(
  written: Written,
  exportId: string,
  request: Request,
  headers: Record<string, string>,
) {
  const { sessions, records, skipped, cut, incomplete, unknown, resume, emptyBecause } = written;
  const counted = {
    ...headers,
    "X-Export-Sessions": String(sessions),
    "X-Export-TestCases": String(records),
    ...(emptyBecause === undefined ? {} : { "X-Export-Empty": emptyBecause }),
    ...(skipped.length > 0
      ? { "X-Export-Skipped": `${named(skipped, "sessions")}; reason="larger than one answer"` }
      : {}),
    ...(cut.length > 0
      ? { "X-Export-Cut": `${named(cut, "messages")}; reason="longer than this format interprets"` }
      : {}),
    ...(incomplete.length > 0
      ? { "X-Export-Incomplete": `${named(incomplete, "messages")}; reason="still being stored"` }
      : {}),
    ...(unknown.length > 0 ? { "X-Export-Unknown": named(unknown, "ids") } : {}),
  };
  if (resume === null) return counted;
  const cursor = writeCursor([resume.position, resume.skip, resume.sessions, exportId]);
  // A POST has no link: its client repeats the body with the cursor.
  const link = request.method === "POST" ? {} : linkTo(request, ["cursor"], cursor);
  return { ...counted, "X-Export-Cursor": cursor, ...link };
}

/** Decodes where the previous answer ended, and its export (missing in older cursors). */
function readResume(cursor: string): Resume & { exportId?: string } {
  const values = readCursor(cursor, ["string", "number", "number", "string"]);
  const older = readCursor(cursor, ["string", "number", "number"]);
  if (values !== undefined) {
    const [position, skip, sessions, exportId] = values;
    return { position, skip, sessions, exportId };
  }
  if (older !== undefined) {
    const [position, skip, sessions] = older;
    return { position, skip, sessions };
  }
  throw new AppError("INVALID_REQUEST", "Invalid request", {
    details: [{ path: "cursor", message: "is not a cursor of this export" }],
  });
}

/** A file name that is safe in a header and on any file system. */
function fileLabel(text: string): string {
  const joined = text.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+/, "");
  const safe = trimEndWhere(joined, (character) => character === "-");
  return safe.slice(0, 80) || "export";
}
