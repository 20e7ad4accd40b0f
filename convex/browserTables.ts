import { defineTable } from "convex/server";
import { v } from "convex/values";

/**
 * Browsers that are signed in to the pages, and links that sign in one browser once. `hash` is the SHA-256
 * (hex) of a random token and unique; only the browser's cookie contains the token. Written by
 * `model/accounts/browserSessions.ts`; a cron deletes expired rows.
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
