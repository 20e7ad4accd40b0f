import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { append, changeOf, type MessageChange, ofSession } from "../sync/changes";
import { nextRefresh } from "../sync/refreshSchedule";

/**
 * Which message's usage is counted. Every message with usage has a claim; of the claims with one key,
 * the first by rank is counted. When that changes, the session of each message concerned gets a change
 * that says so, which its refresh books like any other.
 */
export type Claim = { messageId: Id<"messages">; key: string; rank: string };

async function firstClaim(ctx: MutationCtx, key: string): Promise<Doc<"usageClaims"> | null> {
  return await ctx.db
    .query("usageClaims")
    .withIndex("by_key_and_rank", (q) => q.eq("key", key))
    .first();
}

/** Makes the claim of a message; true if its usage is counted from now on. */
export async function claim(ctx: MutationCtx, own: Claim): Promise<boolean> {
  const first = await firstClaim(ctx, own.key);
  await ctx.db.insert("usageClaims", own);
  if (first === null) return true;
  if (first.rank <= own.rank) return false;
  await tellSession(ctx, first.messageId, false);
  return true;
}

/** Gives up the claim of a message; true if its usage was counted. The next with the same usage is then. */
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
  const heir = await firstClaim(ctx, key);
  if (heir !== null) await tellSession(ctx, heir.messageId, true);
  return true;
}

/** Gives up the claims of messages of one session that are being deleted. */
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

/** A usage is reported to be repeated up to 36 times. */
const CLAIMS_MAX = 1_000;

async function ownClaim(ctx: MutationCtx, messageId: Id<"messages">, key: string) {
  const claims = await ctx.db
    .query("usageClaims")
    .withIndex("by_key_and_rank", (q) => q.eq("key", key))
    .take(CLAIMS_MAX);
  return claims.find((one) => one.messageId === messageId) ?? null;
}

/** Tells the session of a message that its usage begins or ceases to count. */
async function tellSession(
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

/** Rows of changes that are searched for those of a message: a thousand changes. */
const PENDING_MAX = 5;

/** Changes of a session that wait to be counted, oldest first. */
async function pendingOf(ctx: MutationCtx, sessionId: Id<"sessions">): Promise<MessageChange[]> {
  return (await ofSession(ctx, sessionId).take(PENDING_MAX)).flatMap(({ changes }) => changes);
}

/** The message as its claim was made: as it was before changes that wait to be counted. */
function asClaimed(message: Doc<"messages">, pending: readonly MessageChange[]): MessageChange {
  const now = changeOf(message, 0);
  const changed = pending.find(
    (one) => one.messageId === message._id && one.before && one.isCounted === undefined,
  );
  if (changed?.before === undefined) return now;
  const { messageId, externalId, role, orderKey, createdAt } = now;
  return { messageId, externalId, role, orderKey, createdAt, changedAt: 0, ...changed.before };
}
