import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";

/**
 * Records with a key when it was last used, at most once per interval. This is exact enough to see whether a
 * key is still in use, and costs at most 12 small writes an hour. Reading it from the log instead would need
 * an index over all lines.
 */
const NOTED_EVERY_MS = 5 * 60_000;

/** Records that a user's key was used at this time, unless a use was recorded shortly before; true if it wrote. */
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
  // A user has at most 50 keys, and two have the same prefix with a probability of 1 in 10^14.
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
