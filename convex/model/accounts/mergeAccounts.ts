import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { MOVED_LINES_MAX } from "./accountRows";
import { FURTHER_KEYS_MAX } from "./apiKeys";
import { forgetDeletion } from "./deletionState";

/** Sessions of Convex Auth, and signed-in browsers, that a merge moves; further ones end. */
const MOVED_SIGN_INS_MAX = 100;

/**
 * Removes an account without content, and moves its keys, sign-ins, log lines and settings to another
 * account. The caller links the WorkOS identity.
 */
export async function moveEmptyAccount(
  ctx: MutationCtx,
  from: Doc<"users">,
  into: Doc<"users">,
): Promise<void> {
  const userId = into._id;
  await moveKeys(ctx, from, into);
  const signIns = await ctx.db
    .query("authSessions")
    .withIndex("userId", (q) => q.eq("userId", from._id))
    .take(MOVED_SIGN_INS_MAX);
  for (const { _id } of signIns) await ctx.db.patch("authSessions", _id, { userId });
  const browsers = await ctx.db
    .query("browserSessions")
    .withIndex("by_user", (q) => q.eq("userId", from._id))
    .take(MOVED_SIGN_INS_MAX);
  for (const { _id } of browsers) await ctx.db.patch("browserSessions", _id, { userId });
  const links = await ctx.db
    .query("authAccounts")
    .withIndex("userIdAndProvider", (q) => q.eq("userId", from._id))
    .take(MOVED_SIGN_INS_MAX);
  for (const { _id } of links) await ctx.db.patch("authAccounts", _id, { userId });
  const lines = await ctx.db
    .query("apiLogs")
    .withIndex("by_user_and_limit_class", (q) => q.eq("userId", from._id))
    .take(MOVED_LINES_MAX);
  for (const { _id } of lines) await ctx.db.patch("apiLogs", _id, { userId });
  const { enabledAgents = from.enabledAgents, timeZone = from.timeZone } = into;
  await ctx.db.patch("users", userId, { enabledAgents, timeZone });
  await forgetDeletion(ctx, from);
  await ctx.db.delete("users", from._id);
}

async function moveKeys(ctx: MutationCtx, from: Doc<"users">, into: Doc<"users">): Promise<void> {
  const { apiKey: hash, apiKeyPrefix: prefix = "", apiKeyCreatedAt, apiKeyUsedAt } = from;
  const keys = await ctx.db
    .query("apiKeys")
    .withIndex("by_user", (q) => q.eq("userId", from._id))
    .take(FURTHER_KEYS_MAX);
  for (const { _id } of keys) await ctx.db.patch("apiKeys", _id, { userId: into._id });
  if (hash === undefined) return;
  const createdAt = apiKeyCreatedAt ?? from._creationTime;
  if (into.apiKey === undefined) {
    const first = { apiKey: hash, apiKeyPrefix: prefix, apiKeyCreatedAt: createdAt };
    await ctx.db.patch("users", into._id, { ...first, apiKeyUsedAt });
  } else {
    await ctx.db.insert("apiKeys", {
      ...{ userId: into._id, hash, prefix, createdAt },
      usedAt: apiKeyUsedAt,
    });
  }
}
