import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { append, changeOf, type MessageChange, ofSession } from "../sync/changes";
import { nextRefresh } from "../sync/refreshSchedule";

/**
 * Decides which message's usage is counted. Every message with usage has a claim; among claims with the same
 * key, the first by rank is counted. When that changes, a change is recorded for the session of each
 * affected message, and its refresh books it like any other change.
 */
export type Claim = { messageId: Id<"messages">; key: string; rank: string };

async function firstClaim(ctx: MutationCtx, key: string): Promise<Doc<"usageClaims"> | null> {
  return await ctx.db
    .query("usageClaims")
    .withIndex("by_key_and_rank", (q) => q.eq("key", key))
    .first();
}

/** Inserts the claim of a message; true if its usage is now counted. */
export async function claim(ctx: MutationCtx, own: Claim): Promise<boolean> {
  const first = await firstClaim(ctx, own.key);
  await ctx.db.insert("usageClaims", own);
  if (first === null) return true;
  if (first.rank <= own.rank) return false;
  await notifySession(ctx, first.messageId, false);
  return true;
}

/** Deletes the claim of a message; true if its usage was counted. The next claim with the same key is counted then. */
export async function release(
  ctx: MutationCtx,
  messageId: Id<"messages">,
  key: string,
): Promise<boolean> {
  const first = await firstClaim(ctx, key);
  const own = first?.messageId === messageId ? first : await ownClaim(ctx, messageId, key);
  if (first === null || own === null) return false;
  await ctx.db.delete("usageClaims", own._id);
  if (own._id !== first._id) return false;
  const next = await firstClaim(ctx, key);
  if (next !== null) await notifySession(ctx, next.messageId, true);
  return true;
}

/** Deletes the claims of messages of one session that are being deleted. */
export async function releaseDeleted(
  ctx: MutationCtx,
  messages: readonly Doc<"messages">[],
): Promise<void> {
  const [first] = messages;
  const pending = first === undefined ? [] : await pendingOf(ctx, first.sessionId);
  for (const message of messages) {
    const { usageKey } = asClaimed(message, pending);
    if (usageKey !== undefined) await release(ctx, message._id, usageKey);
  }
}

/** Far above the 36 repetitions of one usage that have been reported. */
const CLAIMS_MAX = 1_000;

async function ownClaim(ctx: MutationCtx, messageId: Id<"messages">, key: string) {
  const claims = await ctx.db
    .query("usageClaims")
    .withIndex("by_key_and_rank", (q) => q.eq("key", key))
    .take(CLAIMS_MAX);
  return claims.find((one) => one.messageId === messageId) ?? null;
}

/** Records for the session of a message that its usage is now counted, or no longer counted. */
async function notifySession(
  ctx: MutationCtx,
  messageId: Id<"messages">,
  isCounted: boolean,
): Promise<void> {
  const message = await ctx.db.get("messages", messageId);
  const session = message && (await ctx.db.get("sessions", message.sessionId));
  if (!message || !session) return;
  const { usageKey, secrets, ...claimed } = asClaimed(message, await pendingOf(ctx, session._id));
  const change = { ...claimed, changedAt: 0, isCounted, before: {} };
  await append(ctx, session._id, [change]);
  const now = Date.now();
  const refreshDueAt = nextRefresh(session.refreshDueAt, now);
  if (refreshDueAt === undefined) return;
  await ctx.db.patch("sessions", session._id, { refreshDueAt });
  await ctx.scheduler.runAfter(refreshDueAt - now, internal.sessions.refresh, {
    sessionId: session._id,
  });
}

/** Rows searched for the changes of a message; five rows have up to a thousand changes. */
const PENDING_MAX = 5;

/** Changes of a session that are not counted yet, oldest first. */
async function pendingOf(ctx: MutationCtx, sessionId: Id<"sessions">): Promise<MessageChange[]> {
  return (await ofSession(ctx, sessionId).take(PENDING_MAX)).flatMap(({ changes }) => changes);
}

/** The message as its claim was made: before any changes that are not counted yet. */
function asClaimed(message: Doc<"messages">, pending: readonly MessageChange[]): MessageChange {
  const now = changeOf(message, 0);
  const changed = pending.find(
    (one) => one.messageId === message._id && one.before && one.isCounted === undefined,
  );
  if (changed?.before === undefined) return now;
  const { messageId, externalId, role, orderKey, createdAt } = now;
  return { messageId, externalId, role, orderKey, createdAt, changedAt: 0, ...changed.before };
}
