import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { AppError } from "../../errors";
import { randomSlug } from "../../lib/randomId";
import { DAY_MS } from "../../lib/time";
import { willRemove } from "../accounts/deletionState";
import { firstWithin, type ReadBudget } from "../readBudget";

/** The furthest expiry: Convex schedules nothing later than in five years. */
const EXPIRES_WITHIN_MS = 5 * 365 * DAY_MS;

type Shared = Pick<Doc<"sessions">, "isPublic" | "publicSlug" | "shareExpires">;

/** A session's sharing as its owner sees it. What has expired is private, even before the job ran that says so. */
export function sharingOf({ isPublic, publicSlug, shareExpires }: Shared, now: number) {
  const isShared = isPublic && (shareExpires === undefined || shareExpires > now);
  return isShared
    ? { isPublic: true, publicSlug, expires: shareExpires }
    : { isPublic: false, publicSlug: undefined, expires: undefined };
}

/** A change of who may read a session. Absent keeps; `expires: null` shares without an end. */
export type SharingChange = { isPublic?: boolean; expires?: number | null };

/**
 * Makes a session public or private, or changes when its link stops working. The first publication creates
 * its slug. The slug is kept while the session is private, so publishing again restores the same link, then
 * without an expiry. Changes nothing else.
 */
export async function setSharing(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  change: SharingChange,
  now: number,
): Promise<{ isPublic: boolean; publicSlug?: string }> {
  const current = sharingOf(session, now);
  const { isPublic = current.isPublic, expires = current.expires } = change;
  requireExpiry(change, isPublic, now);
  const stored = {
    isPublic,
    publicSlug: session.publicSlug ?? (isPublic ? randomSlug() : undefined),
    shareExpires: isPublic ? (expires ?? undefined) : undefined,
  };
  const hasNewExpiry = stored.shareExpires !== session.shareExpires;
  if (hasNewExpiry || session.isPublic !== isPublic || session.publicSlug !== stored.publicSlug) {
    await ctx.db.patch("sessions", session._id, { ...stored, changedAt: now });
  }
  if (hasNewExpiry && stored.shareExpires !== undefined) {
    const job = { sessionId: session._id, expires: stored.shareExpires };
    await ctx.scheduler.runAt(stored.shareExpires, internal.sessions.endSharing, job);
  }
  return { isPublic, ...(isPublic ? { publicSlug: stored.publicSlug } : {}) };
}

/** Rejects an expiry that could not take effect, because its owner would rely on it. */
function requireExpiry({ expires }: SharingChange, isPublic: boolean, now: number): void {
  if (expires === undefined || expires === null) return;
  const problem = !isPublic
    ? "needs a shared session; send isPublic: true with it"
    : expires <= now
      ? "must be in the future"
      : expires > now + EXPIRES_WITHIN_MS
        ? "must be within five years"
        : undefined;
  if (problem === undefined) return;
  const details = [{ path: "expires", message: problem }];
  throw new AppError("INVALID_REQUEST", "Invalid request", { details });
}

/** Makes a session private whose link expires now. Does nothing if its expiry was changed meanwhile. */
export async function endSharing(
  ctx: MutationCtx,
  { sessionId, expires }: { sessionId: Id<"sessions">; expires: number },
): Promise<void> {
  const session = await ctx.db.get("sessions", sessionId);
  if (session?.shareExpires !== expires) return;
  await setSharing(ctx, session, { isPublic: false }, Date.now());
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
  if (session === null || !sharingOf(session, Date.now()).isPublic) return null;
  const owner = await ctx.db.get("users", session.userId);
  return owner === null || willRemove(owner, session) ? null : session;
}

/** Read budget for finding shared sessions. They are too few to be worth an index. */
const SCAN_BUDGET: Readonly<ReadBudget> = { rows: 4_000, bytes: 6 * 1024 * 1024 };

/** Lists the user's shared sessions among the latest few thousand, newest first; `isCut` if there are older ones. */
export async function listPublic(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
  bounds: Readonly<ReadBudget> = SCAN_BUDGET,
): Promise<{ shared: Doc<"sessions">[]; isCut: boolean }> {
  const rows = ctx.db
    .query("sessions")
    .withIndex("by_user_and_created_at", (q) => q.eq("userId", user._id))
    .order("desc");
  const now = Date.now();
  const found = await firstWithin(rows, bounds);
  const shared = found.rows.filter((session) => sharingOf(session, now).isPublic);
  return { shared, isCut: !found.isComplete };
}
