import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { belongsToMessageText, type SearchText } from "../../lib/search/searchTexts";

/** Writes the derived search texts of messages (`searchTexts` in `schema.ts`). */

type Owner = Pick<Doc<"messages">, "_id" | "userId" | "sessionId" | "orderKey">;

/** Which search texts a delivery replaces: those of the message's text, of its parts, or both. */
type Replaced = { text: boolean; parts: boolean };

/** Stores the search texts of a new message. */
export async function insertSearchTexts(
  ctx: MutationCtx,
  { _id: messageId, userId, sessionId, orderKey }: Owner,
  texts: readonly SearchText[],
): Promise<void> {
  for (const text of texts) {
    await ctx.db.insert("searchTexts", { userId, sessionId, messageId, orderKey, ...text });
  }
}

/** Replaces the search texts that a delivery replaces, and keeps the others. */
export async function replaceSearchTexts(
  ctx: MutationCtx,
  message: Owner,
  texts: readonly SearchText[],
  replaced: Replaced,
): Promise<void> {
  const isReplaced = (one: Pick<SearchText, "order">) =>
    belongsToMessageText(one) ? replaced.text : replaced.parts;
  const stored = await ctx.db
    .query("searchTexts")
    .withIndex("by_session_and_message", (q) =>
      q.eq("sessionId", message.sessionId).eq("messageId", message._id),
    )
    // At most `SEARCH_TEXTS_MAX`, of 8 kB each.
    .collect();
  for (const row of stored) if (isReplaced(row)) await ctx.db.delete("searchTexts", row._id);
  await insertSearchTexts(ctx, message, texts.filter(isReplaced));
}
