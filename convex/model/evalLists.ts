import { v, type ObjectType } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { vEvalStatus } from "../fields";
import type { EvalStatus } from "../lib/enums";
import { type ExportSelection, matches } from "./exportSelection";
import { type ListCursor, readListCursor, writeListCursor } from "./sessions";

type User = Pick<Doc<"users">, "_id">;

/** Filters of the dashboard's list, beyond those that exports have. */
export const vEvalFilter = {
  source: v.optional(v.string()),
  model: v.optional(v.string()),
  tags: v.optional(v.array(v.string())),
  dateFrom: v.optional(v.number()),
  dateTo: v.optional(v.number()),
  evalStatus: v.optional(vEvalStatus),
  minTokens: v.optional(v.number()),
  project: v.optional(v.string()),
};
type EvalFilter = ObjectType<typeof vEvalFilter>;

/** Sessions that one answer looks at: rows are about 1.5 kB, at most a few dozen. */
const EVAL_LIST_MAX = 1_000;

/** The newest sessions that are ready for evaluation and match, and whether there are more. */
export async function listReady(
  ctx: QueryCtx,
  user: User,
  filter: EvalFilter,
): Promise<{ sessions: Doc<"sessions">[]; isComplete: boolean }> {
  const ready = await readyFrom(ctx, user, filter).take(EVAL_LIST_MAX + 1);
  const sessions = ready.slice(0, EVAL_LIST_MAX).filter((session) => isListed(session, filter));
  return { sessions, isComplete: ready.length <= EVAL_LIST_MAX };
}

/** Sessions that are ready for evaluation, newest first, both bounds of time included. */
function readyFrom(ctx: QueryCtx, user: User, range: { dateFrom?: number; dateTo?: number }) {
  const { dateFrom = -Infinity, dateTo = Infinity } = range;
  return ctx.db
    .query("sessions")
    .withIndex("by_user_and_eval_ready", (q) =>
      q
        .eq("userId", user._id)
        .eq("evalReady", true)
        .gte("createdAt", dateFrom)
        .lte("createdAt", dateTo),
    )
    .order("desc");
}

function isListed(session: Doc<"sessions">, filter: EvalFilter): boolean {
  const { source, model, evalStatus: status, minTokens = 0, project } = filter;
  const tags = filter.tags?.length ? filter.tags : undefined;
  const selection: ExportSelection = { source, model, status, tags };
  const wanted = project?.toLowerCase() ?? "";
  const names = [session.projectName, session.projectPath];
  return (
    matches(session, selection) &&
    (session.totalTokens ?? 0) >= minTokens &&
    (wanted === "" || names.some((name) => name?.toLowerCase().includes(wanted)))
  );
}

/** Sessions that reviewers touched, ready or not, newest first. */
export async function listTouched(ctx: QueryCtx, user: User): Promise<Doc<"sessions">[]> {
  const found = [true, false].map((evalReady) =>
    ctx.db
      .query("sessions")
      .withIndex("by_user_and_eval_ready", (q) =>
        q.eq("userId", user._id).eq("evalReady", evalReady),
      )
      .order("desc")
      .take(EVAL_LIST_MAX),
  );
  return (await Promise.all(found)).flat();
}

/**
 * A page of the sessions ready for evaluation, by status and tag, newest first. A page may be
 * shorter than asked for where a tag passes over most sessions; `cursor` is null at the end.
 */
export async function listPage(
  ctx: QueryCtx,
  user: User,
  args: { status?: EvalStatus; tag?: string; limit: number; cursor?: string },
): Promise<{ sessions: Doc<"sessions">[]; cursor: string | null }> {
  const { status, tag, limit } = args;
  const before = args.cursor === undefined ? null : readListCursor(args.cursor);
  const inOrder = readyFrom(ctx, user, { dateTo: before?.createdAt });
  const sessions: Doc<"sessions">[] = [];
  let scanned = 0;
  let last: Doc<"sessions"> | undefined;
  for await (const session of inOrder) {
    if (before !== null && !isBehind(session, before)) continue;
    if (last !== undefined && (sessions.length >= limit || scanned >= EVAL_LIST_MAX)) {
      return { sessions, cursor: writeListCursor(last) };
    }
    scanned++;
    last = session;
    if (matches(session, { status, ...(tag === undefined ? {} : { tags: [tag] }) })) {
      sessions.push(session);
    }
  }
  return { sessions, cursor: null };
}

function isBehind(session: Doc<"sessions">, { createdAt, creationTime }: ListCursor): boolean {
  return session.createdAt < createdAt || session._creationTime < creationTime;
}
