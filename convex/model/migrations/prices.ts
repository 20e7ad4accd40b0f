import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { PRICE_TABLE, priceNanos } from "../../lib/stats/prices";
import { type ReadBudget, spend } from "../readBudget";
import { hasChanges } from "../sync/changes";
import { countAgain } from "../sync/recount";
import { everyRow } from "./migration";

/**
 * Counts messages again if the price table gives another price than the one at which they are booked. Each
 * version of the table has its own migration, so that it runs once after an upgrade.
 */
export const prices = everyRow(`prices of ${PRICE_TABLE}`, "usageClaims", reprice);

async function reprice(
  ctx: MutationCtx,
  claim: Doc<"usageClaims">,
  budget: ReadBudget,
): Promise<boolean> {
  const message = await ctx.db.get("messages", claim.messageId);
  if (message === null) return false;
  spend(budget, message);
  const price = priceNanos(message);
  if (claim.price === price) return false;
  const session = await ctx.db.get("sessions", message.sessionId);
  if (session === null) return false;
  spend(budget, session);
  // If no change waits, the message is counted as it is, and only the price in its claim is missing.
  if (claim.price === undefined && !(await hasChanges(ctx, session))) {
    await ctx.db.patch("usageClaims", claim._id, { price });
  } else await countAgain(ctx, session, message);
  return true;
}
