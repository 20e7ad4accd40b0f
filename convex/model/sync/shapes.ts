import { v, type Infer } from "convex/values";
import {
  messageFields,
  pieceFields,
  searchTextFields,
  sessionFields,
  vMessageSecrets,
  vRole,
} from "../../fields";

const vPiece = v.object(pieceFields);
const vSearchText = v.object(searchTextFields);

/**
 * A message on its way into the database, cut into rows by the HTTP door so that no value is larger
 * or longer than Convex takes. Absent fields keep what is stored.
 */
export const vMessageRow = v.object({
  sessionExternalId: v.string(),
  externalId: v.string(),
  role: v.optional(vRole),
  ...messageFields,
  textTail: v.optional(v.array(vPiece)),
  partRows: v.optional(v.array(vPiece)),
  /** Words of its text and parts that a reader sees and their index entries do not hold. */
  searchTexts: v.optional(v.array(vSearchText)),
  createdAt: v.optional(v.number()),
  /** Position in the request; messages without a time keep the order they came in. */
  index: v.number(),
  deliveryHash: v.string(),
  secrets: v.optional(vMessageSecrets),
  /**
   * Which part of a message larger than a slice this is (0, 1, …), and the bytes that its later parts
   * bring; absent where this is the whole message. Only the first one holds the message's fields.
   */
  slice: v.optional(
    v.object({
      number: v.number(),
      isLast: v.boolean(),
      textToCome: v.number(),
      partsToCome: v.number(),
    }),
  ),
});
export type MessageRow = Infer<typeof vMessageRow>;

/** A session as a plugin describes it, its aliases resolved (`wire/sync.ts`). */
export const vSessionInput = v.object({
  externalId: v.string(),
  source: v.optional(v.string()),
  ...sessionFields,
  createdAt: v.optional(v.number()),
  /** Brings a session back that its owner deleted. */
  restore: v.optional(v.boolean()),
});
export type SessionFields = Infer<typeof vSessionInput>;

const vOutcome = v.union(v.literal("inserted"), v.literal("updated"), v.literal("skipped"));
export type Outcome = Infer<typeof vOutcome>;

/** An item of a session that its owner deleted: nothing of it is stored. */
const vDeletedItem = v.object({ outcome: v.literal("deleted") });
export type DeletedItem = Infer<typeof vDeletedItem>;

/** What became of a chunk, item by item in its order; what is missing at its end was not looked at. */
export const vSyncResult = v.object({
  sessions: v.array(
    v.union(v.object({ sessionId: v.id("sessions"), outcome: vOutcome }), vDeletedItem),
  ),
  messages: v.array(
    v.union(
      v.object({ sessionId: v.id("sessions"), messageId: v.id("messages"), outcome: vOutcome }),
      vDeletedItem,
    ),
  ),
});
export type SyncResult = Infer<typeof vSyncResult>;
