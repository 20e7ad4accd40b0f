import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import {
  append,
  changeOf,
  type Generation,
  generationOf,
  type StoredChange,
  waiting,
} from "../sync/changes";
import { defined } from "../../lib/record";
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

/**
 * Makes the claim of a message; true if its usage is counted from now on. `counting` is the session
 * whose refresh asks, as it will be stored.
 */
export async function claim(
  ctx: MutationCtx,
  own: Claim,
  counting: Doc<"sessions">,
): Promise<boolean> {
  const first = await firstClaim(ctx, own.key);
  await ctx.db.insert("usageClaims", own);
  if (first === null) return true;
  if (first.rank <= own.rank) return false;
  await tellSession(ctx, first.messageId, false, counting);
  return true;
}

/**
 * Gives up the claim of a message; true if its usage was counted. The next with the same usage is then.
 * `counting` is as for `claim`; absent where a session is deleted.
 */
export async function release(
  ctx: MutationCtx,
  { messageId, key }: Pick<Claim, "messageId" | "key">,
  counting?: Doc<"sessions">,
): Promise<boolean> {
  const first = await firstClaim(ctx, key);
  const own = first?.messageId === messageId ? first : await ownClaim(ctx, messageId, key);
  if (first === null || own === null) return false;
  await ctx.db.delete("usageClaims", own._id);
  if (own._id !== first._id) return false;
  const heir = await firstClaim(ctx, key);
  if (heir !== null) await tellSession(ctx, heir.messageId, true, counting);
  return true;
}

/** Gives up the claims of messages of one session that are being deleted. */
export async function releaseDeleted(
  ctx: MutationCtx,
  messages: readonly Doc<"messages">[],
  deleted: Generation,
): Promise<void> {
  const pending = messages.length === 0 ? [] : await pendingOf(ctx, deleted);
  for (const message of messages) {
    const { usageKey } = asClaimed(message, pending);
    if (usageKey !== undefined) await release(ctx, { messageId: message._id, key: usageKey });
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
  counting: Doc<"sessions"> | undefined,
): Promise<void> {
  const message = await ctx.db.get("messages", messageId);
  if (message === null) return;
  const { sessionId } = message;
  const isOwn = counting?._id === sessionId;
  const session = isOwn ? counting : await ctx.db.get("sessions", sessionId);
  if (session === null) return;
  const pending = await pendingOf(ctx, generationOf(session));
  const { usageKey, secrets, ...claimed } = asClaimed(message, pending);
  await append(ctx, session, [{ ...claimed, changedAt: 0, isCounted, before: {} }]);
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
async function pendingOf(ctx: MutationCtx, generation: Generation): Promise<StoredChange[]> {
  return (await waiting(ctx, generation).take(PENDING_MAX)).flatMap(({ changes }) => changes);
}

/** The message as its claim was made: as it was before changes that wait to be counted. */
function asClaimed(message: Doc<"messages">, pending: readonly StoredChange[]): StoredChange {
  const now = changeOf(message);
  const changed = pending.find(
    (one) => one.messageId === message._id && one.before && one.isCounted === undefined,
  );
  if (changed?.before === undefined) return now;
  const { messageId, externalId, role, orderKey, createdAt } = changed;
  const identity = { ...defined({ messageId, externalId, role, createdAt }), orderKey };
  return { ...identity, ...changed.before };
}
