import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { sha256 } from "../lib/hash";
import { DAY_MS } from "../lib/time";
import { cutoffOf, deletingOf } from "./accounts/deletionState";
import type { User } from "./accounts/user";

/**
 * Records what was deleted and must stay deleted. A tombstone holds only a hash of the identity, so that a
 * deletion leaves nothing readable behind.
 */

/** Plugins send old sessions again while they are on disk; a year is longer than tools keep them. */
const SESSION_TOMBSTONE_MS = 365 * DAY_MS;

/** Expired tombstones that the cron removes at a time. */
const EXPIRED_MAX = 500;

const sessionKey = (userId: Id<"users">, externalId: string) =>
  sha256(`session\n${userId}\n${externalId}`);

/** Records that the owner deleted this session, so that a plugin that sends it again does not recreate it. */
export async function rememberSession(
  ctx: MutationCtx,
  { userId, externalId }: Doc<"sessions">,
): Promise<void> {
  const key = await sessionKey(userId, externalId);
  await remember(ctx, { userId, key, expiresAt: Date.now() + SESSION_TOMBSTONE_MS });
}

/**
 * Whether the owner deleted the session with this external id. Reads no row if not. A running deletion of all data
 * forgets earlier deletions: what is sent after it started is kept, whether or not it has reached their tombstones.
 */
export async function isSessionDeleted(
  ctx: QueryCtx,
  user: Doc<"users">,
  externalId: string,
): Promise<boolean> {
  const found = await find(ctx, await sessionKey(user._id, externalId));
  if (found === null || isExpired(found)) return false;
  const deleting = deletingOf(user);
  return deleting === undefined || found._creationTime > cutoffOf(deleting);
}

/** Allows plugins to send the session with this external id again. */
export async function forgetSession(
  ctx: MutationCtx,
  { _id }: User,
  externalId: string,
): Promise<void> {
  await forget(ctx, await sessionKey(_id, externalId));
}

/** Stores a tombstone until it expires; replaces one with the same key. */
export async function remember(
  ctx: MutationCtx,
  tombstone: { userId?: Id<"users">; key: string; expiresAt: number },
): Promise<void> {
  await forget(ctx, tombstone.key);
  await ctx.db.insert("tombstones", tombstone);
}

/** Whether an unexpired tombstone with this key exists. */
export async function isRemembered(ctx: QueryCtx, key: string): Promise<boolean> {
  const found = await find(ctx, key);
  return found !== null && !isExpired(found);
}

const isExpired = ({ expiresAt }: Doc<"tombstones">) => expiresAt <= Date.now();

/** Removes the tombstone with this key, if it exists. */
export async function forget(ctx: MutationCtx, key: string): Promise<void> {
  const found = await find(ctx, key);
  if (found !== null) await ctx.db.delete("tombstones", found._id);
}

async function find(ctx: QueryCtx, key: string): Promise<Doc<"tombstones"> | null> {
  return await ctx.db
    .query("tombstones")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
}

/** Removes up to `EXPIRED_MAX` expired tombstones; the next call removes more. */
export async function removeExpired(ctx: MutationCtx, now: number): Promise<void> {
  const expired = await ctx.db
    .query("tombstones")
    .withIndex("by_expires_at", (q) => q.lt("expiresAt", now))
    .take(EXPIRED_MAX);
  for (const { _id } of expired) await ctx.db.delete("tombstones", _id);
}
