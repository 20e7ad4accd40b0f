import type { Doc } from "../../_generated/dataModel";
import { randomId } from "../../lib/randomId";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { willRemove } from "../accounts/deletionState";
import { takeWithin } from "../readBudget";

/** 22 characters of 64 symbols are 132 bits, so a slug cannot be guessed. */
const SLUG_LENGTH = 22;

/**
 * Makes a session public or private. The first publication creates its slug. The slug is kept while the
 * session is private, so publishing again restores the same link. Changes nothing else.
 */
export async function setVisibility(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  isPublic: boolean,
  now: number,
): Promise<{ isPublic: boolean; publicSlug?: string }> {
  const publicSlug = session.publicSlug ?? (isPublic ? randomId(SLUG_LENGTH) : undefined);
  if (session.isPublic !== isPublic || session.publicSlug !== publicSlug) {
    await ctx.db.patch("sessions", session._id, { isPublic, publicSlug, changedAt: now });
  }
  return { isPublic, ...(isPublic ? { publicSlug } : {}) };
}

/**
 * Returns the session shared under this slug, or null. Private sessions also return null, so callers cannot
 * tell them from missing ones; so do sessions that a running deletion of all data will remove.
 */
export async function findPublic(ctx: QueryCtx, slug: string): Promise<Doc<"sessions"> | null> {
  if (slug === "") return null;
  const session = await ctx.db
    .query("sessions")
    .withIndex("by_public_slug", (q) => q.eq("publicSlug", slug))
    .unique();
  if (session === null || !session.isPublic) return null;
  const owner = await ctx.db.get("users", session.userId);
  return owner === null || willRemove(owner, session) ? null : session;
}

/** Read budget for finding shared sessions. They are too few to be worth an index. */
const SCAN_BUDGET = { rows: 4_000, bytes: 6 * 1024 * 1024 };

/** Lists the user's shared sessions among the latest few thousand, newest first. */
export async function listPublic(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
): Promise<Doc<"sessions">[]> {
  const rows = ctx.db
    .query("sessions")
    .withIndex("by_user_and_created_at", (q) => q.eq("userId", user._id))
    .order("desc");
  return (await takeWithin(rows, { ...SCAN_BUDGET })).filter(({ isPublic }) => isPublic);
}
