import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { invalidField } from "../../errors";
import {
  changeToken,
  FEED_START,
  type FeedCursor,
  type FeedPosition,
  isAfter,
  NEVER_CHANGED,
  readFeedCursor,
  writeFeedCursor,
} from "../../lib/sessions/feedCursor";
import { DAY_MS } from "../../lib/time";
import type { Change } from "../../wire/changes";
import { type ReadBudget, hasRoom, spend } from "../readBudget";
import { DELETIONS_KEPT_MS, idOf } from "./deletedSessions";
import { sessionView } from "./sessions";

/** The feed of what happened to a user's sessions: upserts and deletions, in order. */

/**
 * The longest time from the start of a transaction until its change is visible. Running takes up to a second,
 * and waiting and writing about another; this is more than twice their sum.
 */
const SETTLED_AFTER_MS = 5_000;
/** Changes of the last seconds that a cursor names; others wait until they are older. */
const FRESH_MAX = 300;
/** Rows that one page reads: mostly those it returns. */
const FEED_BUDGET: Readonly<ReadBudget> = { rows: 1_000, bytes: 4 * 1024 * 1024 };

/** A change with its position, as it was read. */
type Found = { at: FeedPosition; id: string; session: Doc<"sessions"> | null };

/**
 * A page of changes after a cursor, oldest first. Each change is returned once; several changes of a session
 * between two requests are one. `isReset` tells that all data was deleted, that the cursor is older than the
 * deletions still known, or that the clock was set back: the client forgets what it has, and everything follows.
 */
export async function changesAfter(
  ctx: QueryCtx,
  user: Doc<"users">,
  { cursor, limit, now }: { cursor?: string; limit: number; now: number },
): Promise<{ changes: Change[]; cursor: string; hasMore: boolean; isReset: boolean }> {
  const { start, isReset } = startOf(user, cursor, now);
  const settled: FeedPosition = { time: now - SETTLED_AFTER_MS, creationTime: Infinity };
  const budget = { ...FEED_BUDGET };
  const changes: Change[] = [];
  const seen = new Set<string>();
  let at = start.at;
  let hasMore = false;
  for await (const found of inOrder(ctx, user, start.at)) {
    const token = changeToken(found.id, found.at.time);
    const isFresh = isAfter(found.at, settled);
    const isNew = !start.seen.has(token);
    if (
      isNew &&
      (changes.length >= limit || (isFresh && seen.size >= FRESH_MAX) || !hasRoom(budget))
    ) {
      hasMore = true;
      break;
    }
    spend(budget, found.session ?? found);
    if (isNew) changes.push(shown(found));
    if (isFresh) seen.add(token);
    else at = found.at;
  }
  // The previous cursor may name changes beyond this page, so the next cursor names them too.
  if (hasMore) for (const token of start.seen) seen.add(token);
  const next: FeedCursor = { at, seen, epoch: epochOf(user) };
  return { changes, cursor: writeFeedCursor(next), hasMore, isReset };
}

const epochOf = (user: Doc<"users">) => user.dataDeletedAt ?? 0;

function startOf(user: Doc<"users">, cursor: string | undefined, now: number) {
  const beginning = { at: FEED_START, seen: new Set<string>() };
  if (cursor === undefined) return { start: beginning, isReset: false };
  const start = readFeedCursor(cursor);
  if (start === undefined) throw invalidField("cursor", "is not a cursor of `/api/changes`");
  const { time } = start.at;
  // A cursor with a time that far ahead would find no change until that time.
  if (time > now + DAY_MS) throw invalidField("cursor", "is later than now");
  const isExpired = time > NEVER_CHANGED && time < now - DELETIONS_KEPT_MS;
  // Since then the clock was set back: what happens until that time would come before the cursor.
  const isAhead = time > now + SETTLED_AFTER_MS;
  const isReset = start.epoch !== epochOf(user) || isExpired || isAhead;
  return isReset ? { start: beginning, isReset } : { start, isReset };
}

function shown({ at: { time }, id, session }: Found): Change {
  if (session === null) return { type: "delete", id, at: time };
  const view = sessionView(session, "list");
  return { type: "upsert", id, at: view.changedAt, session: view };
}

/** Merges both kinds of changes after a position. */
async function* inOrder(
  ctx: QueryCtx,
  user: Doc<"users">,
  after: FeedPosition,
): AsyncGenerator<Found> {
  const streams = [upserts(ctx, user, after), deletions(ctx, user, after)];
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let first: number | undefined;
    for (const [index, head] of heads.entries()) {
      if (head.done) continue;
      const best = first === undefined ? undefined : heads[first];
      if (!best || best.done || isAfter(best.value.at, head.value.at)) first = index;
    }
    const head = first === undefined ? undefined : heads[first];
    const stream = first === undefined ? undefined : streams[first];
    if (first === undefined || !head || head.done || !stream) return;
    yield head.value;
    heads[first] = await stream.next();
  }
}

async function* upserts(
  ctx: QueryCtx,
  { _id: userId }: Doc<"users">,
  { time, creationTime }: FeedPosition,
): AsyncGenerator<Found, void> {
  const changedAt = time === NEVER_CHANGED ? undefined : time;
  const sessions = () => ctx.db.query("sessions");
  const tied = sessions().withIndex("by_user_and_changed_at", (q) =>
    q.eq("userId", userId).eq("changedAt", changedAt).gt("_creationTime", creationTime),
  );
  const later = sessions().withIndex("by_user_and_changed_at", (q) =>
    q.eq("userId", userId).gt("changedAt", changedAt),
  );
  for (const rows of [tied, later]) {
    for await (const session of rows) {
      const { changedAt: at = NEVER_CHANGED, _creationTime } = session;
      yield { at: { time: at, creationTime: _creationTime }, id: session._id, session };
    }
  }
}

async function* deletions(
  ctx: QueryCtx,
  user: Doc<"users">,
  after: FeedPosition,
): AsyncGenerator<Found, void> {
  const rows = ctx.db
    .query("deletedSessions")
    .withIndex("by_user", (q) => q.eq("userId", user._id).gte("_creationTime", after.time));
  for await (const row of rows) {
    const at = { time: row._creationTime, creationTime: row._creationTime };
    if (isAfter(at, after)) yield { at, id: idOf(user, row), session: null };
  }
}
