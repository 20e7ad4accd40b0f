import { v, type Infer } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { vEvalStatus } from "../../fields";
import * as Sessions from "../sessions/sessions";

type User = Pick<Doc<"users">, "_id">;

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
  /** Of all kinds, as far as they are known. */
  minTokens: v.optional(v.number()),
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
 * of the list given, each once; an id of the list that is no session comes as that. Which sessions it takes,
 * `matches` says.
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

/** The sessions that are ready for evaluation, from a place on (that one included), newest first. */
export async function* readyFrom(
  ctx: QueryCtx,
  user: User,
  selection: ExportSelection,
  start: Place | null,
): AsyncGenerator<Placed> {
  if (start !== null) {
    // Sessions of one moment are in order of creation, newest first like the rest.
    for await (const session of readyAt(ctx, user, selection, start)) yield placed(session);
  }
  for await (const session of readyBefore(ctx, user, selection, start?.[0])) yield placed(session);
}

const placed = (session: Doc<"sessions">): Placed => ({
  session,
  at: [session.createdAt, session._creationTime],
});

function readyAt(
  ctx: QueryCtx,
  user: User,
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
  user: User,
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
  const { minTokens = 0 } = selection;
  return (
    (status === undefined || session.evalStatus === status) &&
    (tags === undefined || tags.some((tag) => session.evalTags?.includes(tag))) &&
    (source === undefined || session.source === source) &&
    (model === undefined || session.model === model) &&
    session.createdAt >= from &&
    session.createdAt <= to &&
    (session.totalTokens ?? 0) >= minTokens
  );
}
