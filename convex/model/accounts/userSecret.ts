import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { randomHex } from "../../lib/hash";

/** Returns the user's secret, and creates it on the first use. It never leaves the database. */
export async function secretOf(ctx: MutationCtx, user: Doc<"users">): Promise<string> {
  if (user.pseudonymKey !== undefined) return user.pseudonymKey;
  const secret = randomHex(32);
  await ctx.db.patch("users", user._id, { pseudonymKey: secret });
  return secret;
}
