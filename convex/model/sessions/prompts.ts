import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { hasRoom, spend } from "../readBudget";

/**
 * How much of a conversation's beginning is searched for prompts. An index by role would be one more
 * copy of `messages`, to find three rows that are nearly always among the first twenty.
 */
const BEGINNING = { rows: 200, bytes: 1024 * 1024 };

/** The first prompts of a session, at most `count`, as far as they are at its beginning. */
export async function firstPrompts(
  ctx: QueryCtx,
  sessionId: Id<"sessions">,
  count: number,
): Promise<Doc<"messages">[]> {
  const messages = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId));
  const prompts: Doc<"messages">[] = [];
  const budget = { ...BEGINNING };
  for await (const message of messages) {
    spend(budget, message);
    if (message.role === "user") prompts.push(message);
    if (prompts.length >= count || !hasRoom(budget)) break;
  }
  return prompts;
}
