import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";

/**
 * When a key was last used is noted with the key, at most once in this time: exact enough to see
 * whether a key is still in use, and 12 small writes an hour. Reading it from the log instead would
 * cost an index over all lines.
 */
const NOTED_EVERY_MS = 5 * 60_000;

/** Notes that a user's key was used at this time, unless that was noted shortly before. */
export async function noteUse(
  ctx: MutationCtx,
  user: Doc<"users">,
  keyPrefix: string,
  at: number,
): Promise<boolean> {
  if (user.apiKeyPrefix === keyPrefix) {
    const { apiKeyCreatedAt, apiKeyUsedAt } = user;
    if (!isNews(apiKeyCreatedAt, apiKeyUsedAt, at)) return false;
    await ctx.db.patch("users", user._id, { apiKeyUsedAt: at });
    return true;
  }
  // At most 50 keys a user, and each prefix once among them but for a chance of 1 in 10^14.
  const keys = ctx.db.query("apiKeys").withIndex("by_user", (q) => q.eq("userId", user._id));
  for await (const key of keys) {
    if (key.prefix !== keyPrefix) continue;
    if (!isNews(key.createdAt, key.usedAt, at)) return false;
    await ctx.db.patch("apiKeys", key._id, { usedAt: at });
    return true;
  }
  return false;
}

function isNews(createdAt = 0, usedAt = 0, at: number): boolean {
  return at >= createdAt && at - usedAt >= NOTED_EVERY_MS;
}
