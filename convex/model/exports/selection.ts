import { v, type Infer } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { sessionFilter } from "../../fields";
import type { User } from "../accounts/user";
import { type CreatedAtRange, newestFirst, ownSessions, within } from "../sessions/ranges";
import * as Sessions from "../sessions/sessions";

/** Which sessions an export takes: those named, else all, or all that are ready for evaluation. */
export const vExportSelection = v.object({
  /** Ours or the plugin's ids, in the order wanted; unknown ones are left out. */
  sessionIds: v.optional(v.array(v.string())),
  /** Every session, ready for evaluation or not. */
  all: v.optional(v.boolean()),
  ...sessionFilter,
});
export type ExportSelection = Infer<typeof vExportSelection>;

/** A place in the order of sessions: of the list given, or of the list by time. */
export type Place = [first: number, second: number];

/** Whether two places are one. */
export const isSamePlace = (a: Place, b: Place) => a[0] === b[0] && a[1] === b[1];

/** A session with its place in the order of an export. */
type Placed = { session: Doc<"sessions">; at: Place };

/**
 * The sessions an export looks at, from a place on (that one included), newest first or in the order
 * of the list given, each once; an id of the list that is no session comes as that. The caller filters them
 * (`matchesFilter`).
 */
export async function* sessionsFrom(
  ctx: QueryCtx,
  user: User,
  selection: ExportSelection,
  start: Place | null,
): AsyncGenerator<Placed | { session: null; id: string; at: Place }> {
  if (selection.sessionIds === undefined) {
    yield* readyFrom(ctx, user, selection, start);
    return;
  }
  const first = start?.[0] ?? 0;
  // A session may be named twice, by our id and by its plugin's too: it is one all the same.
  const named = new Set(selection.sessionIds.slice(0, first));
  for (const [behind, id] of selection.sessionIds.slice(first).entries()) {
    if (named.has(id)) continue;
    const session = await Sessions.find(ctx, user, id);
    const at: Place = [first + behind, 0];
    if (session === null) yield { session, id, at };
    else if (!named.has(session._id) && !named.has(session.externalId)) yield { session, at };
    named.add(id);
  }
}

/**
 * The sessions that are ready for evaluation, or all of them, from a place on (that one included),
 * newest first.
 */
export async function* readyFrom(
  ctx: QueryCtx,
  user: User,
  selection: ExportSelection,
  start: Place | null,
): AsyncGenerator<Placed> {
  const sessionsIn = (range: CreatedAtRange) =>
    selection.all ? ownSessions(ctx, user, selection.source, range) : ready(ctx, user, range);
  const from = start && { createdAt: start[0], creationTime: start[1], isIncluded: true };
  for await (const session of newestFirst(sessionsIn, selection, from)) {
    yield { session, at: [session.createdAt, session._creationTime] };
  }
}

/** Sessions ready for evaluation, newest first; a status is a filter, because so few are ready. */
function ready(ctx: QueryCtx, user: User, range: CreatedAtRange) {
  return ctx.db
    .query("sessions")
    .withIndex("by_user_and_eval_ready", (q) =>
      within(q.eq("userId", user._id).eq("evalReady", true), range),
    )
    .order("desc");
}
