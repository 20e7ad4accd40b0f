import { defineTable } from "convex/server";
import { v } from "convex/values";
import { limitTimes, ofSession, vDeletion, vDeletionScope } from "./fields";

/** Tables of accounts: who calls, with which key, what they deleted and what they asked for. */

/**
 * Accounts. Written by `model/accounts/`; read on every request to find the caller.
 * Extends Convex Auth's table (its fields and its `email` and `phone` indexes must stay).
 * `apiKey` is the SHA-256 (hex) of the key, never the key. `workosId` is the WorkOS user id and is unique;
 * accounts created from the command line have none. `email` is verified, or was entered by the operator;
 * version 1 also stored unverified addresses in it.
 */
export const users = defineTable({
  name: v.optional(v.string()),
  image: v.optional(v.string()),
  email: v.optional(v.string()),
  emailVerificationTime: v.optional(v.number()),
  /** An address that WorkOS did not verify: shown to its owner, but never used to find an account. */
  unverifiedEmail: v.optional(v.string()),
  phone: v.optional(v.string()),
  phoneVerificationTime: v.optional(v.number()),
  isAnonymous: v.optional(v.boolean()),
  workosId: v.optional(v.string()),
  /** When WorkOS last changed the stored profile; older profiles are ignored. */
  workosUpdatedAt: v.optional(v.number()),
  apiKey: v.optional(v.string()),
  apiKeyPrefix: v.optional(v.string()),
  apiKeyCreatedAt: v.optional(v.number()),
  /** When the key was last used, exact to five minutes. */
  apiKeyUsedAt: v.optional(v.number()),
  enabledAgents: v.optional(v.array(v.string())),
  /**
   * Secret for the pseudonyms of anonymised exports and for the ids of deleted sessions, 32 random bytes; the
   * first use creates it (`model/accounts/userSecret.ts`).
   */
  pseudonymKey: v.optional(v.string()),
  /** Set while a deletion is open: its scope and start. Progress is in `deletions`. */
  deleting: v.optional(v.object({ scope: vDeletionScope, startedAt: v.number() })),
  /** Version 1 stored the whole state here; a cron moves it to `deletions`. */
  deletion: v.optional(vDeletion),
  /** When the last deletion of all data that has ended was started, ms; clients then read all changes again. */
  dataDeletedAt: v.optional(v.number()),
  /** The zone of days in statistics and pictures, by its IANA name; absent for UTC. */
  timeZone: v.optional(v.string()),
  /** In the links to pictures of the user's days; absent if there are none (`model/accounts/pictureLinks.ts`). */
  pictureSlug: v.optional(v.string()),
  /** Until when (ms) a class of endpoints refuses the user, set when its limit is used up. */
  limitedUntil: v.optional(v.object(limitTimes)),
})
  .index("email", ["email"])
  .index("phone", ["phone"])
  .index("by_workos_id", ["workosId"])
  .index("by_api_key", ["apiKey"])
  // GET /pictures/:link.
  .index("by_picture_slug", ["pictureSlug"])
  // Finds states of version 1 to move; remove it together with `deletion`.
  .index("by_deletion", ["deletion.status", "deletion.updatedAt"]);

/**
 * Additional API keys of a user; the first one is in `users.apiKey`. With one key per machine or plugin,
 * each can be revoked separately. A table of its own, because a list inside `users` could not be looked up
 * by hash. Written by `model/accounts/apiKeys.ts` and, for the last use, by `model/accounts/keyUse.ts`;
 * moved and deleted with the account. `hash` is the SHA-256 (hex) of the key and unique.
 */
export const apiKeys = defineTable({
  userId: v.id("users"),
  hash: v.string(),
  prefix: v.string(),
  name: v.optional(v.string()),
  createdAt: v.number(),
  /** When the key was last used, exact to five minutes. */
  usedAt: v.optional(v.number()),
})
  .index("by_hash", ["hash"])
  .index("by_user", ["userId"]);

/**
 * The latest deletion of all data, or of the account, of each user: at most one row per user. Written by
 * `model/accounts/deletionState.ts`. Separate from `users`, because every message mutation reads the user's
 * row and must not conflict with the steps of a deletion.
 */
export const deletions = defineTable({ userId: v.id("users"), ...vDeletion.fields })
  .index("by_user", ["userId"])
  // The cron that restarts stalled deletions.
  .index("by_status_and_updated_at", ["status", "updatedAt"]);

/**
 * Deleted sessions whose messages, parts and vectors are still being removed; `updatedAt` is the time of the
 * last step. Written by `model/sessions/deletion.ts`, by the deletion of all data, and by a migration.
 */
export const purges = defineTable({
  ...ofSession,
  updatedAt: v.number(),
  /** The session's, which tells the changes that were not counted when it was deleted. */
  changesGeneration: v.optional(v.number()),
})
  // Deletion of all data or of an account.
  .index("by_user", ["userId"])
  // The cron that schedules stalled purges again.
  .index("by_updated_at", ["updatedAt"]);

/**
 * Records what was deleted and must stay deleted: sessions for a year, identities of deleted accounts for the
 * lifetime of their tokens. `key` is a SHA-256 hash, so nothing that was deleted can be read here. Written
 * and read by `model/tombstones.ts`; also deleted with all data of a user.
 */
export const tombstones = defineTable({
  /** Absent for the identity of a deleted account. */
  userId: v.optional(v.id("users")),
  key: v.string(),
  expiresAt: v.number(),
})
  // A session or person that arrives for the first time.
  .index("by_key", ["key"])
  // Deletion of all data.
  .index("by_user", ["userId"])
  // The cron that removes expired rows.
  .index("by_expires_at", ["expiresAt"]);

/**
 * Sessions that their owner deleted, for GET /api/changes; `_creationTime` is the time of the deletion. Holds
 * only our id, sealed with the user's secret, so nothing of what was deleted can be found here. Written by
 * `model/sessions/deletedSessions.ts`, read by `model/sessions/feed.ts`; deleted after a year, and with all
 * data of a user.
 */
export const deletedSessions = defineTable({
  userId: v.id("users"),
  nonce: v.string(),
  sealedId: v.string(),
})
  // GET /api/changes; deletion of all data.
  .index("by_user", ["userId"]);

/**
 * One line per request of a user, with its outcome; no bodies, no secrets. Version 1 also wrote lines without
 * `userId`; they expire. Written by `model/accounts/apiLogs.ts`, read by rate limits, pruned by a cron after
 * the retention period. `_creationTime` is the time of the request.
 */
export const apiLogs = defineTable({
  userId: v.optional(v.id("users")),
  endpoint: v.string(),
  method: v.string(),
  statusCode: v.number(),
  durationMs: v.number(),
  requestId: v.string(),
  errorCode: v.optional(v.string()),
  keyPrefix: v.optional(v.string()),
  /** The limit that the request counted against, and the requests remaining afterwards. */
  limitClass: v.optional(v.string()),
  remaining: v.optional(v.number()),
})
  // Rate limits read the last line of a class; merging and deletion of the account.
  .index("by_user_and_limit_class", ["userId", "limitClass"]);

/**
 * Counts of requests without an account (unknown keys, public endpoints, unknown paths) by status, one row
 * per hour. Not in `apiLogs`, because a line per request would let strangers fill that table. Counts above 32
 * are estimates. Written by `model/accounts/strangers.ts`; read by the operator; pruned with the log.
 */
export const strangerRequests = defineTable({
  /** Start of the hour, ms. */
  hour: v.number(),
  counts: v.record(v.string(), v.number()),
});
