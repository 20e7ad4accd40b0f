import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { DAY_MS } from "../lib/time";
import type { SessionAnswer } from "../wire/answers";
import type { Caller } from "../wire/caller";

/** The filter of the list; a missing field matches every session. */
type Filter = { source?: string; project?: string; model?: string; branch?: string; days?: string };

/** Sessions shown per page, sessions read per query, and queries per page to find enough matches. */
const SHOWN = 30;
const READ = 100;
const PAGES_MAX = 5;

type FilteredList = { sessions: SessionAnswer[]; next: string | null; isCut: boolean };

/**
 * Lists the caller's matching sessions, newest first. Examines at most 500 sessions; `isCut` tells
 * that older ones may match too.
 */
export async function filteredSessions(
  ctx: ActionCtx,
  caller: Caller,
  filter: Filter,
  start: string | undefined,
): Promise<FilteredList> {
  const { source, days } = filter;
  const isNarrow = [filter.project, filter.model, filter.branch, days].some((one) => one);
  const limit = isNarrow ? READ : SHOWN;
  const since = days ? Date.now() - Number(days) * DAY_MS : -Infinity;
  const sessions: SessionAnswer[] = [];
  let cursor: string | undefined = start;
  for (let read = 0; read < PAGES_MAX; read++) {
    const page: { sessions: SessionAnswer[]; cursor: string | null } = await ctx.runQuery(
      internal.sessions.listPage,
      // A subagent's parent may not match what is decided here.
      { caller, limit, cursor, source, foldsSubagents: !isNarrow },
    );
    sessions.push(...page.sessions.filter((one) => matches(one, filter) && one.createdAt >= since));
    const oldest = page.sessions[page.sessions.length - 1];
    const isOver = oldest !== undefined && oldest.createdAt < since;
    if (page.cursor === null || isOver) return { sessions, next: null, isCut: false };
    if (sessions.length >= SHOWN) return { sessions, next: page.cursor, isCut: false };
    cursor = page.cursor;
  }
  return { sessions, next: cursor ?? null, isCut: true };
}

function matches(session: SessionAnswer, { project, model, branch }: Filter): boolean {
  const { gitBranch } = session;
  return (
    (!project || project === session.projectName || project === session.projectPath) &&
    (!model || model === session.model) &&
    (!branch || branch === gitBranch)
  );
}
