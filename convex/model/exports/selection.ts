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

/** A position in the order of sessions: an index in the requested list, or a creation time with its tie-breaker. */
export type SessionPosition = [first: number, second: number];

/** Whether two positions are equal. */
export const isSamePosition = (a: SessionPosition, b: SessionPosition) =>
  a[0] === b[0] && a[1] === b[1];

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
  const first = start?.[0] ?? 0;
  // A list may contain one session twice, by our id and by the plugin's id.
  const named = new Set(selection.sessionIds.slice(0, first));
  for (const [behind, id] of selection.sessionIds.slice(first).entries()) {
    if (named.has(id)) continue;
    const session = await Sessions.find(ctx, user, id);
    const at: SessionPosition = [first + behind, 0];
    if (session === null) yield { session, id, at };
    else if (!named.has(session._id) && !named.has(session.externalId)) yield { session, at };
    named.add(id);
  }
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
