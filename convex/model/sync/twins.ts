import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { orderKeyFrom } from "../../lib/sync/orderKey";
import { twinOf, twinTimes } from "../../lib/sync/twins";
import { takeWithin } from "../readBudget";
import type { MessageRow } from "./shapes";

/** Read budget for messages near in time that are compared. */
const CANDIDATE_BUDGET = { rows: 50, bytes: 512 * 1024 };

/** Finds the stored message that is the same as this one under a different id (one from a plugin, one from an import); or null. */
export async function findTwin(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  message: MessageRow,
): Promise<Doc<"messages"> | null> {
  const times = twinTimes(session, message);
  if (times === null) return null;
  const around = ctx.db
    .query("messages")
    .withIndex("by_session", (q) =>
      q
        .eq("sessionId", session._id)
        .gte("orderKey", orderKeyFrom(times.from))
        .lt("orderKey", orderKeyFrom(times.to)),
    );
  const candidates = await takeWithin(around, { ...CANDIDATE_BUDGET });
  return twinOf(session.externalId, message, candidates) ?? null;
}
