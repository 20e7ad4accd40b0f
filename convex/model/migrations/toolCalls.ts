import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { toolUseOf } from "../../lib/stats/tools";
import { type ReadBudget, spend } from "../readBudget";
import { storedContent } from "../sync/adoption";
import { countAgain } from "../sync/recount";
import { everyRow } from "./migration";

/** Counts the tool calls of messages that were stored before statistics had them. */
export const toolCalls = everyRow("count tool calls", "messages", countTools);

async function countTools(
  ctx: MutationCtx,
  message: Doc<"messages">,
  budget: ReadBudget,
): Promise<boolean> {
  if (message.tools !== undefined || (message.partRows ?? 0) === 0) return false;
  const { parts } = await storedContent(ctx, message, budget);
  const tools = toolUseOf(parts);
  const session = tools && (await ctx.db.get("sessions", message.sessionId));
  if (!session) return false;
  spend(budget, session);
  await ctx.db.patch("messages", message._id, { tools });
  await countAgain(ctx, session, message, { tools });
  return true;
}
