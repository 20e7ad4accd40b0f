import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { invalidField } from "../errors";
import * as routes from "../wire/bulk";
import type { BulkResult } from "../wire/bulk";
import { readSessionFilters } from "../wire/sessionFilters";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";
import { parseWithin } from "./input";

/** Sessions in one transaction: deleting one also changes its days and search rows. */
const EDITED_AT_ONCE = 50;
const DELETED_AT_ONCE = 10;
/** Sessions of one request. */
const SESSIONS_MAX = 1_000;
/** Sessions that one query finds. */
const FOUND_AT_ONCE = 200;

export const bulkSessions: Endpoint = endpoint(
  routes.bulkSessions,
  async (ctx, { caller, body }) => {
    const { sessionIds, filter, limit, cursor, dryRun: isTrial, ...change } = body;
    const { addTags, removeTags, delete: deletes } = change;
    if ((sessionIds === undefined) === (filter === undefined)) {
      throw invalidField("sessionIds", "or filter is required, and only one of them");
    }
    if (deletes === (addTags !== undefined || removeTags !== undefined)) {
      throw invalidField("addTags", "and removeTags, or delete, is required");
    }
    const found =
      filter === undefined
        ? { ids: sessionIds ?? [], cursor: null }
        : await idsMatching(ctx, caller, { filter, limit, cursor });
    const ids = Array.from(new Set(found.ids));
    if (ids.length > SESSIONS_MAX) {
      throw invalidField("sessionIds", `has more than ${SESSIONS_MAX} ids: send them in parts`);
    }
    const results: BulkResult[] = [];
    const atOnce = deletes ? DELETED_AT_ONCE : EDITED_AT_ONCE;
    for (let at = 0; at < ids.length; at += atOnce) {
      const some = { caller, ids: ids.slice(at, at + atOnce), change, isTrial };
      results.push(...(await ctx.runMutation(internal.bulk.change, some)));
    }
    return {
      body: { dryRun: isTrial, results, counts: countsOf(results), cursor: found.cursor },
    };
  },
);

type Wanted = { filter: { [name: string]: unknown }; limit: number; cursor?: string };

/** The ids of sessions that match; a filter that selects nothing in particular is refused. */
async function idsMatching(ctx: ActionCtx, caller: Caller, { filter, limit, cursor }: Wanted) {
  const parsed = readSessionFilters(parseWithin("filter", routes.BulkFilter, filter));
  // From the beginning of time, or with at least no tokens, are all sessions too.
  if (Object.values(parsed).every((value) => value === undefined || value === 0)) {
    throw invalidField("filter", "is empty, which would select every session");
  }
  const ids: string[] = [];
  let next: string | null | undefined = cursor;
  do {
    const wanted = Math.min(FOUND_AT_ONCE, limit - ids.length);
    const page: { ids: string[]; cursor: string | null } = await ctx.runQuery(
      internal.bulk.matching,
      { caller, ...parsed, limit: wanted, cursor: next ?? undefined },
    );
    ids.push(...page.ids);
    next = page.cursor;
  } while (next !== null && ids.length < limit);
  return { ids, cursor: next };
}

function countsOf(results: readonly BulkResult[]): { [outcome: string]: number } {
  const counts = new Map<string, number>();
  for (const { outcome } of results) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return Object.fromEntries(counts);
}
