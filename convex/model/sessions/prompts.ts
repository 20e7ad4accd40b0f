import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { personText } from "../../lib/sessions/injectedText";
import { prefixBytes } from "../../lib/text";
import { hasRoom, spend } from "../readBudget";

/**
 * How much of a conversation's beginning is searched for prompts. An index by role would be one more
 * copy of `messages`, to find three rows that are nearly always among the first twenty.
 */
const BEGINNING = { rows: 200, bytes: 1024 * 1024 };

/** As much of a message as may be in front of what a person said in it. */
const PROMPT_READ_MAX_BYTES = 8_000;

/**
 * The first prompts of a session that a person wrote, at most `count`, as far as they are at its
 * beginning. Messages that a tool injected are passed over.
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
  const budget = { ...BEGINNING };
  for await (const message of messages) {
    spend(budget, message);
    if (message.role === "user" && promptOf(message) !== "") prompts.push(message);
    if (prompts.length >= count || !hasRoom(budget)) break;
  }
  return prompts;
}

/** What a person said in a message, as far as its beginning tells. */
export function promptOf({ textContent = "" }: Pick<Doc<"messages">, "textContent">): string {
  return personText(prefixBytes(textContent, PROMPT_READ_MAX_BYTES));
}
