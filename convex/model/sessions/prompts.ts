import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { personText } from "../../lib/sessions/injectedText";
import { prefixBytes } from "../../lib/text";
import { hasRoom, spend } from "../readBudget";

/**
 * Read budget for finding the first prompts. An index by role would cost another copy of `messages`, to find
 * three rows that are nearly always among the first twenty.
 */
const READ_BUDGET = { rows: 200, bytes: 1024 * 1024 };

/** Bytes read of a message to find the person's text, which may follow text that a tool injected. */
const PROMPT_READ_MAX_BYTES = 8_000;

/**
 * Returns the first `count` prompts that a person wrote, as far as they are near the start of the session.
 * Skips messages that a tool injected.
 */
export async function firstPrompts(
  ctx: QueryCtx,
  sessionId: Id<"sessions">,
  count: number,
): Promise<Doc<"messages">[]> {
  const messages = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId));
  const prompts: Doc<"messages">[] = [];
  const budget = { ...READ_BUDGET };
  for await (const message of messages) {
    spend(budget, message);
    if (message.role === "user" && promptOf(message) !== "") prompts.push(message);
    if (prompts.length >= count || !hasRoom(budget)) break;
  }
  return prompts;
}

/** Returns the text that a person wrote in a message, from its first bytes; empty if a tool injected it. */
export function promptOf({ textContent = "" }: Pick<Doc<"messages">, "textContent">): string {
  return personText(prefixBytes(textContent, PROMPT_READ_MAX_BYTES));
}
