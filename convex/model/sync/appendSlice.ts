import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { AppError } from "../../errors";
import { contentBytes, withoutRepeated } from "../../lib/sessions/partRows";
import { hashAfterSlice, pendingHash } from "../../lib/sync/messageSlices";
import { belongsToMessageText } from "../../lib/search/searchTexts";
import { insertSearchTexts } from "../search/searchTexts";
import * as Messages from "../sessions/messages";
import * as Parts from "../sessions/parts";
import type { StoredChange } from "./changes";
import type { MessageRow, Outcome } from "./shapes";

/**
 * Appends the rows of a later slice to a message whose first slice is stored. A slice that was appended
 * already, or whose delivery was replaced by another one meanwhile, writes nothing.
 */
export async function appendSlice(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  stored: Doc<"messages"> | null,
  message: MessageRow,
): Promise<{ messageId: Id<"messages">; outcome: Outcome; change?: StoredChange }> {
  if (stored === null) {
    throw new AppError("CONFLICT", "message: was deleted while it was being stored");
  }
  const messageId = stored._id;
  if (stored.deliveryHash !== pendingHash(message)) return { messageId, outcome: "skipped" };
  const keepsText = Messages.keepsSentText(stored, message);
  const sent = [...(keepsText ? [] : (message.textTail ?? [])), ...(message.partRows ?? [])];
  const rows = withoutRepeated(sent, stored.textContent);
  await Parts.replace(ctx, stored, "parts", rows, false);
  const searchTexts = (message.searchTexts ?? []).filter(
    (one) => !keepsText || !belongsToMessageText(one),
  );
  await insertSearchTexts(ctx, stored, searchTexts);
  // A refresh between two slices counted an incomplete message, so the message is counted again.
  const change = Messages.recountOf(session, stored);
  await ctx.db.patch("messages", messageId, {
    partRows: (stored.partRows ?? 0) + rows.length,
    partBytes: (stored.partBytes ?? 0) + contentBytes(rows),
    deliveryHash: hashAfterSlice(message),
  });
  return { messageId, outcome: "updated", change };
}
