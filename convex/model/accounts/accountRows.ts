import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { normalAddress } from "../../lib/accounts/address";
import type { AccountRow } from "../../lib/accounts/decideAccount";
import { isAccountClosed } from "./deletionState";

/** Reads the accounts that `decideAccount` chooses from. */

/** Provider name of AuthKit in `authAccounts`, and of the sign-in in `auth.ts`. */
export const WORKOS = "workos";

/** Returns the account of a WorkOS user id, or null. */
export async function findByWorkosId(
  ctx: QueryCtx,
  workosId: string,
): Promise<Doc<"users"> | null> {
  const link = await findLink(ctx, workosId);
  const linked = link && (await ctx.db.get("users", link.userId));
  if (linked) return linked;
  return await ctx.db
    .query("users")
    .withIndex("by_workos_id", (q) => q.eq("workosId", workosId))
    .first();
}

/** Returns the row of Convex Auth that links a WorkOS user id to an account. */
export async function findLink(ctx: QueryCtx, workosId: string) {
  return await ctx.db
    .query("authAccounts")
    .withIndex("providerAndAccountId", (q) =>
      q.eq("provider", WORKOS).eq("providerAccountId", workosId),
    )
    .unique();
}

/** Accounts read per address; there can be several, because version 1 also stored unverified addresses in `email`. */
const SAME_ADDRESS_MAX = 200;

/** Returns the accounts whose `email` is this address, and whether these are all. */
export async function listByAddress(ctx: QueryCtx, email: string) {
  const users = await ctx.db
    .query("users")
    .withIndex("email", (q) => q.eq("email", normalAddress(email)))
    .take(SAME_ADDRESS_MAX + 1);
  return { users, isComplete: users.length <= SAME_ADDRESS_MAX };
}

/** Returns the facts about an account that the decision depends on. */
export async function accountRow(ctx: QueryCtx, user: Doc<"users">): Promise<AccountRow> {
  const { _id, workosId, email, unverifiedEmail } = user;
  return {
    id: _id,
    workosId,
    email,
    unverifiedEmail,
    emailIsVerified: user.emailVerificationTime !== undefined,
    isClosed: isAccountClosed(user),
    hasContent: await hasContent(ctx, _id),
  };
}

/** Log lines that a merge moves; an account with more is not merged. */
export const MOVED_LINES_MAX = 200;

async function hasContent(ctx: QueryCtx, userId: Id<"users">): Promise<boolean> {
  const session = await ctx.db
    .query("sessions")
    .withIndex("by_user", (q) => q.eq("userId", userId))
    .first();
  const day = await ctx.db
    .query("dailyWrapped")
    .withIndex("by_user_and_date", (q) => q.eq("userId", userId))
    .first();
  const purge = await ctx.db
    .query("purges")
    .withIndex("by_user", (q) => q.eq("userId", userId))
    .first();
  // A tombstone holds for its account only: moved elsewhere, plugins could send the deleted session again.
  const tombstone = await ctx.db
    .query("tombstones")
    .withIndex("by_user", (q) => q.eq("userId", userId))
    .first();
  if ([session, day, purge, tombstone].some((row) => row !== null)) return true;
  const lines = await ctx.db
    .query("apiLogs")
    .withIndex("by_user_and_limit_class", (q) => q.eq("userId", userId))
    .take(MOVED_LINES_MAX + 1);
  return lines.length > MOVED_LINES_MAX;
}
