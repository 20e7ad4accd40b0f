import { v, type Infer } from "convex/values";
import { messageFields, pieceFields, sessionFields, vRole } from "../../fields";

const vPiece = v.object(pieceFields);

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
  createdAt: v.optional(v.number()),
  /** Place in the request: messages without a time keep the order they came in. */
  index: v.number(),
  deliveryHash: v.string(),
});
export type MessageRow = Infer<typeof vMessageRow>;

/** A session as a plugin describes it, its aliases resolved (`wire/sync.ts`). */
export const vSessionInput = v.object({
  externalId: v.string(),
  source: v.optional(v.string()),
  ...sessionFields,
  createdAt: v.optional(v.number()),
});
export type SessionFields = Infer<typeof vSessionInput>;

const vOutcome = v.union(v.literal("inserted"), v.literal("updated"), v.literal("skipped"));
export type Outcome = Infer<typeof vOutcome>;

/** What became of a chunk, item by item in its order; what is missing at its end was not looked at. */
export const vSyncResult = v.object({
  sessions: v.array(v.object({ sessionId: v.id("sessions"), outcome: vOutcome })),
  messages: v.array(
    v.object({ sessionId: v.id("sessions"), messageId: v.id("messages"), outcome: vOutcome }),
  ),
});
export type SyncResult = Infer<typeof vSyncResult>;
