import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vGrain, vLedgerRow, vSessionDay, ofSession } from "./fields";

/** Tables of the ledger of days, and of what is summed from it. Part of `schema.ts`. */

/**
 * What a session contributes to one UTC day of the ledger, by model and quarter hour: a rewrite, a
 * deletion and a new project subtract exactly what was added. Written by `model/stats/ledger.ts` from
 * the refresh; removed with the session.
 */
export const sessionDays = defineTable({ ...ofSession, ...vSessionDay.fields })
  // The refresh finds the day, and the days before and after it; deletion.
  .index("by_session_and_day", ["sessionId", "day"]);

/**
 * The ledger: one row a user, UTC day, source, provider, model and project, with cells by quarter hour.
 * The refresh writes only the rows of its own session, so that the price of a message does not depend
 * on what else happened that day. Written by `model/stats/ledger.ts`.
 */
export const ledgerGrains = defineTable({
  userId: v.id("users"),
  day: v.number(),
  ...vGrain.fields,
})
  // The refresh finds one row; statistics of an open day read them all.
  .index("by_user_and_day_and_grain", ["userId", "day", "source", "provider", "model", "project"]);

/**
 * One row a user and UTC day: how many rows `ledgerGrains` has, and when they are to be copied to
 * `dailyWrapped` (absent: they are). Written by `model/stats/ledger.ts` and `model/stats/wrapped.ts`.
 */
export const ledgerDays = defineTable({
  userId: v.id("users"),
  day: v.number(),
  grains: v.number(),
  foldDueAt: v.optional(v.number()),
})
  // The refresh.
  .index("by_user_and_day", ["userId", "day"])
  // Statistics read open days from `ledgerGrains`.
  .index("by_user_and_fold_due_at", ["userId", "foldDueAt"])
  // The cron that starts lost runs again.
  .index("by_fold_due_at", ["foldDueAt"]);

/**
 * Which messages carry the same usage (`lib/stats/usage.ts`), one row a message with usage. Of those
 * with one key, the first by `rank` is counted. `key` is a hash over the user and the identity of the
 * usage. Written by `model/stats/usageClaims.ts`; removed with the message.
 */
export const usageClaims = defineTable({
  key: v.string(),
  rank: v.string(),
  messageId: v.id("messages"),
})
  // The refresh asks whether a usage is counted already.
  .index("by_key_and_rank", ["key", "rank"]);

/**
 * A user's days in numbers, one row a UTC day: a copy of the day's `ledgerGrains`, so that statistics
 * read one small document a day. Written by `model/stats/wrapped.ts`. `rows` is what version 1 wrote of
 * sessions that are not counted again yet; statistics add both.
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
 * What the deployment is used with, for its landing page, in one row: names that several users share.
 * Written once a day by `model/stats/publicFigures.ts`, so that a query anyone may watch runs again once a day
 * and not whenever somebody syncs.
 */
export const platformFigures = defineTable({
  topModels: v.array(v.object({ model: v.string(), totalTokens: v.number() })),
  topSources: v.array(v.object({ source: v.string(), sessions: v.number() })),
});
