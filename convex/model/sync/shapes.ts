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
 * A message to be stored, split into rows by the HTTP layer so that no value exceeds Convex's limits.
 * Absent fields keep the stored values.
 */
export const vMessageRow = v.object({
  sessionExternalId: v.string(),
  externalId: v.string(),
  role: v.optional(vRole),
  ...messageFields,
  textTail: v.optional(v.array(vPiece)),
  partRows: v.optional(v.array(vPiece)),
  /** Words of its text and parts that readers see but that are missing from their index entries. */
  searchTexts: v.optional(v.array(vSearchText)),
  createdAt: v.optional(v.number()),
  /** Position in the request; messages without a time keep the order they came in. */
  index: v.number(),
  deliveryHash: v.string(),
  secrets: v.optional(vMessageSecrets),
  /** The tools it calls (`lib/stats/tools.ts`). */
  tools: v.optional(v.string()),
  /**
   * The slice number of a message that is larger than one slice (0, 1, …), and the bytes in its later
   * slices; absent if this is the whole message. Only the first slice contains the message's fields.
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

/** A session as a plugin sends it, with its aliases resolved (`wire/sync.ts`). */
export const vSessionInput = v.object({
  externalId: v.string(),
  source: v.optional(v.string()),
  ...sessionFields,
  createdAt: v.optional(v.number()),
  /** Allows a session that its owner deleted to be stored again. */
  restore: v.optional(v.boolean()),
});
export type SessionFields = Infer<typeof vSessionInput>;

const vOutcome = v.union(v.literal("inserted"), v.literal("updated"), v.literal("skipped"));
export type Outcome = Infer<typeof vOutcome>;

/** An item of a session that its owner deleted: nothing of it is stored. */
const vDeletedItem = v.object({ outcome: v.literal("deleted") });
export type DeletedItem = Infer<typeof vDeletedItem>;

/** Outcomes of a slice, in the order of its items. Items without an outcome at its end were not processed. */
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
