import { getDocumentSize } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { tooLarge } from "../../errors";
import { ITEM_OPERATIONS, type Load } from "../../lib/sync/slices";
import { pick } from "../../lib/record";
import { afterDelivery } from "../../lib/secrets/counts";
import { isContinuation, hashAfterSlice } from "../../lib/sync/messageSlices";
import { orderKey } from "../../lib/sync/orderKey";
import { isMadeUp, tellsLess } from "../../lib/sync/twins";
import { MESSAGE_FIELD_NAMES } from "../../lib/sessions/fields";
import { MESSAGE_MAX_BYTES, contentBytes, type PartRow } from "../../lib/sessions/partRows";
import { utf8Length } from "../../lib/text";
import type { MessageRow, Outcome } from "../sync/shapes";
import { changeOf, type StoredChange } from "../sync/changes";
import { insertSearchTexts, replaceSearchTexts } from "../search/searchTexts";
import * as Parts from "./parts";

/** Columns of a message that are kept where a later delivery does not send them. */
const KEPT_FIELDS = [
  "role",
  "rawRole",
  "textContent",
  "textIsDerived",
  "source",
  ...MESSAGE_FIELD_NAMES,
] as const;

/** The session's message of this id, or null. */
export async function find(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  externalId: string,
): Promise<Doc<"messages"> | null> {
  return await ctx.db
    .query("messages")
    .withIndex("by_external_id", (q) => q.eq("externalId", externalId).eq("sessionId", session._id))
    .unique();
}

/** What `upsert` may take of a transaction: operations, and bytes read. */
export function loadOf(stored: Doc<"messages"> | null, message: MessageRow): Load {
  const { textTail, partRows } = message;
  const operations = ITEM_OPERATIONS + (textTail?.length ?? 0) + (partRows?.length ?? 0);
  if (stored === null) return { operations, bytes: 0 };
  const row = getDocumentSize(stored);
  if (isContinuation(message)) return { operations, bytes: row };
  if (stored.deliveryHash === message.deliveryHash) return { operations, bytes: row };
  // What is replaced is read twice: to find it, and to delete it.
  return {
    operations: operations + 2 * (stored.partRows ?? 0),
    bytes: 2 * (row + (stored.partBytes ?? 0)),
  };
}

/** What became of a message, and the change that its session has to count, if any. */
type Upserted = { messageId: Id<"messages">; outcome: Outcome; change?: StoredChange };

/**
 * Takes in a message, `stored` being what `find` gave. The newest delivery wins; what it does not send
 * is kept; an identical one writes nothing. The session is read, not written.
 */
export async function upsert(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  stored: Doc<"messages"> | null,
  message: MessageRow,
  receivedAt: number,
): Promise<Upserted> {
  if (stored === null) return await insert(ctx, session, message, receivedAt);
  if (stored.deliveryHash === message.deliveryHash) {
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
 * Ids of a stored message after a delivery under another one: the tool's own id is its id from then on,
 * and the one that a plugin made up is kept beside it. Empty where nothing changes.
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
    ...size(rows.length, contentBytes(rows)),
  };
  const messageId = await ctx.db.insert("messages", fields);
  const inserted = { ...fields, _id: messageId };
  await Parts.replace(ctx, inserted, "parts", rows, false);
  await insertSearchTexts(ctx, inserted, message.searchTexts ?? []);
  if (isCountedByTime(session, fields)) return { messageId, outcome: "inserted" };
  return { messageId, outcome: "inserted", change: changeOf(inserted) };
}

/** Fields of a message with rows in `parts`; most have none, and then say nothing. */
function size(rows: number, bytes: number) {
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
  // A role that could not be read never replaces one that could.
  const keepsRole = message.role === "unknown" && stored.role !== "unknown";
  if (keepsRole) {
    delete fields.role;
    delete fields.rawRole;
  }
  const rows = {
    ...(sendsText ? { text: message.textTail ?? [] } : {}),
    ...(message.partRows ? { parts: message.partRows } : {}),
  };
  const isByTime = isCountedByTime(session, stored);
  const replaced = { text: sendsText, parts: message.partRows !== undefined };
  const secrets = afterDelivery(stored.secrets, message.secrets, replaced);
  await replaceSearchTexts(ctx, stored, message.searchTexts ?? [], replaced);
  await ctx.db.patch("messages", stored._id, {
    ...ids,
    ...fields,
    ...(sendsText ? { textIsDerived: message.textIsDerived } : {}),
    ...(message.role && !keepsRole ? { rawRole: message.rawRole } : {}),
    ...(await replaceRows(ctx, stored, fields.textContent ?? stored.textContent, {
      ...rows,
      bytesToCome: bytesToCome(message, sendsText),
    })),
    secrets,
    deliveryHash: hashAfterSlice(message),
  });
  return isByTime ? undefined : changeOf({ ...stored, ...ids, ...fields, secrets }, stored);
}

/** Text put together from parts never replaces text that was sent as such. */
export function keepsSentText(stored: Doc<"messages">, message: MessageRow): boolean {
  return (
    message.textIsDerived === true &&
    stored.textContent !== undefined &&
    stored.textIsDerived !== true
  );
}

/**
 * Puts rows in place of those of the same kinds; gives the message's fields about its rows after it.
 * Throws `PAYLOAD_TOO_LARGE` where the text of one delivery and the parts of another are too much together.
 */
async function replaceRows(
  ctx: MutationCtx,
  stored: Doc<"messages">,
  textContent: string | undefined,
  rows: { text?: PartRow[]; parts?: PartRow[]; bytesToCome: number },
) {
  let { partRows = 0, partBytes = 0 } = stored;
  const hadRows = partRows > 0;
  for (const which of ["text", "parts"] as const) {
    const pieces = rows[which];
    if (pieces === undefined) continue;
    const gone = await Parts.replace(ctx, stored, which, pieces, hadRows);
    partRows += pieces.length - gone.length;
    partBytes += contentBytes(pieces) - contentBytes(gone);
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

/** What tells the session's refresh that it must look at this message again: fields of its row, or a change. */
export function markChanged(
  session: Doc<"sessions">,
  stored: Doc<"messages">,
): { fields: Partial<Doc<"messages">>; change?: StoredChange } {
  if (isCountedByTime(session, stored)) return { fields: {} };
  return { fields: {}, change: changeOf(stored, stored) };
}

/**
 * Whether the refresh of a session of version 1 will come to this message and count it as it then is:
 * a change needs no telling.
 */
function isCountedByTime(
  { foldedThrough, adoptedThrough = "" }: Doc<"sessions">,
  { orderKey: key }: Pick<Doc<"messages">, "orderKey">,
): boolean {
  return foldedThrough !== undefined && key > adoptedThrough;
}
