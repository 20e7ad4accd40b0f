import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { invalidField } from "../../errors";
import { UTC, zoneNamed } from "../../lib/stats/zones";

/** The zone of a user's days. */
export const timeZoneOf = ({ timeZone = UTC }: Pick<Doc<"users">, "timeZone">): string => timeZone;

/** Sets the zone of the user's days; null means UTC. Unknown names are an invalid field. */
export async function setTimeZone(
  ctx: MutationCtx,
  user: Doc<"users">,
  name: string | null,
): Promise<string> {
  const timeZone = name === null ? undefined : zoneNamed(name.trim());
  if (name !== null && timeZone === undefined)
    throw invalidField("timeZone", "must be a time zone such as Europe/Berlin");
  if (timeZone !== user.timeZone) await ctx.db.patch("users", user._id, { timeZone });
  return timeZone ?? UTC;
}
