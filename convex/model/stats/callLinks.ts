import type { Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { packLinks, relink, unpackLinks } from "../../lib/stats/callLinks";
import type { Booking } from "../../lib/stats/sessionDay";
import { unpackToolUse } from "../../lib/stats/tools";
import type { MessageChange } from "../sync/changes";

/**
 * Joins the failed results of these changes with calls in other messages of the session; returns the errors that
 * this adds to the ledger or takes from it. Reads and writes one row, and only if there is something to join.
 */
export async function linkCalls(
  ctx: MutationCtx,
  sessionId: Id<"sessions">,
  changes: readonly MessageChange[],
): Promise<Booking[]> {
  const uses = changes.flatMap(({ createdAt: at, tools, before, isCounted }) => {
    if (isCounted !== undefined) return [];
    const now = unpackToolUse(tools);
    const then = before && unpackToolUse(before.tools);
    const isLinked = [now, then].some((use) => use && use.open.size + use.failed.length > 0);
    return isLinked ? [{ at, now, before: then }] : [];
  });
  if (uses.length === 0) return [];
  const row = await ctx.db
    .query("callLinks")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId))
    .unique();
  const links = unpackLinks(row?.links ?? "");
  const bookings = relink(links, uses);
  const packed = packLinks(links);
  if (row === null) await ctx.db.insert("callLinks", { sessionId, links: packed });
  else if (row.links !== packed) await ctx.db.patch("callLinks", row._id, { links: packed });
  return bookings;
}
