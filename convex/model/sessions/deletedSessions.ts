import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { randomHex } from "../../lib/hash";
import { seal, unseal } from "../../lib/sessions/sealedId";
import { DAY_MS } from "../../lib/time";
import { secretOf } from "../accounts/userSecret";

/** Records which sessions were deleted, for clients that follow all changes. */

/** How long the feed reports a deletion. A client that was away for longer reads everything again. */
export const DELETIONS_KEPT_MS = 365 * DAY_MS;

/** Random bytes that make each sealed id different. */
const NONCE_BYTES = 8;
/** Old records that the cron removes at a time. */
const OLD_MAX = 500;

/** Records that the owner deleted this session. A search of the tables for its id finds nothing. */
export async function recordDeletion(
  ctx: MutationCtx,
  { _id: sessionId, userId }: Doc<"sessions">,
): Promise<void> {
  const user = await ctx.db.get("users", userId);
  if (user === null) return;
  const nonce = randomHex(NONCE_BYTES);
  const sealedId = seal(sessionId, { secret: await secretOf(ctx, user), nonce });
  await ctx.db.insert("deletedSessions", { userId, nonce, sealedId });
}

/** Returns the id of a deleted session of this user. */
export function idOf(user: Doc<"users">, { nonce, sealedId }: Doc<"deletedSessions">): string {
  return unseal(sealedId, { secret: user.pseudonymKey ?? "", nonce });
}

/** Removes up to `OLD_MAX` records that are no longer told; the next call removes more. */
export async function removeOldDeletions(ctx: MutationCtx, now: number): Promise<void> {
  const old = await ctx.db
    .query("deletedSessions")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", now - DELETIONS_KEPT_MS))
    .take(OLD_MAX);
  for (const { _id } of old) await ctx.db.delete("deletedSessions", _id);
}
