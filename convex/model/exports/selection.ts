import { v, type Infer } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { sessionFilter } from "../../fields";
import type { User } from "../accounts/user";
import {
  type CreatedAtRange,
  newestFirst,
  ownSessions,
  startsOfActive,
  within,
} from "../sessions/ranges";
import * as Sessions from "../sessions/sessions";

/** Which sessions an export takes: those listed; else, with `all`, every one; else those ready for evaluation. */
export const vExportSelection = v.object({
  /** Our ids or the plugin's, in the requested order. */
  sessionIds: v.optional(v.array(v.string())),
  /** Every session, ready for evaluation or not. */
  all: v.optional(v.boolean()),
  ...sessionFilter,
});
export type ExportSelection = Infer<typeof vExportSelection>;

/**
 * A position in the order of sessions: an index in the requested list, or a source time; and the creation time of the
 * session's row, which identifies it (0 in lists of earlier versions, and for an id without a session).
 */
export type SessionPosition = [place: number, creationTime: number];

/** Whether an export that continues at a position found its session there, or at another place by now. */
export const isSameSession = ([place, time]: SessionPosition, found: SessionPosition) =>
  time === 0 ? place === found[0] : time === found[1];

/** A session with its position in an export. */
type PositionedSession = { session: Doc<"sessions">; at: SessionPosition };

/**
 * Yields the sessions an export considers, starting at a position (included): in the order of the requested
 * list, or newest first. Each session comes once; a requested id without a session comes as
 * `{ session: null, id }`. The caller applies the filter (`matchesFilter`).
 */
export async function* selectedFrom(
  ctx: QueryCtx,
  user: User,
  selection: ExportSelection,
  start: SessionPosition | null,
): AsyncGenerator<PositionedSession | { session: null; id: string; at: SessionPosition }> {
  if (selection.sessionIds === undefined) {
    yield* readyFrom(ctx, user, selection, start);
    return;
  }
  const ids = selection.sessionIds;
  const first = start === null ? 0 : await placeOf(ctx, user, ids, start);
  // A list may contain one session twice, by our id and by the plugin's id.
  const named = new Set(ids.slice(0, first));
  for (const [behind, id] of ids.slice(first).entries()) {
    if (named.has(id)) continue;
    const session = await Sessions.find(ctx, user, id);
    const at: SessionPosition = [first + behind, session?._creationTime ?? 0];
    if (session === null) yield { session, id, at };
    else if (!named.has(session._id) && !named.has(session.externalId)) yield { session, at };
    named.add(id);
  }
}

/**
 * The index at which a list continues. A list of a session's children grows and shrinks with them, so that the session of
 * a position may have another index by now. If it is gone, the one that took its place is next.
 */
async function placeOf(
  ctx: QueryCtx,
  user: User,
  ids: readonly string[],
  [place, creationTime]: SessionPosition,
): Promise<number> {
  if (creationTime === 0) return place;
  const isIt = async (id: string | undefined) => {
    const session = id === undefined ? null : await Sessions.find(ctx, user, id);
    return session?._creationTime === creationTime;
  };
  if (await isIt(ids[place])) return place;
  for (const [index, id] of ids.entries()) if (await isIt(id)) return index;
  return place;
}

/**
 * Yields the sessions that are ready for evaluation or, with `all`, all sessions, starting at a position
 * (included), newest first.
 */
export async function* readyFrom(
  ctx: QueryCtx,
  user: User,
  selection: ExportSelection,
  start: SessionPosition | null,
): AsyncGenerator<PositionedSession> {
  const sessionsIn = (range: CreatedAtRange) =>
    selection.all ? ownSessions(ctx, user, selection.source, range) : ready(ctx, user, range);
  const from = start && { createdAt: start[0], creationTime: start[1], isIncluded: true };
  const bounds = await startsOfActive(ctx, user, selection);
  for await (const session of newestFirst(sessionsIn, bounds, from)) {
    yield { session, at: [session.createdAt, session._creationTime] };
  }
}

/** Sessions ready for evaluation, newest first. The status needs no index, because few sessions are ready. */
function ready(ctx: QueryCtx, user: User, range: CreatedAtRange) {
  return ctx.db
    .query("sessions")
    .withIndex("by_user_and_eval_ready", (q) =>
      within(q.eq("userId", user._id).eq("evalReady", true), range),
    )
    .order("desc");
}
