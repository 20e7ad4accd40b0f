import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { added, fits, NO_LOAD, type Load } from "../lib/chunked";
import { timeFromId } from "../lib/sourceTime";
import type { MessageRow, SessionFields, SyncResult } from "./syncShapes";
import * as Messages from "./messages";
import { nextRefresh, scheduleRefresh } from "./refreshSchedule";
import * as Sessions from "./sessions";

/**
 * A chunk ends early before what it replaces gets too much: of the 4,096 index ranges and the 16 MiB
 * that a transaction may read, each replaced row takes a range, and is read to find it and to delete it.
 * The first item is always stored; any fits alone.
 */
const TRANSACTION: Load = { operations: 3_000, bytes: 8 * 1024 * 1024 };

/**
 * Stores a chunk of sessions and messages in one transaction, all sessions before all messages. The
 * caller bounds what the chunk brings; what it replaces is known only here, and may end it early.
 */
export async function upsertMany(
  ctx: MutationCtx,
  user: Doc<"users">,
  chunk: { sessions: SessionFields[]; messages: MessageRow[]; receivedAt: number },
): Promise<SyncResult> {
  const now = Date.now();
  const result: SyncResult = { sessions: [], messages: [] };
  for (const session of chunk.sessions) {
    result.sessions.push(await Sessions.upsert(ctx, user, session, now));
  }
  let spent = NO_LOAD;
  const seen = new Map<string, Doc<"sessions">>();
  const changed = new Set<Doc<"sessions">>();
  for (const message of chunk.messages) {
    const session = await sessionOf(ctx, user, seen, message, now);
    const stored = await Messages.find(ctx, session, message.externalId);
    const load = Messages.loadOf(stored, message);
    if (stored && result.messages.length > 0 && !fits(spent, load, TRANSACTION)) break;
    spent = added(spent, load);
    const at = { receivedAt: chunk.receivedAt, now };
    const { messageId, outcome } = await Messages.upsert(ctx, session, stored, message, at);
    if (outcome !== "skipped") changed.add(session);
    result.messages.push({ sessionId: session._id, messageId, outcome });
  }
  for (const session of changed) {
    const refreshDueAt = nextRefresh(session.refreshDueAt, now);
    if (refreshDueAt === undefined) continue;
    await ctx.db.patch("sessions", session._id, { refreshDueAt });
    await scheduleRefresh(ctx, session._id);
  }
  return result;
}

/** Most chunks name one session a hundred times: it is read once. */
async function sessionOf(
  ctx: MutationCtx,
  user: Doc<"users">,
  seen: Map<string, Doc<"sessions">>,
  message: MessageRow,
  now: number,
): Promise<Doc<"sessions">> {
  const { sessionExternalId, source, createdAt = now } = message;
  const known = seen.get(sessionExternalId);
  if (known) return known;
  const from = timeFromId(sessionExternalId, now) ?? createdAt;
  const announced = { sessionExternalId, createdAt: from, ...(source ? { source } : {}) };
  const session = await Sessions.ensure(ctx, user, announced, now);
  seen.set(sessionExternalId, session);
  return session;
}
