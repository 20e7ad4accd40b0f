import type { Infer } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import type { vMessageChange } from "../../fields";
import { defined, pick } from "../../lib/record";
import { messageCounts, sessionCounts } from "../../lib/secrets/counts";
import type { SecretCount } from "../../lib/secrets/finding";
import { MESSAGE_FIELD_NAMES } from "../../lib/sessions/fields";
import { hasUsage, usageKey } from "../../lib/stats/usage";
import { timeOf } from "../../lib/sync/orderKey";
import { utf8Length } from "../../lib/text";
import { hasRoom, stepBudget, takeWithin } from "../readBudget";

/**
 * Changes of messages (`messageChanges`): the message mutation appends them, the refresh counts them, a
 * cron deletes them an hour later. They replace two indexes of `messages`, which would be copies of the
 * second largest table.
 *
 * A row waits to be counted while its generation is its session's. The refresh counts the rows of that
 * generation and begins the next one in the session's row, which every message mutation reads: a
 * mutation that overlaps conflicts with the refresh and runs again with the new generation. So each row
 * is counted once, and the refresh deletes nothing, because deleting a row reads it again.
 */

export type StoredChange = Infer<typeof vMessageChange>;
/** A change as the refresh counts it; `changedAt` is 0 where only its usage moved. */
export type MessageChange = StoredChange & { createdAt: number; changedAt: number };

/** Identifies the changes of a session that wait to be counted; the refresh moves to the next generation. */
export type Generation = { sessionId: Id<"sessions">; changesGeneration?: number };
type Session = Pick<Doc<"sessions">, "_id" | "changesGeneration">;

/** Changes in one row, about 250 bytes each, and their bytes: a document has at most 1 MiB. */
const CHANGES_PER_ROW = 200;
const ROW_MAX_BYTES = 400_000;
/** A claim on usage reads an index and writes a row: it takes as long as this many changes without usage. */
const CLAIM_WORK = 3;
/** Characters of `tools` that take as long to count as one more change. */
const TOOLS_CHARS = 100;

/** The fields of a message that a change records. Its identity is part of its usage key. */
type Identity = Pick<Doc<"messages">, "_id" | "userId" | "externalId" | "createdAt">;
type Fields = Identity &
  Pick<Doc<"messages">, (typeof MESSAGE_FIELD_NAMES)[number] | "secrets" | "tools" | "textContent">;
type Message = Fields & Pick<Doc<"messages">, "role" | "orderKey" | "source">;

/**
 * Describes a message's current state; `before` is the state that its session has counted. Adds field by field:
 * objects that are joined with `...` cost several times as much.
 */
export function changeOf(message: Message, before?: Fields): StoredChange {
  const { _id: messageId, externalId, role, orderKey, createdAt, source } = message;
  const change: StoredChange = { ...counted(message), orderKey };
  if (hasUsage(message) || (before !== undefined && hasUsage(before))) {
    change.messageId = messageId;
    change.externalId = externalId;
  }
  if (role === "user") change.role = role;
  if (createdAt !== timeOf(orderKey)) change.createdAt = createdAt;
  if (source !== undefined) change.source = source;
  if (before !== undefined) change.before = counted(before);
  return change;
}

function counted(message: Fields): NonNullable<StoredChange["before"]> {
  const fields: NonNullable<StoredChange["before"]> = pick(message, MESSAGE_FIELD_NAMES);
  const secrets = messageCounts(message.secrets);
  if (secrets.length > 0) fields.secrets = secrets;
  if (message.tools !== undefined) fields.tools = message.tools;
  if (hasUsage(message)) fields.usageKey = usageKey(message.userId, message);
  return fields;
}

/** Appends changes of one session, for its next refresh. */
export async function append(
  ctx: MutationCtx,
  session: Pick<Doc<"sessions">, "_id" | "changesGeneration" | "sourceIsExplicit">,
  changes: readonly StoredChange[],
): Promise<void> {
  const { _id: sessionId, changesGeneration: generation, sourceIsExplicit } = session;
  for (const slice of slicesOf(changes)) {
    await ctx.db.insert("messageChanges", {
      sessionId,
      ...defined({ generation }),
      changes: sourceIsExplicit ? slice.map(({ source: _source, ...change }) => change) : slice,
    });
  }
}

/** Divides changes into rows. */
function slicesOf(changes: readonly StoredChange[]): StoredChange[][] {
  const slices: StoredChange[][] = [];
  let bytes = 0;
  for (const change of changes) {
    const own = utf8Length(JSON.stringify(change));
    const last = slices.at(-1);
    if (last === undefined || last.length >= CHANGES_PER_ROW || bytes + own > ROW_MAX_BYTES) {
      slices.push([change]);
      bytes = own;
    } else {
      last.push(change);
      bytes += own;
    }
  }
  return slices;
}

/** The work of counting a change, in changes without usage and tools. What a message claimed before is released. */
function workOf({ tools = "", usageKey, before }: StoredChange): number {
  const claims = [usageKey, before?.usageKey].filter((key) => key !== undefined).length;
  return (
    1 +
    claims * CLAIM_WORK +
    Math.floor((tools.length + (before?.tools ?? "").length) / TOOLS_CHARS)
  );
}

/**
 * Reads the waiting changes of a session, oldest first: at least one row, and about `max` changes.
 * The session must store the returned `changesGeneration`. If more than `max` wait, the rows that were
 * read are deleted instead, and the generation stays.
 */
export async function take(
  ctx: MutationCtx,
  session: Session,
  max: number,
): Promise<{ changes: MessageChange[]; changesGeneration: number | undefined; hasMore: boolean }> {
  const changes: MessageChange[] = [];
  const read: Id<"messageChanges">[] = [];
  let work = 0;
  for await (const row of waiting(ctx, generationOf(session))) {
    if (work >= max) {
      for (const id of read) await ctx.db.delete("messageChanges", id);
      return { changes, changesGeneration: session.changesGeneration, hasMore: true };
    }
    for (const change of row.changes) {
      const { createdAt = timeOf(change.orderKey), changedAt = row._creationTime } = change;
      changes.push({ ...change, createdAt, changedAt });
      work += workOf(change);
    }
    read.push(row._id);
  }
  const isSame = read.length === 0;
  const changesGeneration = isSame ? session.changesGeneration : nextGeneration(session);
  return { changes, changesGeneration, hasMore: false };
}

/** The generation after this one: with it in the session's row, all changes so far are counted. */
export function nextGeneration({ changesGeneration = 0 }: Session): number {
  return changesGeneration + 1;
}

export function generationOf({ _id, changesGeneration }: Session): Generation {
  return { sessionId: _id, ...defined({ changesGeneration }) };
}

/** Whether a session has changes that are not counted yet. */
export async function hasChanges(ctx: QueryCtx, session: Session): Promise<boolean> {
  return (await waiting(ctx, generationOf(session)).first()) !== null;
}

/** Rows of changes that wait to be counted, oldest first. */
export function waiting(ctx: QueryCtx, { sessionId, changesGeneration }: Generation) {
  return ctx.db
    .query("messageChanges")
    .withIndex("by_session", (q) =>
      q.eq("sessionId", sessionId).eq("generation", changesGeneration),
    );
}

/** The secrets of a session by kind, with those of changes that wait to be counted. */
export async function currentSecrets(
  ctx: QueryCtx,
  session: Doc<"sessions">,
): Promise<SecretCount[]> {
  const rows = await takeWithin(waiting(ctx, generationOf(session)), stepBudget());
  const changes = rows.flatMap((row) => row.changes);
  return sessionCounts(session.secrets, changes) ?? [];
}

/** How long a counted row is kept, so that pruning does not conflict with the burst that wrote it. */
const KEPT_MS = 3_600_000;

/**
 * Deletes counted rows after a creation time, one bounded step. Rows that wait to be counted stay.
 * Returns where the next step begins, or null at the end.
 */
export async function prune(
  ctx: MutationCtx,
  { after, now }: { after: number; now: number },
): Promise<number | null> {
  const budget = stepBudget();
  const old = ctx.db
    .query("messageChanges")
    .withIndex("by_creation_time", (q) =>
      q.gt("_creationTime", after).lt("_creationTime", now - KEPT_MS),
    );
  const rows = await takeWithin(old, budget);
  const generations = new Map<Id<"sessions">, number>();
  for (const { _id, sessionId, generation = 0 } of rows) {
    const current = generations.get(sessionId) ?? (await currentGeneration(ctx, sessionId));
    generations.set(sessionId, current);
    if (generation < current) await ctx.db.delete("messageChanges", _id);
  }
  return hasRoom(budget) ? null : (rows.at(-1)?._creationTime ?? null);
}

/** Changes of a deleted session are left to its purge, which still needs them. */
async function currentGeneration(ctx: QueryCtx, sessionId: Id<"sessions">): Promise<number> {
  const session = await ctx.db.get("sessions", sessionId);
  return session?.changesGeneration ?? 0;
}
