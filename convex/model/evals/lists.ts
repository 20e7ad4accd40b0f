import { v, type ObjectType } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { vEvalStatus } from "../../fields";
import type { EvalStatus } from "../../lib/enums";
import { matchesFilter } from "../../lib/sessions/filter";
import type { User } from "../accounts/user";
import { firstWithin, hasRoom, spend, takeWithin } from "../readBudget";
import { type SessionPosition, readyFrom } from "../exports/selection";
import { LIST_BUDGET, readListCursor, writeListCursor } from "../sessions/listPages";

/** Filters of the dashboard's list of evaluations. */
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

/** Lists the newest sessions that are ready for evaluation and match the filter, and whether these are all. */
export async function listReady(
  ctx: QueryCtx,
  user: User,
  filter: EvalFilter,
): Promise<{ sessions: Doc<"sessions">[]; isComplete: boolean }> {
  const ready = ctx.db
    .query("sessions")
    .withIndex("by_user_and_eval_ready", (q) =>
      q
        .eq("userId", user._id)
        .eq("evalReady", true)
        .gte("createdAt", filter.dateFrom ?? -Infinity)
        .lte("createdAt", filter.dateTo ?? Infinity),
    )
    .order("desc");
  const { rows, isComplete } = await firstWithin(ready, LIST_BUDGET);
  return { sessions: rows.filter((session) => isListed(session, filter)), isComplete };
}

function isListed(session: Doc<"sessions">, filter: EvalFilter): boolean {
  const { source, model, evalStatus: status, minTokens, project: projectPart } = filter;
  const tags = filter.tags?.length ? filter.tags : undefined;
  return matchesFilter(session, { source, model, status, tags, minTokens, projectPart });
}

/** Lists sessions that a reviewer has edited, ready for evaluation or not: the ready ones first, each newest first. */
export async function listReviewed(ctx: QueryCtx, user: User): Promise<Doc<"sessions">[]> {
  const found = [true, false].map((evalReady) => {
    const touched = ctx.db
      .query("sessions")
      .withIndex("by_user_and_eval_ready", (q) =>
        q.eq("userId", user._id).eq("evalReady", evalReady),
      )
      .order("desc");
    return takeWithin(touched, { ...LIST_BUDGET });
  });
  return (await Promise.all(found)).flat();
}

/**
 * A page of the sessions ready for evaluation, filtered by status and tag, newest first. A page may be
 * shorter than `limit` if few sessions match; `cursor` is null at the end.
 */
export async function listPage(
  ctx: QueryCtx,
  user: User,
  args: { status?: EvalStatus; tag?: string; limit: number; cursor?: string },
): Promise<{ sessions: Doc<"sessions">[]; cursor: string | null }> {
  const { status, tag, limit } = args;
  const selection = { status, tags: tag === undefined ? undefined : [tag] };
  const start = args.cursor === undefined ? null : readListCursor(args.cursor);
  const budget = { ...LIST_BUDGET };
  const sessions: Doc<"sessions">[] = [];
  const startPosition: SessionPosition | null = start && [start.createdAt, start.creationTime];
  for await (const { session } of readyFrom(ctx, user, selection, startPosition)) {
    // The cursor names the first session of the next page.
    if (sessions.length >= limit || !hasRoom(budget)) {
      return { sessions, cursor: writeListCursor(session) };
    }
    spend(budget, session);
    if (matchesFilter(session, selection)) sessions.push(session);
  }
  return { sessions, cursor: null };
}
