import { defineTable } from "convex/server";
import { v } from "convex/values";

/**
 * Browsers that are signed in to the pages, and links that sign one in once. `hash` is the SHA-256
 * (hex) of a random token and unique; the token is in the browser's cookie alone. A table, because a
 * browser must be found by its token (`by_hash`, on every request for a page) and signed out by its
 * owner (`by_user`). Written by `model/accounts/browserSessions.ts`; a cron deletes rows that are over.
 */
export const browserSessions = defineTable({
  userId: v.id("users"),
  kind: v.union(v.literal("browser"), v.literal("link")),
  hash: v.string(),
  /** The browser as its owner recognises it, such as `Firefox on Linux`. */
  label: v.string(),
  /** When it stops working, ms. */
  expiresAt: v.number(),
})
  // Every request for a page.
  .index("by_hash", ["hash"])
  // The list in the settings, and deletion of the account.
  .index("by_user", ["userId"]);
