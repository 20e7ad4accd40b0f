import { v, type Infer } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { readAppError } from "../../errors";
import type { BulkResult } from "../../wire/bulk";
import type { User } from "../accounts/user";
import * as Evals from "../evals/evals";
import { deleteForOwner } from "./deletion";
import { changedTags, vTagChanges } from "./edits";
import * as Sessions from "./sessions";
import { listPage, type ListOptions } from "./listPages";

/** Edits and deletions of many sessions, a bounded number in one transaction. */

/** What is done to each session: tags are changed, or it is deleted. */
export const vBulkChange = v.object({ ...vTagChanges, delete: v.optional(v.boolean()) });
export type BulkChange = Infer<typeof vBulkChange>;

/**
 * Applies a change to each of these sessions, by our ids or the plugin's, and tells the outcome of each. With
 * `isTrial`, nothing is written, and the outcomes are what would happen.
 */
export async function changeMany(
  ctx: MutationCtx,
  user: User,
  { ids, change, isTrial }: { ids: readonly string[]; change: BulkChange; isTrial: boolean },
): Promise<BulkResult[]> {
  const results: BulkResult[] = [];
  for (const id of ids) {
    const session = await Sessions.find(ctx, user, id);
    if (session === null) results.push({ id, outcome: "not_found" });
    else
      results.push({
        id,
        ...namesOf(session),
        ...(await changeOne(ctx, session, change, isTrial)),
      });
  }
  return results;
}

const namesOf = ({ _id, externalId }: Doc<"sessions">) => ({ sessionId: _id, externalId });

type Outcome = Pick<BulkResult, "outcome" | "code" | "message">;

async function changeOne(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  change: BulkChange,
  isTrial: boolean,
): Promise<Outcome> {
  if (change.delete) {
    if (!isTrial) await deleteForOwner(ctx, session);
    return { outcome: "deleted" };
  }
  try {
    const evalTags = Evals.tagsOf(changedTags(session.evalTags ?? [], change)) ?? [];
    if (JSON.stringify(evalTags) === JSON.stringify(session.evalTags ?? [])) {
      return { outcome: "unchanged" };
    }
    if (!isTrial) await Evals.update(ctx, session, { evalTags }, Date.now());
    return { outcome: "updated" };
  } catch (error) {
    // Tags are judged before anything is written, so the other sessions of the transaction are whole.
    const expected = readAppError(error);
    if (expected === null) throw error;
    const why = expected.details?.map(({ path, message }) => `${path} ${message}`).join("; ");
    return { outcome: "failed", code: expected.code, message: why ?? expected.message };
  }
}

/** Returns the ids of a page of the user's sessions that match a filter. */
export async function idsMatching(
  ctx: QueryCtx,
  user: User,
  page: ListOptions,
): Promise<{ ids: string[]; cursor: string | null }> {
  const { sessions, cursor } = await listPage(ctx, user, page);
  return { ids: sessions.map(({ _id }) => _id), cursor };
}
