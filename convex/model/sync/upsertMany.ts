import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { added, fits, NO_LOAD, type Load } from "../../lib/sync/slices";
import { isContinuation } from "../../lib/sync/messageSlices";
import { type IdOrigin, idOrigin, withOrigin } from "../../lib/sync/twins";
import { defined } from "../../lib/record";
import { timeFromId } from "../../lib/sync/sourceTime";
import { deletingOf } from "../accounts/deletionState";
import { append, type StoredChange } from "./changes";
import type { MessageRow, SessionFields, SyncResult } from "./shapes";
import * as Messages from "../sessions/messages";
import { appendSlice } from "./appendSlice";
import { nextRefresh, scheduleRefresh } from "./refreshSchedule";
import { findTwin } from "./twins";
import * as Sessions from "../sessions/sessions";

/**
 * Bounds of one transaction, within the 4,096 index ranges and 16 MiB that it may read. Each replaced row
 * takes one range, and is read twice, to find it and to delete it; a slice ends early before this becomes
 * too much. The first item is always stored, because any single message fits (`MESSAGE_MAX_BYTES`).
 */
const TRANSACTION_LOAD: Load = { operations: 3_000, bytes: 8 * 1024 * 1024 };

/** While all data is being deleted, an old session is first removed from its day, whose row may be large. */
const SESSION_DELETION_LOAD: Load = { operations: 0, bytes: 2 * 1024 * 1024 };

/**
 * Stores a slice of sessions and messages in one transaction, sessions before messages. The caller bounds
 * the size of the slice. How much it replaces is known only here and may end the slice early.
 */
export async function upsertMany(
  ctx: MutationCtx,
  user: Doc<"users">,
  slice: { sessions: SessionFields[]; messages: MessageRow[]; receivedAt: number },
): Promise<SyncResult> {
  const now = Date.now();
  const result: SyncResult = { sessions: [], messages: [] };
  const perSession = deletingOf(user) ? SESSION_DELETION_LOAD : NO_LOAD;
  let spent = NO_LOAD;
  const hasRoomFor = (load: Load) => {
    const isFirst = result.sessions.length + result.messages.length === 0;
    if (!isFirst && !fits(spent, load, TRANSACTION_LOAD)) return false;
    spent = added(spent, load);
    return true;
  };
  const created = new CreatedSessions();
  for (const session of slice.sessions) {
    if (!hasRoomFor(perSession)) return result;
    const stored = await Sessions.upsert(ctx, user, session, now);
    if (stored.outcome === "inserted") created.add(stored.sessionId);
    result.sessions.push(stored);
  }
  const sessionsById = new Map<string, Doc<"sessions"> | null>();
  const changed = new Map<Doc<"sessions">, StoredChange[]>();
  const origins = new Map<Id<"sessions">, IdOrigin>();
  for (const message of slice.messages) {
    if (!sessionsById.has(message.sessionExternalId) && !hasRoomFor(perSession)) break;
    const session = await sessionOf(ctx, user, sessionsById, message, now);
    if (session === null) {
      result.messages.push({ outcome: "deleted" });
      continue;
    }
    const origin = originWith(session, origins, message);
    const stored =
      (await created.find(ctx, session, message.externalId)) ??
      (isContinuation(message) || origin !== "both" ? null : await findTwin(ctx, session, message));
    // A new message never ends the slice: the caller bounded it, and its new session would stay empty.
    if (!hasRoomFor(Messages.loadOf(stored, message)) && stored) break;
    const { messageId, outcome, change } = isContinuation(message)
      ? await appendSlice(ctx, session, stored, message)
      : await Messages.upsert(ctx, session, stored, message, slice.receivedAt);
    if (outcome !== "skipped") recordChange(changed, session, change);
    if (origin !== undefined) origins.set(session._id, origin);
    result.messages.push({ sessionId: session._id, messageId, outcome });
  }
  await noteChanges(ctx, changed, origins, now);
  return result;
}

/** The sessions that a transaction creates: they have no messages but those that it stores. */
class CreatedSessions {
  /** The ids of their messages that came so far. */
  readonly #ids = new Map<Id<"sessions">, Set<string>>();

  add(sessionId: Id<"sessions">): void {
    this.#ids.set(sessionId, new Set());
  }

  /** Returns the stored message of any session, or null. A created one is asked only for an id that came before. */
  async find(
    ctx: MutationCtx,
    session: Doc<"sessions">,
    externalId: string,
  ): Promise<Doc<"messages"> | null> {
    const ids = this.#ids.get(session._id);
    if (ids !== undefined && !ids.has(externalId)) {
      ids.add(externalId);
      return null;
    }
    return await Messages.find(ctx, session, externalId);
  }
}

/** Appends the changes of each session, and marks its refresh as due once a burst. */
async function noteChanges(
  ctx: MutationCtx,
  changed: ReadonlyMap<Doc<"sessions">, readonly StoredChange[]>,
  origins: ReadonlyMap<Id<"sessions">, IdOrigin>,
  now: number,
): Promise<void> {
  for (const [session, changes] of changed) {
    await append(ctx, session, changes);
    const refreshDueAt = nextRefresh(session.refreshDueAt, now);
    const origin = origins.get(session._id);
    const changedOrigin = origin === session.idOrigin ? undefined : origin;
    if (refreshDueAt === undefined && changedOrigin === undefined) continue;
    await ctx.db.patch("sessions", session._id, defined({ refreshDueAt, idOrigin: changedOrigin }));
    if (refreshDueAt !== undefined) await scheduleRefresh(ctx, session._id);
  }
}

/** Who chose the ids of the session's messages, including this one; undefined if this one cannot have a twin. */
function originWith(
  session: Doc<"sessions">,
  origins: ReadonlyMap<Id<"sessions">, IdOrigin>,
  message: MessageRow,
): IdOrigin | undefined {
  const origin = idOrigin(session, message);
  if (origin === undefined) return undefined;
  return withOrigin({ ...session, ...defined({ idOrigin: origins.get(session._id) }) }, origin);
}

/** Adds a change to those of its session. A message of version 1 has no change, but its session needs a refresh. */
function recordChange(
  changed: Map<Doc<"sessions">, StoredChange[]>,
  session: Doc<"sessions">,
  change: StoredChange | undefined,
): void {
  changed.set(session, [...(changed.get(session) ?? []), ...(change ? [change] : [])]);
}

/**
 * Returns the session of a message; null if its owner deleted it. Reads each session once, because most
 * slices contain many messages of one session.
 */
async function sessionOf(
  ctx: MutationCtx,
  user: Doc<"users">,
  sessionsById: Map<string, Doc<"sessions"> | null>,
  message: MessageRow,
  now: number,
): Promise<Doc<"sessions"> | null> {
  const { sessionExternalId, source, createdAt = now } = message;
  const known = sessionsById.get(sessionExternalId);
  if (known !== undefined) return known;
  const from = timeFromId(sessionExternalId, now) ?? createdAt;
  const announced = { sessionExternalId, createdAt: from, ...(source ? { source } : {}) };
  const session = await Sessions.ensure(ctx, user, announced, now);
  sessionsById.set(sessionExternalId, session);
  return session;
}
