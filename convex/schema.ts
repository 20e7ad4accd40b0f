import { authTables } from "@convex-dev/auth/server";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { browserSessions } from "./browserTables";
import {
  limitTimes,
  messageFields,
  pieceFields,
  sessionFields,
  vBooked,
  vCounted,
  vDeletion,
  vDeletionScope,
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
 * Accounts. Written by sign-in and by `model/accounts/users.ts`; read on every request to find the caller.
 * Extends Convex Auth's table (its fields and its `email` and `phone` indexes must stay).
 * `apiKey` is the SHA-256 (hex) of the key, never the key. `workosId` is the WorkOS user id and is
 * unique; rows made from the command line have none. `email` is verified, or was given by the operator.
 */
const users = defineTable({
  name: v.optional(v.string()),
  image: v.optional(v.string()),
  email: v.optional(v.string()),
  emailVerificationTime: v.optional(v.number()),
  /** An address that WorkOS did not verify: shown to its owner, and nobody is found by it. */
  unverifiedEmail: v.optional(v.string()),
  phone: v.optional(v.string()),
  phoneVerificationTime: v.optional(v.number()),
  isAnonymous: v.optional(v.boolean()),
  workosId: v.optional(v.string()),
  /** When WorkOS last changed what is stored of the person: older notices change nothing. */
  workosUpdatedAt: v.optional(v.number()),
  apiKey: v.optional(v.string()),
  apiKeyPrefix: v.optional(v.string()),
  apiKeyCreatedAt: v.optional(v.number()),
  /** When the key was last used, to five minutes. */
  apiKeyUsedAt: v.optional(v.number()),
  enabledAgents: v.optional(v.array(v.string())),
  /** Secret of the pseudonyms of anonymised exports, 32 random bytes; made by the first one. */
  pseudonymKey: v.optional(v.string()),
  /** Set while a deletion is open: its scope and start. Progress is in `deletions`. */
  deleting: v.optional(v.object({ scope: vDeletionScope, startedAt: v.number() })),
  /** Version 1 kept the whole state here; a cron moves it into `deletions`. */
  deletion: v.optional(vDeletion),
  /** Until when (ms) a class of endpoints is closed to the user, set when its limit was used up. */
  limitedUntil: v.optional(v.object(limitTimes)),
})
  .index("email", ["email"])
  .index("phone", ["phone"])
  .index("by_workos_id", ["workosId"])
  .index("by_api_key", ["apiKey"])
  // Finds states of version 1 to move; can go with `deletion`.
  .index("by_deletion", ["deletion.status", "deletion.updatedAt"]);

/**
 * The latest deletion of all data, or of the account, of each user: at most one row a user. Written by
 * `model/accounts/deletionState.ts`. Apart from `users`, because every message reads the user's row and
 * must not conflict with the steps of a deletion.
 */
const deletions = defineTable({ userId: v.id("users"), ...vDeletion.fields })
  .index("by_user", ["userId"])
  // The cron that starts stalled deletions again.
  .index("by_status_and_updated_at", ["status", "updatedAt"]);

/**
 * Further API keys of a user, beside the first one, which is in `users.apiKey`: one a machine or
 * plugin, so that one can be revoked alone. An eleventh table, because a list inside `users` could not
 * be looked up by hash. Written by `model/accounts/apiKeys.ts`; read only when no user's first key matches.
 * `hash` is the SHA-256 (hex) of the key and unique.
 */
const apiKeys = defineTable({
  userId: v.id("users"),
  hash: v.string(),
  prefix: v.string(),
  name: v.optional(v.string()),
  createdAt: v.number(),
  /** When the key was last used, to five minutes. */
  usedAt: v.optional(v.number()),
})
  .index("by_hash", ["hash"])
  .index("by_user", ["userId"]);

/**
 * One AI coding session of one user; identity is (userId, externalId). About 1.5 kB, whatever the
 * length of the conversation: a list reads nothing else.
 *
 * Written by `model/sessions/sessions.ts` (what a plugin says of the session) and `model/sync/refresh.ts` (what
 * follows from its messages). A message mutation reads this row and never writes it, but for
 * `refreshDueAt` once in a burst; the refresh writes it, so a message that arrives meanwhile is
 * retried after the refresh and no message is counted twice or missed.
 *
 * A list reads this row and nothing else, so each order of a list has its index. They cost little: a
 * month of sessions is 0.5 MB an index, where one of `messages` is 27 MB.
 */
const sessions = defineTable({
  userId: v.id("users"),
  externalId: v.string(),
  source: v.string(),
  /** False while the source is only a default; a default never replaces what a plugin said. */
  sourceIsExplicit: v.boolean(),
  /** False while only messages named the session; the list for plugins leaves such sessions out. */
  announced: v.boolean(),
  /** What plugins say of it: title, project, model, numbers. */
  ...sessionFields,
  /** The user has chosen the title: what plugins send no longer replaces it. */
  titleEdited: v.optional(v.boolean()),
  /** Start of the first prompt, shown while the plugin has sent no title. */
  promptTitle: v.optional(v.string()),
  /** Names of `sessionFields` that the plugin itself reported; the others are sums over messages. */
  reported: v.array(v.string()),
  /** The session's numbers as the plugin reported them, and as its messages add up. */
  claimed: v.optional(vNumbers),
  counted: v.optional(vCounted),
  /** Every model that a message named, up to a few; sorted. */
  models: v.optional(v.array(v.string())),
  /** Source time of the latest message, ms. */
  activeUntil: v.optional(v.number()),
  /** Exact number of messages folded in by the refresh. */
  messageCount: v.number(),
  /** Earliest source time known, ms. */
  createdAt: v.number(),
  /** When the server last took in something new for this session, ms. */
  updatedAt: v.number(),
  /** Title, project and first prompts, at most `SEARCHABLE_TEXT_MAX_BYTES`. */
  searchableText: v.optional(v.string()),

  /** Distinct secrets of its messages by kind, summed by the refresh; absent if none were found. */
  secrets: v.optional(vSecretCounts),

  /** Refresh: when one is due (a run is scheduled). */
  refreshDueAt: v.optional(v.number()),
  /**
   * Grows with each refresh that counts all waiting changes; absent before the first. Message mutations
   * stamp it on the rows of `messageChanges` that they write.
   */
  changesGeneration: v.optional(v.number()),
  /**
   * Version 1 alone: `_creationTime` of the last message counted. The session's next refresh turns
   * later messages into rows of `messageChanges`, in steps through the conversation
   * (`adoptedThrough`), and then removes both fields.
   */
  foldedThrough: v.optional(v.number()),
  adoptedThrough: v.optional(v.string()),
  /** Order key of the message that gave `model`, while no plugin reported one. */
  modelOrderKey: v.optional(v.string()),
  /** Order key of the last prompt that `searchableText` holds, once it holds all it may. */
  promptsThrough: v.optional(v.string()),
  /** What the ledger holds of the session as a whole; absent until its messages are counted. */
  booked: v.optional(vBooked),
  /** What version 1 booked of it, whole, on one day; removed when its messages are counted. */
  ledger: v.optional(v.object({ date: v.string(), row: vLedgerRow })),

  /**
   * Embedding: the range of order keys changed since the last run, and a number that grows with every
   * change, so that a run knows whether it saw the last; when the next run is due; and `textHash` and
   * id of the session's own vector, so that a hit leads here.
   */
  staleFrom: v.optional(v.string()),
  staleTo: v.optional(v.string()),
  staleRevision: v.optional(v.number()),
  embedDueAt: v.optional(v.number()),
  embeddedHash: v.optional(v.string()),
  embeddingId: v.optional(v.id("sessionEmbeddings")),

  isPublic: v.boolean(),
  publicSlug: v.optional(v.string()),
  evalReady: v.optional(v.boolean()),
  evalStatus: v.optional(vEvalStatus),
  evalTags: v.optional(v.array(v.string())),
  reviewedAt: v.optional(v.number()),
})
  // Part of the product. In order of creation: deletion of all data, which has a cut-off; the CSV table.
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
  // The dashboard's list by tokens, cost and duration: without them the largest of more sessions than
  // one query reads (about 2,500) could not be found.
  .index("by_user_and_total_tokens", ["userId", "totalTokens"])
  .index("by_user_and_cost", ["userId", "cost"])
  .index("by_user_and_duration", ["userId", "durationMs"])
  // The list of evaluations and its exports; a status is filtered among the sessions marked ready.
  .index("by_user_and_eval_ready", ["userId", "evalReady", "createdAt"])
  // GET /s/:slug.
  .index("by_public_slug", ["publicSlug"])
  // The sweepers of refreshes and embeddings, which would read every session without them.
  .index("by_refresh_due_at", ["refreshDueAt"])
  .index("by_embed_due_at", ["embedDueAt"])
  // A hit of semantic search, whose vector row is 14 kB, leads to its session.
  .index("by_embedding", ["embeddingId"])
  .searchIndex("search_text", {
    searchField: "searchableText",
    filterFields: ["userId", "source", "model", "projectName"],
  });

/**
 * Deleted sessions whose messages, parts and vectors are still being removed; `updatedAt` is the time
 * of the last step. Written by `model/sessions/deletion.ts` and by the deletion of all data.
 */
const purges = defineTable({
  ...ofSession,
  updatedAt: v.number(),
  /** The session's, which tells the changes that were not counted when it was deleted. */
  changesGeneration: v.optional(v.number()),
})
  // Deletion of all data or of an account.
  .index("by_user", ["userId"])
  // The cron that starts lost runs again.
  .index("by_updated_at", ["updatedAt"]);

/**
 * What a reviewer wrote of a session at length, at most one row a session. Apart from the session,
 * which is read by the hundred for lists that show none of this. Written by `model/evals/reviews.ts`; read
 * for a single session and by exports.
 */
const reviews = defineTable({
  ...ofSession,
  evalNotes: v.optional(v.string()),
  expectedOutput: v.optional(v.string()),
})
  // The session's page, exports, deletion of the session.
  .index("by_session", ["sessionId"]);

/**
 * One message; identity is (session, externalId). Written by `model/sessions/messages.ts`, counted into its
 * session by the refresh. `textContent` holds at most `TEXT_INLINE_MAX_BYTES`; a longer text goes on
 * in `parts` rows of order -1. `orderKey` sorts by conversation and never changes.
 */
const messages = defineTable({
  ...ofSession,
  externalId: v.string(),
  /** The id that a plugin made up for a message that was imported too (`lib/sync/twins.ts`). */
  madeUpId: v.optional(v.string()),
  role: vRole,
  /** Text, model, numbers …: what plugins say of it. */
  ...messageFields,
  /** Source time in ms: sent, decoded from the id, or the time of arrival. */
  createdAt: v.number(),
  orderKey: v.string(),
  /** Hash of the last delivery applied: an identical one writes nothing. */
  deliveryHash: v.string(),
  /** Rows and bytes in `parts`, so that a page can be bounded before they are read. */
  partRows: v.optional(v.number()),
  partBytes: v.optional(v.number()),
  /** Version 1 alone: set when the message changed after it was counted, with the numbers counted. */
  rewrittenAt: v.optional(v.number()),
  folded: v.optional(vNumbers),
  /** Secrets found when it was delivered, and as they were counted before it changed (as `folded`). */
  secrets: v.optional(vMessageSecrets),
  foldedSecrets: v.optional(vSecretCounts),
})
  // Part of the product. A conversation in its order: pages, exports, embedding, deletion.
  .index("by_session", ["sessionId", "orderKey"])
  // Part of the product. /sync finds the message that is delivered again.
  .index("by_external_id", ["externalId", "sessionId"])
  // Search.
  .searchIndex("search_text", {
    searchField: "textContent",
    filterFields: ["userId", "role", "sessionId"],
  });

/**
 * Content blocks of messages, lossless. One row a part; a long part has several (`piece` 0, 1, …) in
 * order. Client JSON is kept as JSON text, because a Convex object cannot hold every key, depth and
 * length. `order` -1 continues the message's own text. The content of a row is in `text` (found by
 * full-text search) or in `content` (not searched), never in both.
 * Written and read only by `model/sessions/parts.ts`; `orderKey` is the message's, so that a page of messages
 * gets its parts in one range read.
 */
const parts = defineTable({
  ...ofMessage,
  orderKey: v.string(),
  ...pieceFields,
})
  // The parts of a page of messages in one range; of one message, whose order key is its own.
  .index("by_session_and_order_key", ["sessionId", "orderKey", "order", "piece"])
  // Search.
  .searchIndex("search_text", { searchField: "text", filterFields: ["userId", "sessionId"] });

/**
 * Requests without an account (unknown keys, open endpoints, unknown paths) by status, one row an hour.
 * A table of its own, because a line each in `apiLogs` would let a stranger fill it. Counts above 32 are
 * estimates. Written by `model/accounts/strangers.ts`; read by the operator; pruned with the log.
 */
const strangerRequests = defineTable({
  /** Start of the hour, ms. */
  hour: v.number(),
  counts: v.record(v.string(), v.number()),
});

/**
 * One line a request of a user, with its outcome; no bodies, no secrets. (Version 1 wrote lines without
 * `userId` too; they expire.) Written by `model/accounts/apiLogs.ts`, read by the owner, pruned by a cron after its retention.
 * `_creationTime` is the time of the request.
 */
const apiLogs = defineTable({
  userId: v.optional(v.id("users")),
  endpoint: v.string(),
  method: v.string(),
  statusCode: v.number(),
  durationMs: v.number(),
  requestId: v.string(),
  errorCode: v.optional(v.string()),
  keyPrefix: v.optional(v.string()),
  /** The limit that the request counted against, and what was left of it afterwards. */
  limitClass: v.optional(v.string()),
  remaining: v.optional(v.number()),
})
  // Counting a request against its limit reads the last line of the class; deletion of the account.
  .index("by_user_and_limit_class", ["userId", "limitClass"]);

/**
 * What was deleted and must stay deleted: sessions for a year, identities of deleted accounts for the
 * life of their tokens. `key` is a SHA-256, so nothing of what was deleted can be read here. Written and
 * read by `model/tombstones.ts`. `by_key`: a session or person that arrives for the first time;
 * `by_user`: deleting all data; `by_expires_at`: the cron that forgets. Rows are few and small.
 */
const tombstones = defineTable({
  /** Absent for the identity of an account, which is gone. */
  userId: v.optional(v.id("users")),
  key: v.string(),
  expiresAt: v.number(),
})
  .index("by_key", ["key"])
  .index("by_user", ["userId"])
  .index("by_expires_at", ["expiresAt"]);

/** The product's tables and our own, together with those of Convex Auth. */
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
  migrations,
});
