import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { type SearchText, searchTextsOf } from "../../lib/search/searchTexts";
import { containsInlineData } from "../../lib/search/readable";
import { storedText } from "../../lib/sessions/partRows";
import { spend, type ReadBudget } from "../readBudget";
import { insertSearchTexts } from "../search/searchTexts";
import { everyRow } from "./migration";

/**
 * Derives search texts from stored messages and parts, because version 1 stored none, and removes inline data
 * from the text index.
 */

/** Budget bytes per byte of text: deriving takes several times as long as reading, and a step has one second. */
const BYTES_PER_BYTE = 5;

type Stored = Pick<Doc<"parts">, "userId" | "sessionId" | "messageId" | "orderKey">;

/** Inserts search texts unless an earlier attempt of the step, or a newer delivery, has inserted them. */
async function insertOnce(
  ctx: MutationCtx,
  stored: Stored,
  texts: readonly SearchText[],
  budget: ReadBudget,
): Promise<boolean> {
  const [first] = texts;
  if (first === undefined) return false;
  const known = ctx.db
    .query("searchTexts")
    .withIndex("by_session_and_message", (q) =>
      q.eq("sessionId", stored.sessionId).eq("messageId", stored.messageId),
    );
  for await (const row of known) {
    spend(budget, row);
    if (row.order === first.order && row.piece === first.piece) return false;
  }
  await insertSearchTexts(ctx, { ...stored, _id: stored.messageId }, texts);
  for (const text of texts) spend(budget, text);
  return true;
}

export const messageSearchTexts = everyRow(
  "derive search texts of messages",
  "messages",
  async (ctx, message, budget) => {
    const { _id: messageId, textContent = "" } = message;
    budget.bytes -= textContent.length * BYTES_PER_BYTE;
    const texts = searchTextsOf(textContent, []);
    return await insertOnce(ctx, { ...message, messageId }, texts, budget);
  },
);

export const partSearchTexts = everyRow(
  "derive search texts of parts",
  "parts",
  async (ctx, part, budget) => {
    const { _id, text, wordChars } = part;
    // Its text is not only its content, and nothing is missing.
    if (wordChars !== undefined) return false;
    budget.bytes -= storedText(part).length * BYTES_PER_BYTE;
    const isData = text !== undefined && containsInlineData(text);
    if (isData) await ctx.db.patch("parts", _id, { text: undefined, content: text });
    const row = isData ? { ...part, text: undefined, content: text } : part;
    return (await insertOnce(ctx, part, searchTextsOf("", [row]), budget)) || isData;
  },
);
