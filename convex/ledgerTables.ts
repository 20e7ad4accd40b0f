import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vGrain, vLedgerRow, vSessionDay, ofSession } from "./fields";

/** Tables of the ledger of days, and of statistics derived from it. Part of `schema.ts`. */

/**
 * A session's contribution to one UTC day of the ledger, by model and quarter hour, so that rewriting a
 * message, deleting a session or renaming a project subtracts exactly what was added. Written by
 * `model/stats/ledger.ts`; removed with the session.
 */
export const sessionDays = defineTable({ ...ofSession, ...vSessionDay.fields })
  // The refresh (a day, and the days before and after it); deletion.
  .index("by_session_and_day", ["sessionId", "day"]);

/**
 * The ledger: one row per user, UTC day, source, provider, model and project, with cells by quarter hour. A
 * refresh writes only the rows that its session contributes to, so that the cost of a message does not depend
 * on what else happened that day. Written by `model/stats/ledgerRows.ts`.
 */
export const ledgerGrains = defineTable({
  userId: v.id("users"),
  day: v.number(),
  ...vGrain.fields,
})
  // The refresh reads one row; statistics of an open day read all of them.
  .index("by_user_and_day_and_grain", ["userId", "day", "source", "provider", "model", "project"]);

/**
 * One row per user and UTC day: the number of the day's rows in `ledgerGrains`, the number of tools in those rows,
 * and when the rows are due to be copied to `dailyWrapped` (absent once they are copied). Written by
 * `model/stats/ledgerRows.ts` and `model/stats/wrapped.ts`.
 */
export const ledgerDays = defineTable({
  userId: v.id("users"),
  day: v.number(),
  grains: v.number(),
  tools: v.optional(v.number()),
  copyDueAt: v.optional(v.number()),
})
  // The refresh.
  .index("by_user_and_day", ["userId", "day"])
  // Finds the open days (`copyDueAt` is set), which statistics read from `ledgerGrains`.
  .index("by_user_and_copy_due_at", ["userId", "copyDueAt"])
  // The cron that schedules lost copies again.
  .index("by_copy_due_at", ["copyDueAt"]);

/**
 * At most one row per session: the latest calls and failed results that are in different messages, as text
 * (`lib/stats/callLinks.ts`), so that an error counts for its tool in any order of arrival. Written by
 * `model/stats/callLinks.ts`; removed with the session.
 */
export const callLinks = defineTable({ sessionId: v.id("sessions"), links: v.string() })
  // The refresh; deletion.
  .index("by_session", ["sessionId"]);

/**
 * One row per message with usage, to find messages with the same usage (`lib/stats/usage.ts`). Among those
 * with the same key, the first by `rank` is counted. `key` is a hash of the user and the identity of the
 * usage. Written by `model/stats/usageClaims.ts`; removed with the message.
 */
export const usageClaims = defineTable({
  key: v.string(),
  rank: v.string(),
  messageId: v.id("messages"),
  /**
   * The price at which the message is booked if it is counted, in nano-dollars; null if the price table had
   * none. Absent in rows of earlier versions: the current table then gives the price.
   */
  price: v.optional(v.union(v.number(), v.null())),
})
  // The refresh, to find whether a usage is already counted.
  .index("by_key_and_rank", ["key", "rank"]);

/**
 * A copy of each day's `ledgerGrains`, one row per user and UTC day, so that statistics read one small
 * document per day. Written by `model/stats/wrapped.ts`. `rows` contains version 1's bookings of sessions
 * that are not counted again yet; statistics add both.
 */
export const dailyWrapped = defineTable({
  userId: v.id("users"),
  /** `YYYY-MM-DD`, UTC. */
  date: v.string(),
  stats: v.object({
    rows: v.optional(v.array(vLedgerRow)),
    grains: v.optional(v.array(vGrain)),
  }),
  /** When the copy was last made, ms. */
  closedAt: v.optional(v.number()),
}).index("by_user_and_date", ["userId", "date"]);

/**
 * The most used models and sources of the deployment, for its landing page, in one row; only names that
 * several users share. Written once a day by `model/stats/publicFigures.ts`, so that the public query runs
 * again once a day and not with every sync.
 */
export const platformFigures = defineTable({
  topModels: v.array(v.object({ model: v.string(), totalTokens: v.number() })),
  topSources: v.array(v.object({ source: v.string(), sessions: v.number() })),
});
