import { v, type Infer } from "convex/values";
import { vRole, vNumbers } from "../schema";

/** One row of `parts`, without the ids of what it belongs to. */
const vPiece = v.object({
  order: v.number(),
  piece: v.number(),
  type: v.string(),
  format: v.union(v.literal("text"), v.literal("json"), v.literal("packed")),
  text: v.optional(v.string()),
  content: v.optional(v.string()),
});

/**
 * A message on its way into the database, cut into rows by the HTTP door so that no value is larger
 * or longer than Convex takes. Absent fields keep what is stored.
 */
export const vMessageRow = v.object({
  sessionExternalId: v.string(),
  externalId: v.string(),
  role: v.optional(vRole),
  rawRole: v.optional(v.string()),
  textContent: v.optional(v.string()),
  textIsDerived: v.optional(v.boolean()),
  textTail: v.optional(v.array(vPiece)),
  partRows: v.optional(v.array(vPiece)),
  source: v.optional(v.string()),
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  ...vNumbers,
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
  title: v.optional(v.string()),
  projectPath: v.optional(v.string()),
  projectName: v.optional(v.string()),
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  toolCallCount: v.optional(v.number()),
  endReason: v.optional(v.string()),
  createdAt: v.optional(v.number()),
  ...vNumbers,
});
export type SessionFields = Infer<typeof vSessionInput>;
