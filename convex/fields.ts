import { v, type VFloat64 } from "convex/values";
import { EMBEDDING_DIMENSIONS } from "./lib/embedding/vectorSpace";
import { EVAL_STATUSES, ROLES } from "./lib/enums";
import type { NumberName } from "./lib/numbers";

/** Columns that several tables, or a table and the arguments of functions, have in common. Pure. */

export const vRole = v.union(...ROLES.map((role) => v.literal(role)));

export const vEvalStatus = v.union(...EVAL_STATUSES.map((status) => v.literal(status)));

/** Numbers of a session or a message, the five kinds of tokens among them; absent is unknown, not 0. */
export const numberFields = {
  promptTokens: v.optional(v.number()),
  completionTokens: v.optional(v.number()),
  totalTokens: v.optional(v.number()),
  cacheReadTokens: v.optional(v.number()),
  cacheWriteTokens: v.optional(v.number()),
  reasoningTokens: v.optional(v.number()),
  /** US dollars. */
  cost: v.optional(v.number()),
  durationMs: v.optional(v.number()),
} satisfies { [name in NumberName]: VFloat64<number | undefined, "optional"> };

/** What a plugin may say of a session, beside its id, its source and its time. */
export const sessionFields = {
  title: v.optional(v.string()),
  projectPath: v.optional(v.string()),
  projectName: v.optional(v.string()),
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  ...numberFields,
  toolCallCount: v.optional(v.number()),
  endReason: v.optional(v.string()),
};

/** What a plugin may say of a message, beside its ids, its role, its parts and its time. */
export const messageFields = {
  /** The role as sent, when it is none of ours. */
  rawRole: v.optional(v.string()),
  textContent: v.optional(v.string()),
  /** The text was put together from the text parts because none was sent. */
  textIsDerived: v.optional(v.boolean()),
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  source: v.optional(v.string()),
  ...numberFields,
};

/** A part, or a piece of a long one; what it belongs to stands beside it. */
export const pieceFields = {
  order: v.number(),
  piece: v.number(),
  type: v.string(),
  /**
   * `text`: as it is. `json`: JSON text. With `AndFields` after either: the same, and as a last line the
   * JSON text of the fields that stand beside `content`. `packed`: JSON text of an array of whole parts.
   */
  format: v.union(
    v.literal("text"),
    v.literal("json"),
    v.literal("textAndFields"),
    v.literal("jsonAndFields"),
    v.literal("packed"),
  ),
  text: v.optional(v.string()),
  content: v.optional(v.string()),
};

/** A page of documentation as it is synced. */
export const docPageFields = {
  slug: v.string(),
  title: v.string(),
  content: v.string(),
  contentHash: v.string(),
};

/** A vector of `EMBEDDING_DIMENSIONS` numbers. */
export const vVector = v.array(v.float64());

/** The index over a column `embedding` of vectors. */
export const vectorIndex = { vectorField: "embedding", dimensions: EMBEDDING_DIMENSIONS } as const;

export const vDeletionScope = v.union(v.literal("data"), v.literal("account"));

/** A deletion of all data, or of the account, that a user has asked for; its owner can watch it. */
export const vDeletion = v.object({
  scope: vDeletionScope,
  status: v.union(
    v.literal("pending"),
    v.literal("in_progress"),
    v.literal("completed"),
    v.literal("failed"),
  ),
  /** Counters; they only grow. */
  progress: v.object({
    sessions: v.number(),
    messages: v.number(),
    parts: v.number(),
    apiLogs: v.number(),
    sessionEmbeddings: v.number(),
    messageEmbeddings: v.number(),
  }),
  startedAt: v.number(),
  updatedAt: v.number(),
  /** The session being emptied; its row is gone already. */
  sessionId: v.optional(v.id("sessions")),
  /** Times a run that stood still was started again. */
  restarts: v.optional(v.number()),
  error: v.optional(v.string()),
});

/**
 * What the ledger of days holds for one session, or for all sessions that share a day, source,
 * provider, model and project. Costs are whole nano-dollars: sums stay exact, so that taking a
 * session out again leaves nothing behind.
 */
export const vLedgerRow = v.object({
  source: v.string(),
  provider: v.string(),
  model: v.string(),
  project: v.string(),
  sessions: v.number(),
  messages: v.number(),
  promptTokens: v.number(),
  completionTokens: v.number(),
  totalTokens: v.number(),
  cacheReadTokens: v.optional(v.number()),
  cacheWriteTokens: v.optional(v.number()),
  reasoningTokens: v.optional(v.number()),
  costNanos: v.number(),
  durationMs: v.number(),
  lastActiveAt: v.number(),
});
