import type { WithoutSystemFields } from "convex/server";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";

/**
 * Stores the state of deletions. `users.deleting` holds what every request needs, scope and start; it is
 * written only when a deletion starts and ends. Progress changes with every step, so it is in `deletions`:
 * a step must not conflict with messages that a plugin sends meanwhile.
 */

/** The row of a deletion, without its owner. */
export type Deletion = Omit<WithoutSystemFields<Doc<"deletions">>, "userId">;

export type Scope = Deletion["scope"];

/** The fields of an open deletion in the user's row. */
type Deleting = { scope: Scope; startedAt: number };

function isOpenStatus(status: Deletion["status"]): boolean {
  return status === "pending" || status === "in_progress";
}

/** Whether a deletion has started and not ended; it may have stalled. */
export function isOpen(deletion: Deletion): boolean {
  return isOpenStatus(deletion.status);
}

/** The user's open deletion, or undefined. Version 1 kept the whole state in `users.deletion`. */
export function deletingOf(user: Doc<"users">): Deleting | undefined {
  const { deleting, deletion } = user;
  if (deleting !== undefined) return deleting;
  return deletion && isOpenStatus(deletion.status) ? deletion : undefined;
}

/** Whether the account is being deleted. Its credentials are refused as soon as the deletion starts. */
export function isAccountClosed(user: Doc<"users">): boolean {
  return deletingOf(user)?.scope === "account";
}

/** Returns the latest creation time that the deletion covers; a data deletion keeps later rows. */
export function cutoffOf({ scope, startedAt }: Deleting): number {
  return scope === "data" ? startedAt : Infinity;
}

/** Whether an open deletion covers this session. */
export function willRemove(user: Doc<"users">, session: Doc<"sessions">): boolean {
  const deleting = deletingOf(user);
  return deleting !== undefined && session._creationTime <= cutoffOf(deleting);
}

/** The user's latest deletion as its owner sees it, or undefined. */
export async function findDeletion(
  ctx: QueryCtx,
  user: Doc<"users">,
): Promise<Deletion | undefined> {
  return (await findRow(ctx, user)) ?? user.deletion;
}

async function findRow(ctx: QueryCtx, { _id }: Doc<"users">) {
  return await ctx.db
    .query("deletions")
    .withIndex("by_user", (q) => q.eq("userId", _id))
    .unique();
}

/** Stores the state of the user's deletion, and records in the user's row whether it is open. */
export async function saveDeletion(
  ctx: MutationCtx,
  user: Doc<"users">,
  deletion: Deletion,
): Promise<void> {
  const row = await findRow(ctx, user);
  const { sessionId, ...shared } = deletion;
  const state = { ...shared, userId: user._id };
  // Version 1 stored here the session whose rows it was removing.
  if (sessionId) {
    const { updatedAt } = deletion;
    await ctx.db.insert("purges", { userId: user._id, sessionId, updatedAt });
  }
  if (row === null) await ctx.db.insert("deletions", state);
  else await ctx.db.replace("deletions", row._id, state);
  await markUser(ctx, user, deletion);
}

/** Writes the user's row only if a deletion starts or ends, or if the row still has version 1's state. */
async function markUser(ctx: MutationCtx, user: Doc<"users">, deletion: Deletion): Promise<void> {
  const { scope, startedAt } = deletion;
  const deleting = isOpen(deletion) ? { scope, startedAt } : undefined;
  const isSame =
    user.deletion === undefined &&
    user.deleting?.scope === deleting?.scope &&
    user.deleting?.startedAt === deleting?.startedAt;
  const hasEnded = deleting === undefined && deletingOf(user)?.scope === "data";
  const ended = hasEnded ? { dataDeletedAt: startedAt } : {};
  if (!isSame) await ctx.db.patch("users", user._id, { deleting, deletion: undefined, ...ended });
}

/** Removes the stored state of a deletion, except `users.deleting`. */
export async function forgetDeletion(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  const row = await findRow(ctx, user);
  if (row !== null) await ctx.db.delete("deletions", row._id);
  if (user.deletion !== undefined) await ctx.db.patch("users", user._id, { deletion: undefined });
}

/** Users of version 1 whose state the cron moves at a time. */
const MOVED_MAX = 100;

/** Moves states that version 1 kept in `users.deletion` to `deletions`, a bounded number per call. */
export async function moveVersion1(ctx: MutationCtx): Promise<void> {
  const users = await ctx.db
    .query("users")
    .withIndex("by_deletion", (q) => q.gt("deletion.status", undefined))
    .take(MOVED_MAX);
  for (const user of users) {
    if (user.deletion !== undefined) await saveDeletion(ctx, user, user.deletion);
  }
}
