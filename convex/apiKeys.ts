import { v } from "convex/values";
import { userMutation, viewerQuery } from "./functions";
import * as ApiKeys from "./model/accounts/apiKeys";

/** Lists the caller's keys: prefix, name, creation and last use, never the key. Empty for signed-out callers. */
export const list = viewerQuery({
  args: {},
  handler: async (ctx) => (ctx.user ? await ApiKeys.list(ctx, ctx.user) : []),
});

/** Creates an additional key for the caller. Only this answer contains it. */
export const create = userMutation({
  args: { name: v.optional(v.string()) },
  returns: v.object({ id: v.string(), key: v.string() }),
  handler: (ctx, { name }) => ApiKeys.create(ctx, ctx.user, name),
});

/** Replaces one of the caller's keys; the old key stops working at once. */
export const rotate = userMutation({
  args: { id: v.string() },
  returns: v.string(),
  handler: (ctx, { id }) => ApiKeys.rotate(ctx, ctx.user, id),
});

/** Removes one of the caller's keys; it stops working at once. */
export const remove = userMutation({
  args: { id: v.string() },
  returns: v.null(),
  handler: async (ctx, { id }) => {
    await ApiKeys.remove(ctx, ctx.user, id);
    return null;
  },
});
