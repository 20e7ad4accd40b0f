import { internal } from "../../_generated/api";
import type { ActionCtx } from "../../_generated/server";
import { quarterOf } from "../../lib/stats/cells";
import { Zone } from "../../lib/stats/zones";
import type { Caller } from "../authenticate";

/** The current day (`YYYY-MM-DD`) in the caller's time zone. */
export async function today(ctx: ActionCtx, caller: Caller): Promise<string> {
  const zone = await ctx.runQuery(internal.account.timeZone, { caller });
  return new Zone(zone).dateOf(quarterOf(Date.now()));
}
