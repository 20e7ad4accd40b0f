import type { Infer } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import type { vMessageChange } from "../../fields";
import { defined, pick } from "../../lib/record";
import { messageCounts } from "../../lib/secrets/counts";
import { MESSAGE_FIELD_NAMES } from "../../lib/sessions/fields";
import { hasUsage, usageKey } from "../../lib/stats/usage";

/**
 * Message changes that their session has not counted yet (`messageChanges`). Message mutations append them;
 * the refresh reads and deletes them seconds later. They replace two indexes of `messages`, each of which
 * would be billed as a copy of the second-largest table.
 */

export type MessageChange = Infer<typeof vMessageChange>;

/** Changes in one row: about 250 bytes each, far below the 1 MiB of a document. */
const CHANGES_PER_ROW = 200;

/** The fields of a message that a change records. Its identity is part of its usage key. */
type Identity = Pick<Doc<"messages">, "_id" | "userId" | "externalId" | "createdAt">;
type Fields = Identity &
  Pick<Doc<"messages">, (typeof MESSAGE_FIELD_NAMES)[number] | "secrets" | "textContent">;
type Message = Fields & Pick<Doc<"messages">, "role" | "orderKey" | "source">;

/** Describes a message's current state; `before` is the state that its session has counted. */
export function changeOf(message: Message, changedAt: number, before?: Fields): MessageChange {
  const { _id: messageId, externalId, role, orderKey, createdAt, source } = message;
  return {
    ...{ messageId, externalId, role, orderKey, createdAt, changedAt },
    ...defined({ source }),
    ...counted(message),
    ...(before === undefined ? {} : { before: counted(before) }),
  };
}

function counted(message: Fields) {
  const secrets = messageCounts(message.secrets);
  return {
    ...pick(message, MESSAGE_FIELD_NAMES),
    ...(secrets.length > 0 ? { secrets } : {}),
    ...(hasUsage(message) ? { usageKey: usageKey(message.userId, message) } : {}),
  };
}

/** Appends changes of one session, for its next refresh. */
export async function append(
  ctx: MutationCtx,
  sessionId: Id<"sessions">,
  changes: readonly MessageChange[],
): Promise<void> {
  for (let at = 0; at < changes.length; at += CHANGES_PER_ROW) {
    const row = { sessionId, changes: changes.slice(at, at + CHANGES_PER_ROW) };
    await ctx.db.insert("messageChanges", row);
  }
}

/** Removes and returns changes of a session, oldest first: at least one row, and about `max` changes. */
export async function take(
  ctx: MutationCtx,
  sessionId: Id<"sessions">,
  max: number,
): Promise<{ changes: MessageChange[]; hasMore: boolean }> {
  const changes: MessageChange[] = [];
  for await (const row of ofSession(ctx, sessionId)) {
    if (changes.length >= max) return { changes, hasMore: true };
    changes.push(...row.changes);
    await ctx.db.delete("messageChanges", row._id);
  }
  return { changes, hasMore: false };
}

/** Whether a session has changes that are not counted yet. */
export async function hasChanges(ctx: QueryCtx, sessionId: Id<"sessions">): Promise<boolean> {
  return (await ofSession(ctx, sessionId).first()) !== null;
}

/** Rows of changes of a session, oldest first. */
export function ofSession(ctx: QueryCtx, sessionId: Id<"sessions">) {
  return ctx.db
    .query("messageChanges")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId));
}
