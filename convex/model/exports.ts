import { v, type Infer } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { AppError, notFound } from "../errors";
import type { ExportHead } from "../exports/types";
import type { Piece } from "../exports/writer";
import { readCursor, writeCursor } from "../lib/cursor";
import { utf8Length } from "../lib/text";
import { vEvalStatus } from "../fields";
import * as Messages from "./messages";
import * as Sessions from "./sessions";

/** Which sessions an export takes: those named, else all that are ready for evaluation. */
export const vExportSelection = v.object({
  /** Ours or the plugin's ids, in the order wanted; unknown ones are left out. */
  sessionIds: v.optional(v.array(v.string())),
  status: v.optional(vEvalStatus),
  /** A session with any of these. */
  tags: v.optional(v.array(v.string())),
  source: v.optional(v.string()),
  model: v.optional(v.string()),
  /** Bounds of `createdAt`, both included, ms. */
  from: v.optional(v.number()),
  to: v.optional(v.number()),
});
export type ExportSelection = Infer<typeof vExportSelection>;

/** One page stays far inside a transaction: a loader's page (4 MiB) may come on top of these. */
const PAGE_BYTES = 2 * 1024 * 1024;
const PAGE_SESSIONS = 50;
/** Sessions looked at for one page, where a filter passes over most of them. */
const SCAN_SESSIONS = 500;
/** Messages asked for at once. */
const PIECE_MESSAGES = 200;

/**
 * A page of what an export selects, newest session first, each session with its messages in order.
 * `next` is where the following page begins; null at the end. Bounded whatever the filters leave.
 */
export async function page(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
  selection: ExportSelection,
  position: string | null,
): Promise<{ pieces: Piece[]; next: string | null }> {
  const start = position === null ? null : readPosition(position);
  const pieces: Piece[] = [];
  let bytes = 0;
  let scanned = 0;
  for await (const { session, at } of candidates(ctx, user, selection, start)) {
    const here = writeCursor([...at, "", 0]);
    if (bytes >= PAGE_BYTES || pieces.length >= PAGE_SESSIONS || scanned >= SCAN_SESSIONS) {
      return { pieces, next: here };
    }
    scanned++;
    if (!matches(session, selection)) continue;
    const resumed = start !== null && isSamePlace(start.at, at) ? start : null;
    let cursor = resumed?.messages;
    let from = resumed?.from ?? 0;
    do {
      const piecePosition = writeCursor([...at, cursor ?? "", from]);
      if (bytes >= PAGE_BYTES) return { pieces, next: piecePosition };
      const found = await Messages.page(ctx, session, { limit: PIECE_MESSAGES, cursor });
      const piece = pieceView(session, found, from, piecePosition);
      pieces.push(piece);
      bytes += piece.bytes;
      from += found.messages.length;
      cursor = found.cursor ?? undefined;
    } while (cursor !== undefined);
  }
  return { pieces, next: null };
}

/** A place in the order of sessions: of the list given, or of the list by time. */
type Place = [first: number, second: number];
type Position = { at: Place; messages: string | undefined; from: number };

function readPosition(text: string): Position {
  const [first, second, messages, from] = readCursor(text, 4);
  if (
    typeof first !== "number" ||
    typeof second !== "number" ||
    typeof messages !== "string" ||
    typeof from !== "number"
  ) {
    throw new AppError("INVALID_REQUEST", "Invalid request", {
      details: [{ path: "cursor", message: "is not a cursor of this export" }],
    });
  }
  return { at: [first, second], messages: messages === "" ? undefined : messages, from };
}

const isSamePlace = (a: Place, b: Place) => a[0] === b[0] && a[1] === b[1];

type Candidate = { session: Doc<"sessions">; at: Place };

/** Sessions from a place on (that one included), each with its place. */
async function* candidates(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
  selection: ExportSelection,
  start: Position | null,
): AsyncGenerator<Candidate> {
  if (selection.sessionIds !== undefined) {
    for (let index = start?.at[0] ?? 0; index < selection.sessionIds.length; index++) {
      const session = await Sessions.find(ctx, user, selection.sessionIds[index] ?? "");
      if (session !== null) yield { session, at: [index, 0] };
    }
    return;
  }
  if (start !== null) {
    // Sessions of one moment are in order of creation, newest first like the rest.
    for await (const session of readyAt(ctx, user, selection, start.at)) yield placed(session);
  }
  for await (const session of readyBefore(ctx, user, selection, start?.at[0]))
    yield placed(session);
}

const placed = (session: Doc<"sessions">): Candidate => ({
  session,
  at: [session.createdAt, session._creationTime],
});

function readyAt(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
  { status }: ExportSelection,
  [createdAt, creationTime]: Place,
) {
  const sessions = ctx.db.query("sessions");
  const found =
    status === undefined
      ? sessions.withIndex("by_user_and_eval_ready", (q) =>
          q
            .eq("userId", user._id)
            .eq("evalReady", true)
            .eq("createdAt", createdAt)
            .lte("_creationTime", creationTime),
        )
      : sessions.withIndex("by_user_and_eval_status", (q) =>
          q
            .eq("userId", user._id)
            .eq("evalReady", true)
            .eq("evalStatus", status)
            .eq("createdAt", createdAt)
            .lte("_creationTime", creationTime),
        );
  return found.order("desc");
}

function readyBefore(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
  { status, from = -Infinity, to = Infinity }: ExportSelection,
  before: number | undefined,
) {
  // After a place, strictly earlier ones; from the beginning, the bound itself included.
  const end = before ?? to;
  const sessions = ctx.db.query("sessions");
  const found =
    status === undefined
      ? sessions.withIndex("by_user_and_eval_ready", (q) => {
          const ready = q.eq("userId", user._id).eq("evalReady", true).gte("createdAt", from);
          return before === undefined ? ready.lte("createdAt", end) : ready.lt("createdAt", end);
        })
      : sessions.withIndex("by_user_and_eval_status", (q) => {
          const own = q.eq("userId", user._id).eq("evalReady", true).eq("evalStatus", status);
          const since = own.gte("createdAt", from);
          return before === undefined ? since.lte("createdAt", end) : since.lt("createdAt", end);
        });
  return found.order("desc");
}

/** Whether a session is one that the filters leave. */
export function matches(session: Doc<"sessions">, selection: ExportSelection): boolean {
  const { status, tags, source, model, from = -Infinity, to = Infinity } = selection;
  return (
    (status === undefined || session.evalStatus === status) &&
    (tags === undefined || tags.some((tag) => session.evalTags?.includes(tag))) &&
    (source === undefined || session.source === source) &&
    (model === undefined || session.model === model) &&
    session.createdAt >= from &&
    session.createdAt <= to
  );
}

function pieceView(
  session: Doc<"sessions">,
  { messages, cursor }: { messages: Messages.MessageView[]; cursor: string | null },
  from: number,
  position: string,
): Piece {
  const bytes = messages.reduce(
    (sum, { textContent = "", parts }) =>
      parts.reduce((all, part) => all + utf8Length(part.content), sum + utf8Length(textContent)),
    0,
  );
  return {
    head: headView(session),
    messages: messages.map(messageView),
    from,
    isLast: cursor === null,
    position,
    bytes,
  };
}

/** A page of a session that is shared, and where the next begins; null at the end. */
export async function sharedPage(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  after: string | null,
  maxBytes: number,
): Promise<Omit<Piece, "position" | "bytes"> & { next: string | null }> {
  let from = 0;
  let cursor: string | undefined;
  if (after !== null) {
    const [start, messages] = readCursor(after, 2);
    if (typeof start !== "number" || typeof messages !== "string") throw notFound("Page");
    [from, cursor] = [start, messages];
  }
  const pieces: Piece[] = [];
  let bytes = 0;
  let at = from;
  do {
    const found = await Messages.page(ctx, session, { limit: PIECE_MESSAGES, cursor });
    const piece = pieceView(session, found, at, "");
    pieces.push(piece);
    bytes += piece.bytes;
    at += found.messages.length;
    cursor = found.cursor ?? undefined;
  } while (cursor !== undefined && bytes < maxBytes);
  return {
    head: headView(session),
    messages: pieces.flatMap(({ messages }) => messages),
    from,
    isLast: cursor === undefined,
    next: cursor === undefined ? null : writeCursor([at, cursor]),
  };
}

/** What an export that shall not name its owner has to know: names, and a salt that is no name. */
export function identityOf(user: Doc<"users">): { salt: string; names: string[] } {
  const local = user.email?.split("@")[0];
  const names = [user.name ?? "", ...(user.name ?? "").split(/\s+/), local ?? ""];
  return { salt: user._id, names: names.filter((name) => name !== "") };
}

/** The fields of a session that an export may hold, one by one: a new column does not slip in. */
export function headView(session: Doc<"sessions">): ExportHead {
  return {
    externalId: session.externalId,
    source: session.source,
    title: Sessions.shownTitle(session),
    projectPath: session.projectPath,
    projectName: session.projectName,
    model: session.model,
    provider: session.provider,
    promptTokens: session.promptTokens,
    completionTokens: session.completionTokens,
    totalTokens: session.totalTokens,
    cacheReadTokens: session.cacheReadTokens,
    cacheWriteTokens: session.cacheWriteTokens,
    reasoningTokens: session.reasoningTokens,
    cost: session.cost,
    durationMs: session.durationMs,
    messageCount: session.messageCount,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    evalStatus: session.evalStatus,
    evalTags: session.evalTags,
    evalNotes: session.evalNotes,
    expectedOutput: session.expectedOutput,
    reviewedAt: session.reviewedAt,
  };
}

/** The fields of a message that an export may hold. */
export function messageView(message: Messages.MessageView) {
  return {
    externalId: message.externalId,
    role: message.role,
    textContent: message.textContent,
    parts: message.parts,
    model: message.model,
    promptTokens: message.promptTokens,
    completionTokens: message.completionTokens,
    durationMs: message.durationMs,
    createdAt: message.createdAt,
  };
}
