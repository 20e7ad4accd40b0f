import { getDocumentSize } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { tooLarge } from "../../errors";
import { ITEM_OPERATIONS, type Load } from "../../lib/sync/slices";
import { pick } from "../../lib/record";
import { afterDelivery } from "../../lib/secrets/counts";
import { modelName } from "../../lib/stats/names";
import { hashAfterSlice, isContinuation, isDelivered } from "../../lib/sync/messageSlices";
import { orderKey } from "../../lib/sync/orderKey";
import { isMadeUp, tellsLess } from "../../lib/sync/twins";
import { MESSAGE_FIELD_NAMES } from "../../lib/sessions/fields";
import {
  MESSAGE_MAX_BYTES,
  contentBytes,
  type PartRow,
  withoutRepeated,
} from "../../lib/sessions/partRows";
import { utf8Length } from "../../lib/text";
import type { MessageRow, Outcome } from "../sync/shapes";
import { changeOf, type StoredChange } from "../sync/changes";
import { insertSearchTexts, replaceSearchTexts } from "../search/searchTexts";
import * as Parts from "./parts";

/** Columns that keep their value if a later delivery does not send them. */
const KEPT_FIELDS = [
  "role",
  "rawRole",
  "textContent",
  "textIsDerived",
  "source",
  ...MESSAGE_FIELD_NAMES,
] as const;

/** Returns the session's message with this external id, or null. */
export async function find(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  externalId: string,
): Promise<Doc<"messages"> | null> {
  return await ctx.db
    .query("messages")
    .withIndex("by_user_external", (q) =>
      q.eq("userId", session.userId).eq("externalId", externalId).eq("sessionId", session._id),
    )
    .unique();
}

/** The most that `upsert` uses of a transaction: operations, and bytes read. */
export function loadOf(stored: Doc<"messages"> | null, message: MessageRow): Load {
  const { textTail, partRows } = message;
  const operations = ITEM_OPERATIONS + (textTail?.length ?? 0) + (partRows?.length ?? 0);
  if (stored === null) return { operations, bytes: 0 };
  const row = getDocumentSize(stored);
  if (isContinuation(message)) return { operations, bytes: row };
  if (isDelivered(stored, message)) return { operations, bytes: row };
  // Replaced rows are read twice: to find them, and to delete them.
  return {
    operations: operations + 2 * (stored.partRows ?? 0),
    bytes: 2 * (row + (stored.partBytes ?? 0)),
  };
}

/** The outcome for a message, and the change its session must count, if any. */
type Upserted = { messageId: Id<"messages">; outcome: Outcome; change?: StoredChange };

/**
 * Stores a message; `stored` is the result of `find`. The newest delivery wins, and fields it does not send
 * are kept. An identical delivery writes nothing. Does not write the session.
 */
export async function upsert(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  stored: Doc<"messages"> | null,
  message: MessageRow,
  receivedAt: number,
): Promise<Upserted> {
  if (stored === null) return await insert(ctx, session, message, receivedAt);
  if (isDelivered(stored, message)) {
    return { messageId: stored._id, outcome: "skipped" };
  }
  const ids = joinedIds(session, stored, message.externalId);
  if (tellsLess(session, { ...stored, ...ids }, message)) {
    if (ids.madeUpId !== undefined) await ctx.db.patch("messages", stored._id, ids);
    return { messageId: stored._id, outcome: "skipped" };
  }
  const change = await update(ctx, session, stored, { ids, message });
  return { messageId: stored._id, outcome: "updated", change };
}

/**
 * Returns the ids of a stored message after a delivery under another id: the tool's own id becomes its
 * `externalId`, and the id that a plugin generated is kept in `madeUpId`. Empty if nothing changes.
 */
function joinedIds(
  session: Doc<"sessions">,
  stored: Doc<"messages">,
  externalId: string,
): Partial<Pick<Doc<"messages">, "externalId" | "madeUpId">> {
  if (externalId === stored.externalId || externalId === stored.madeUpId) return {};
  if (isMadeUp(session.externalId, externalId)) return { madeUpId: externalId };
  return { externalId, madeUpId: stored.externalId };
}

async function insert(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  message: MessageRow,
  receivedAt: number,
): Promise<Upserted> {
  const { externalId, createdAt = receivedAt, index } = message;
  const rows = [...(message.textTail ?? []), ...(message.partRows ?? [])];
  const fields = {
    userId: session.userId,
    sessionId: session._id,
    externalId,
    ...pick(message, KEPT_FIELDS),
    role: message.role ?? "unknown",
    createdAt,
    orderKey: orderKey({ createdAt, receivedAt, index, externalId }),
    deliveryHash: hashAfterSlice(message),
    ...(message.secrets ? { secrets: message.secrets } : {}),
    ...(message.tools ? { tools: message.tools } : {}),
    ...rowTotals(rows.length, contentBytes(rows)),
  };
  const messageId = await ctx.db.insert("messages", fields);
  const inserted = { ...fields, _id: messageId };
  await Parts.replace(ctx, inserted, "parts", withoutRepeated(rows, fields.textContent), false);
  await insertSearchTexts(ctx, inserted, message.searchTexts ?? []);
  if (isAwaitingAdoption(session, fields)) return { messageId, outcome: "inserted" };
  return { messageId, outcome: "inserted", change: changeOf(inserted) };
}

/** Fields that count a message's rows in `parts`; absent for the many messages without such rows. */
function rowTotals(rows: number, bytes: number) {
  return rows > 0 ? { partRows: rows, partBytes: bytes } : {};
}

async function update(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  stored: Doc<"messages">,
  { ids, message }: { ids: ReturnType<typeof joinedIds>; message: MessageRow },
): Promise<StoredChange | undefined> {
  const sendsText = message.textContent !== undefined && !keepsSentText(stored, message);
  const fields = pick(message, KEPT_FIELDS);
  if (!sendsText) {
    delete fields.textContent;
    delete fields.textIsDerived;
  }
  // A placeholder never replaces a model, and an unrecognised role never a known one.
  if (modelName(fields.model) === undefined && modelName(stored.model) !== undefined) {
    delete fields.model;
  }
  const keepsRole = message.role === "unknown" && stored.role !== "unknown";
  if (keepsRole) {
    delete fields.role;
    delete fields.rawRole;
  }
  const head = fields.textContent ?? stored.textContent;
  const rows = {
    ...(sendsText ? { text: message.textTail ?? [] } : {}),
    ...(message.partRows ? { parts: withoutRepeated(message.partRows, head) } : {}),
  };
  const isByTime = isAwaitingAdoption(session, stored);
  const replaced = { text: sendsText, parts: message.partRows !== undefined };
  const secrets = afterDelivery(stored.secrets, message.secrets, replaced);
  const tools = replaced.parts ? message.tools : stored.tools;
  await replaceSearchTexts(ctx, stored, message.searchTexts ?? [], replaced);
  await ctx.db.patch("messages", stored._id, {
    ...ids,
    ...fields,
    ...(sendsText ? { textIsDerived: message.textIsDerived } : {}),
    ...(message.role && !keepsRole ? { rawRole: message.rawRole } : {}),
    ...(await replaceRows(ctx, stored, head, {
      ...rows,
      bytesToCome: bytesToCome(message, sendsText),
    })),
    ...{ secrets, tools },
    deliveryHash: hashAfterSlice(message),
  });
  return isByTime ? undefined : changeOf({ ...stored, ...ids, ...fields, secrets, tools }, stored);
}

/** Whether the stored text is kept, because text derived from parts never replaces text that was sent. */
export function keepsSentText(stored: Doc<"messages">, message: MessageRow): boolean {
  return (
    message.textIsDerived === true &&
    stored.textContent !== undefined &&
    stored.textIsDerived !== true
  );
}

/**
 * Replaces the rows of the kinds given, and keeps the others found by search; returns the message's row counts afterwards. Throws
 * `PAYLOAD_TOO_LARGE` if the text of one delivery and the parts of another exceed the limit together.
 */
async function replaceRows(
  ctx: MutationCtx,
  stored: Doc<"messages">,
  textContent: string | undefined,
  rows: { text?: PartRow[]; parts?: PartRow[]; bytesToCome: number },
) {
  let { partRows = 0, partBytes = 0 } = stored;
  const hadRows = partRows > 0;
  if (hadRows && rows.parts === undefined && textContent !== stored.textContent)
    await Parts.indexRepeated(ctx, stored);
  for (const kind of ["text", "parts"] as const) {
    const pieces = rows[kind];
    if (pieces === undefined) continue;
    const removed = await Parts.replace(ctx, stored, kind, pieces, hadRows);
    partRows += pieces.length - removed.length;
    partBytes += contentBytes(pieces) - contentBytes(removed);
  }
  const bytes = utf8Length(textContent ?? "") + partBytes + rows.bytesToCome;
  if (bytes > MESSAGE_MAX_BYTES) throw tooLarge("message");
  return { partRows: partRows || undefined, partBytes: partBytes || undefined };
}

/** Bytes of the message's later slices that will be stored. */
function bytesToCome({ slice }: MessageRow, sendsText: boolean): number {
  if (slice === undefined) return 0;
  return slice.partsToCome + (sendsText ? slice.textToCome : 0);
}

/** The change that makes the session's refresh count this message with these fields; undefined if not needed. */
export function recountOf(
  session: Doc<"sessions">,
  stored: Doc<"messages">,
  fields: Partial<Pick<Doc<"messages">, "tools">> = {},
): StoredChange | undefined {
  if (isAwaitingAdoption(session, stored)) return undefined;
  return changeOf({ ...stored, ...fields }, stored);
}

/**
 * Whether the migration of a version 1 session has not reached this message yet. It will count the message
 * as it is then, so no change needs to be recorded.
 */
function isAwaitingAdoption(
  { foldedThrough, adoptedThrough = "" }: Doc<"sessions">,
  { orderKey: key }: Pick<Doc<"messages">, "orderKey">,
): boolean {
  return foldedThrough !== undefined && key > adoptedThrough;
}
