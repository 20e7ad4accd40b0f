import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { recountOf } from "../sessions/messages";
import { append } from "./changes";
import { requestRefresh } from "./refreshSchedule";

/**
 * Makes the session's refresh count a stored message again, because these fields change, or because the rules or
 * prices have changed since it was counted.
 */
export async function countAgain(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  stored: Doc<"messages">,
  fields: Partial<Pick<Doc<"messages">, "tools">> = {},
): Promise<void> {
  const change = recountOf(session, stored, fields);
  if (change === undefined) return;
  // Its text is unchanged: neither its session's time nor its vectors are touched.
  await append(ctx, session, [{ ...change, changedAt: 0 }]);
  await requestRefresh(ctx, session);
}
