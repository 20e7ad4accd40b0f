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
import { requestRefresh } from "../sync/refreshSchedule";

/**
 * Decides which message's usage is counted. Every message with usage has a claim; among claims with the same
 * key, the first by rank is counted. When that changes, a change is recorded for the session of each
 * affected message, and its refresh books it like any other change.
 */
export type Claim = { messageId: Id<"messages">; key: string; rank: string; price: number | null };

/** Whether the usage of a message was counted, and the price at which it was booked, if that is known. */
export type Released = { wasCounted: boolean; price?: number | null };

/**
 * A refresh that is counting: its session as it will be stored, and the changes that it took and has not
 * counted yet. Without them, a message would be booked as it is now and not as it was counted.
 */
export type Counting = { session: Doc<"sessions">; uncounted: () => readonly StoredChange[] };

async function firstClaim(ctx: MutationCtx, key: string): Promise<Doc<"usageClaims"> | null> {
  return await ctx.db
    .query("usageClaims")
    .withIndex("by_key_and_rank", (q) => q.eq("key", key))
    .first();
}

/**
 * Makes the claim of a message; true if its usage is counted from now on. `counting` is the refresh
 * that asks.
 */
export async function claim(ctx: MutationCtx, own: Claim, counting: Counting): Promise<boolean> {
  const first = await firstClaim(ctx, own.key);
  await ctx.db.insert("usageClaims", own);
  if (first === null) return true;
  if (first.rank <= own.rank) return false;
  await notifySession(ctx, first, false, counting);
  return true;
}

/**
 * Gives up the claim of a message. If its usage was counted, the next with the same usage is counted then.
 * `counting` is as for `claim`; absent where a session is deleted.
 */
export async function release(
  ctx: MutationCtx,
  { messageId, key }: Pick<Claim, "messageId" | "key">,
  counting?: Counting,
): Promise<Released> {
  const first = await firstClaim(ctx, key);
  const own = first?.messageId === messageId ? first : await ownClaim(ctx, messageId, key);
  if (first === null || own === null) return { wasCounted: false };
  await ctx.db.delete("usageClaims", own._id);
  const { price } = own;
  if (own._id !== first._id) return { wasCounted: false, price };
  const next = await firstClaim(ctx, key);
  if (next !== null) await notifySession(ctx, next, true, counting);
  return { wasCounted: true, price };
}

/** Deletes the claims of messages of one session that are being deleted. */
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

/** Far above the 36 repetitions of one usage that have been reported. */
const CLAIMS_MAX = 1_000;

async function ownClaim(ctx: MutationCtx, messageId: Id<"messages">, key: string) {
  const claims = await ctx.db
    .query("usageClaims")
    .withIndex("by_key_and_rank", (q) => q.eq("key", key))
    .take(CLAIMS_MAX);
  return claims.find((one) => one.messageId === messageId) ?? null;
}

/** Records for the session of a claim's message that its usage is now counted, or no longer counted. */
async function notifySession(
  ctx: MutationCtx,
  { messageId, price }: Doc<"usageClaims">,
  isCounted: boolean,
  counting: Counting | undefined,
): Promise<void> {
  const message = await ctx.db.get("messages", messageId);
  if (message === null) return;
  const { sessionId } = message;
  const own = counting?.session._id === sessionId ? counting : undefined;
  const session = own?.session ?? (await ctx.db.get("sessions", sessionId));
  if (session === null) return;
  const pending = [...(own?.uncounted() ?? []), ...(await pendingOf(ctx, generationOf(session)))];
  const { usageKey, secrets, ...claimed } = asClaimed(message, pending);
  await append(ctx, session, [
    { ...claimed, ...defined({ price }), changedAt: 0, isCounted, before: {} },
  ]);
  await requestRefresh(ctx, session);
}

/** Rows searched for the changes of a message; five rows have up to a thousand changes. */
const PENDING_MAX = 5;

/** Changes of a session that are not counted yet, oldest first. */
async function pendingOf(ctx: MutationCtx, generation: Generation): Promise<StoredChange[]> {
  return (await waiting(ctx, generation).take(PENDING_MAX)).flatMap(({ changes }) => changes);
}

/** The message as its claim was made: before any changes that are not counted yet. */
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
