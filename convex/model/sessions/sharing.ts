import type { Doc } from "../../_generated/dataModel";
import { randomId } from "../../lib/randomId";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { willRemove } from "../accounts/deletionState";
import { takeWithin } from "../readBudget";

/** Characters of a slug: 22 of 64 symbols are 132 bits, so that nobody finds one by trying. */
const SLUG_LENGTH = 22;

/**
 * Makes a session public or private. The first publication makes its slug, which is kept: private
 * hides the page, public again gives the same link. Nothing else of the session changes.
 */
export async function setVisibility(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  isPublic: boolean,
): Promise<{ isPublic: boolean; publicSlug?: string }> {
  const publicSlug = session.publicSlug ?? (isPublic ? randomId(SLUG_LENGTH) : undefined);
  if (session.isPublic !== isPublic || session.publicSlug !== publicSlug) {
    await ctx.db.patch("sessions", session._id, { isPublic, publicSlug });
  }
  return { isPublic, ...(isPublic ? { publicSlug } : {}) };
}

/**
 * The session shared under this slug, or null. Private sessions also return null, so callers cannot
 * tell them from missing ones; so do sessions that an open deletion of their owner will remove.
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

/** Sessions looked through for those that are shared: no index is paid for that few. */
const SCANNED = { rows: 4_000, bytes: 6 * 1024 * 1024 };

/** The user's shared sessions among the latest few thousand, newest first. */
export async function listPublic(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
): Promise<Doc<"sessions">[]> {
  const rows = ctx.db
    .query("sessions")
    .withIndex("by_user_and_created_at", (q) => q.eq("userId", user._id))
    .order("desc");
  return (await takeWithin(rows, { ...SCANNED })).filter(({ isPublic }) => isPublic);
}
