import { authTables } from "@convex-dev/auth/server";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import {
  apiKeys,
  apiLogs,
  deletedSessions,
  deletions,
  purges,
  strangerRequests,
  tombstones,
  users,
} from "./accountTables";
import { browserSessions } from "./browserTables";
import {
  messageFields,
  pieceFields,
  sessionFields,
  vBooked,
  vCounted,
  vEvalStatus,
  vLedgerRow,
  vMessageSecrets,
  vNumbers,
  vRole,
  vSecretCounts,
  ofSession,
  ofMessage,
} from "./fields";
import {
  callLinks,
  sessionDays,
  ledgerGrains,
  ledgerDays,
  usageClaims,
  dailyWrapped,
  platformFigures,
} from "./ledgerTables";
import { embeddingSlots, messageChanges, migrations } from "./progressTables";
import {
  searchTexts,
  sessionEmbeddings,
  messageEmbeddings,
  passages,
  docPages,
  docEmbeddings,
} from "./searchTables";

/**
 * One AI coding session of one user; identity is (userId, externalId). About 1.5 kB, whatever the length of
 * the conversation.
 *
 * Written by `model/sessions/` (the plugin's fields, the owner's edits), `model/sync/refresh.ts` (what is
 * derived from its messages), `model/embedding/` (the stale range) and `model/evals/` (reviews). A message
 * mutation reads this row and writes only `refreshDueAt`, once per burst. Because the refresh writes the row,
 * Convex retries a message that arrives meanwhile after the refresh, and no message is counted twice or
 * missed.
 *
 * Lists read only this table, so each order of a list has its index. They cost little: a month of sessions
 * takes 0.5 MB per index, while an index of `messages` takes 27 MB.
 */
const sessions = defineTable({
  userId: v.id("users"),
  externalId: v.string(),
  source: v.string(),
  /** False while the source is only a default; a default never replaces a source that a plugin sent. */
  sourceIsExplicit: v.boolean(),
  /** False if only messages have named the session; the list for plugins omits such sessions. */
  announced: v.boolean(),
  /** Fields that plugins send: title, project, model, numbers. */
  ...sessionFields,
  /** True if the user has set the title; plugins no longer replace it. */
  titleEdited: v.optional(v.boolean()),
  /** Start of the first prompt, shown while the plugin has sent no title. */
  promptTitle: v.optional(v.string()),
  /** Names of `sessionFields` that the plugin itself reported; the others are sums over messages. */
  reported: v.array(v.string()),
  /** The session's numbers as the plugin reported them, and as sums over its messages. */
  claimed: v.optional(vNumbers),
  counted: v.optional(vCounted),
  /** Who chose the ids of its messages (`lib/sync/twins.ts`); absent before a message that may have a twin. */
  idOrigin: v.optional(v.union(v.literal("made-up"), v.literal("tool"), v.literal("both"))),
  /** Every model that a message named, up to a few; sorted. */
  models: v.optional(v.array(v.string())),
  /** Source time of the latest message, ms. */
  activeUntil: v.optional(v.number()),
  /** Exact number of messages that the refresh has counted. */
  messageCount: v.number(),
  /** Earliest source time known, ms. */
  createdAt: v.number(),
  /** When the server last stored something new for this session, ms. */
  updatedAt: v.number(),
  /**
   * When anything that its owner sees last changed, reviews, sharing and titles included, ms. Absent for
   * sessions that have not changed since before the field existed.
   */
  changedAt: v.optional(v.number()),
  /** Title, project and first prompts, at most `SEARCHABLE_TEXT_MAX_BYTES`. */
  searchableText: v.optional(v.string()),

  /** Distinct secrets of its messages by kind, summed by the refresh; absent if none were found. */
  secrets: v.optional(vSecretCounts),

  /** When the next refresh is due; absent if none is scheduled. */
  refreshDueAt: v.optional(v.number()),
  /**
   * Grows with each refresh that counts all waiting changes; absent before the first. Message mutations
   * stamp it on the rows of `messageChanges` that they write.
   */
  changesGeneration: v.optional(v.number()),
  /**
   * Set for sessions of version 1 until their messages are counted again: refreshes record a change in
   * `messageChanges` for each message, in steps through the conversation (`adoptedThrough`), and then remove
   * both fields.
   */
  foldedThrough: v.optional(v.number()),
  adoptedThrough: v.optional(v.string()),
  /** Order key of the message that gave `model`, while no plugin reported one. */
  modelOrderKey: v.optional(v.string()),
  /** Order key of the last prompt in `searchableText`; absent until it has the maximum number of prompts. */
  promptsThrough: v.optional(v.string()),
  /** The ledger's bookings of the session as a whole; absent until its messages are counted. */
  booked: v.optional(vBooked),
  /** Version 1's booking of the session, on one day; removed when its messages are counted again. */
  ledger: v.optional(v.object({ date: v.string(), row: vLedgerRow })),

  /**
   * Embedding: the range of order keys changed since the last job; a number that grows with every change, so
   * that a job knows whether it has read the latest; when the next job is due; and the `textHash` and id of
   * the session's own vector, by which a search hit finds the session.
   */
  staleFrom: v.optional(v.string()),
  staleTo: v.optional(v.string()),
  staleRevision: v.optional(v.number()),
  embedDueAt: v.optional(v.number()),
  embeddedHash: v.optional(v.string()),
  embeddingId: v.optional(v.id("sessionEmbeddings")),

  isPublic: v.boolean(),
  publicSlug: v.optional(v.string()),
  /** When the link stops working (ms); absent if it has no end, and while the session is private. */
  shareExpires: v.optional(v.number()),
  evalReady: v.optional(v.boolean()),
  evalStatus: v.optional(vEvalStatus),
  evalTags: v.optional(v.array(v.string())),
  reviewedAt: v.optional(v.number()),
})
  // Part of the product. In order of creation: deletion of all data up to a time; the CSV table.
  // eslint-disable-next-line @convex-dev/no-duplicate-indexes -- the order of creation is its purpose
  .index("by_user", ["userId"])
  // Part of the product. Every /sync request finds its session by it; /sync/sessions/list.
  .index("by_user_external", ["userId", "externalId"])
  // Part of the product. GET /api/sessions?source=.
  .index("by_user_and_source", ["userId", "source", "createdAt"])
  // GET /api/sessions, statistics of a part of a day, closing a day.
  .index("by_user_and_created_at", ["userId", "createdAt"])
  // The dashboard's and the pages' list by last activity.
  .index("by_user_and_updated_at", ["userId", "updatedAt"])
  // GET /api/changes, which would otherwise read every session.
  .index("by_user_and_changed_at", ["userId", "changedAt"])
  // The children of a session: its forks, resumes and subagents.
  .index("by_user_and_parent", ["userId", "parentExternalId"])
  // The dashboard's lists by tokens, cost and duration. Without these indexes, the largest sessions could not
  // be found among more sessions than one query reads (about 2,500).
  .index("by_user_and_total_tokens", ["userId", "totalTokens"])
  .index("by_user_and_cost", ["userId", "cost"])
  .index("by_user_and_duration", ["userId", "durationMs"])
  // The list of evaluations and its exports, which filter by status without an index.
  .index("by_user_and_eval_ready", ["userId", "evalReady", "createdAt"])
  // GET /s/:slug.
  .index("by_public_slug", ["publicSlug"])
  // The sweeps of refreshes and embeddings, which would otherwise read every session.
  .index("by_refresh_due_at", ["refreshDueAt"])
  .index("by_embed_due_at", ["embedDueAt"])
  // Finds the session of a semantic search hit without reading its 14 kB vector row.
  .index("by_embedding", ["embeddingId"])
  .searchIndex("search_text", {
    searchField: "searchableText",
    filterFields: ["userId", "source", "model", "projectName"],
  });

/**
 * The longer texts of a review, at most one row per session. Separate from `sessions`, because lists read
 * hundreds of session rows and do not show these texts. Written by `model/evals/reviews.ts`; read for a single
 * session and by exports.
 */
const reviews = defineTable({
  ...ofSession,
  evalNotes: v.optional(v.string()),
  expectedOutput: v.optional(v.string()),
})
  // The session's page, exports, deletion of the session.
  .index("by_session", ["sessionId"]);

/**
 * One message; identity is (session, externalId). Written by `model/sessions/messages.ts` and
 * `model/sync/appendSlice.ts`, counted into its session by the refresh. `textContent` has at most
 * `TEXT_INLINE_MAX_BYTES`; the rest of a longer text is in `parts` rows of order -1. `orderKey` is the
 * position in the conversation and never changes.
 */
const messages = defineTable({
  ...ofSession,
  externalId: v.string(),
  /** The id that a plugin generated for a message that was also imported (`lib/sync/twins.ts`). */
  madeUpId: v.optional(v.string()),
  role: vRole,
  /** Fields that plugins send: text, model, numbers. */
  ...messageFields,
  /** Source time in ms: sent, decoded from the id, or the time of arrival. */
  createdAt: v.number(),
  orderKey: v.string(),
  /** Hash of the last delivery stored; an identical delivery writes nothing. */
  deliveryHash: v.string(),
  /** Rows and bytes in `parts`, so that a page can be bounded before reading them. */
  partRows: v.optional(v.number()),
  partBytes: v.optional(v.number()),
  /** Only version 1: set when the message changed after it was counted, with the numbers as counted. */
  rewrittenAt: v.optional(v.number()),
  folded: v.optional(vNumbers),
  /** Secrets found in its deliveries; and, only version 1, as they were counted before it changed. */
  secrets: v.optional(vMessageSecrets),
  /** The tools that its parts call (`lib/stats/tools.ts`); absent if they call none. */
  tools: v.optional(v.string()),
  foldedSecrets: v.optional(vSecretCounts),
})
  // Part of the product. A conversation in order: pages, exports, embedding, deletion.
  .index("by_session", ["sessionId", "orderKey"])
  // Part of the product. Finds a message that /sync delivers again, or that is named by the plugin's id. Begins
  // with the user, because plugins number messages within each session, so that many users have the same ids.
  .index("by_user_external", ["userId", "externalId", "sessionId"])
  // Search.
  .searchIndex("search_text", {
    searchField: "textContent",
    filterFields: ["userId", "role", "sessionId"],
  });

/**
 * Content blocks of messages, lossless. One row per part; a long part has several rows (`piece` 0, 1, …).
 * Client JSON is stored as JSON text, because a Convex object cannot represent every key, depth and length.
 * Rows of `order` -1 continue the message's own text. The content of a row is either in `text` (full-text
 * searched; a few hidden words may follow the content, `wordChars`) or in `content` (not searched, because it is data,
 * beyond what is searched of a part, or the text that the message's own row has too).
 * Written by `model/sessions/parts.ts`; also queried by full-text search (`model/search/sources.ts`), and by
 * deletion and migrations. `orderKey` is the message's, so that the parts of a page of messages are one index
 * range.
 */
const parts = defineTable({
  ...ofMessage,
  orderKey: v.string(),
  ...pieceFields,
})
  // The parts of a page of messages, or of one message, in one index range.
  .index("by_session_and_order_key", ["sessionId", "orderKey", "order", "piece"])
  // Search.
  .searchIndex("search_text", { searchField: "text", filterFields: ["userId", "sessionId"] });

/** All tables, including those of Convex Auth. */
export default defineSchema({
  ...authTables,
  users,
  deletions,
  purges,
  apiKeys,
  browserSessions,
  sessions,
  reviews,
  messageChanges,
  callLinks,
  embeddingSlots,
  messages,
  parts,
  searchTexts,
  sessionEmbeddings,
  messageEmbeddings,
  passages,
  apiLogs,
  strangerRequests,
  dailyWrapped,
  sessionDays,
  ledgerGrains,
  ledgerDays,
  usageClaims,
  platformFigures,
  docPages,
  docEmbeddings,
  tombstones,
  deletedSessions,
  migrations,
});
