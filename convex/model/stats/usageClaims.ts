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
import { type ReadBudget, takeWithin } from "../readBudget";
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
 * A refresh that is counting: its session as it will be stored, the changes that it took and has not counted yet, and
 * those of any session that wait. Without these, a message would be booked as it is now and not as it was counted.
 * `firstClaims` are the first claims by key that it has met: messages of one answer share a key.
 */
export type Counting = {
  session: Doc<"sessions">;
  uncounted: () => readonly StoredChange[];
  waiting: WaitingChanges;
  firstClaims: Map<string, FirstClaim>;
};

/** What is known of the claim that counts. */
export type FirstClaim = Pick<Doc<"usageClaims">, "messageId" | "rank" | "price">;

/** A transaction that gives up claims: a refresh, or the deletion of a session. */
type Releasing = Pick<Counting, "waiting"> & Partial<Counting>;

/** Waiting changes that one transaction reads: seconds of many hooks, or of an import. */
const WAITING_BUDGET: Readonly<ReadBudget> = { rows: 4_000, bytes: 3 * 1024 * 1024 };

/**
 * The changes of messages that wait to be counted, as they were when the transaction first asked for those of their
 * session. What it appends itself changes no message, so that it reads each session once.
 */
export class WaitingChanges {
  readonly #bySession = new Map<Id<"sessions">, ReadonlyMap<string, StoredChange>>();
  readonly #budget = { ...WAITING_BUDGET };

  constructor(readonly ctx: MutationCtx) {}

  /** The first waiting change of each message of a session, by the message's id. */
  async of(generation: Generation): Promise<ReadonlyMap<string, StoredChange>> {
    const known = this.#bySession.get(generation.sessionId);
    if (known !== undefined) return known;
    const rows = await takeWithin(waiting(this.ctx, generation), this.#budget);
    const first = new Map<string, StoredChange>();
    for (const change of rows.flatMap(({ changes }) => changes)) {
      const { messageId } = change;
      if (messageId !== undefined && isUpdate(change) && !first.has(messageId)) {
        first.set(messageId, change);
      }
    }
    this.#bySession.set(generation.sessionId, first);
    return first;
  }
}

/** Whether a change says what was counted of its message before. */
const isUpdate = ({ before, isCounted }: StoredChange) =>
  before !== undefined && isCounted === undefined;

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
  const { firstClaims } = counting;
  const first = firstClaims.get(own.key) ?? (await firstClaim(ctx, own.key));
  await ctx.db.insert("usageClaims", own);
  const isFirst = first === null || first.rank > own.rank;
  firstClaims.set(own.key, isFirst ? own : first);
  if (first === null) return true;
  if (!isFirst) return false;
  await notifySession(ctx, first, false, counting);
  return true;
}

/** Gives up the claim of a message. If its usage was counted, the next with the same usage is counted then. */
export async function release(
  ctx: MutationCtx,
  { messageId, key }: Pick<Claim, "messageId" | "key">,
  counting: Releasing,
): Promise<Released> {
  counting.firstClaims?.delete(key);
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
  if (messages.length === 0) return;
  const counting = { waiting: new WaitingChanges(ctx) };
  const changes = await counting.waiting.of(deleted);
  for (const message of messages) {
    const { usageKey } = asClaimed(message, changes.get(message._id));
    if (usageKey === undefined) continue;
    await release(ctx, { messageId: message._id, key: usageKey }, counting);
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
  { messageId, price }: Pick<FirstClaim, "messageId" | "price">,
  isCounted: boolean,
  counting: Releasing,
): Promise<void> {
  const message = await ctx.db.get("messages", messageId);
  if (message === null) return;
  const { sessionId } = message;
  const own = counting.session?._id === sessionId ? counting : undefined;
  const session = own?.session ?? (await ctx.db.get("sessions", sessionId));
  if (session === null) return;
  const uncounted = own?.uncounted?.().find((one) => one.messageId === messageId && isUpdate(one));
  const change = uncounted ?? (await counting.waiting.of(generationOf(session))).get(messageId);
  const { usageKey, secrets, ...claimed } = asClaimed(message, change);
  await append(ctx, session, [
    { ...claimed, ...defined({ price }), changedAt: 0, isCounted, before: {} },
  ]);
  await requestRefresh(ctx, session);
}

/** The message as its claim was made: before the first change that is not counted yet. */
function asClaimed(message: Doc<"messages">, changed: StoredChange | undefined): StoredChange {
  if (changed?.before === undefined) return changeOf(message);
  const { messageId, externalId, role, orderKey, createdAt } = changed;
  const identity = { ...defined({ messageId, externalId, role, createdAt }), orderKey };
  return { ...identity, ...changed.before };
}
