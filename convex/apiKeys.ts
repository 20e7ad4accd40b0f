import { v } from "convex/values";
import { userMutation, viewerQuery } from "./functions";
import * as ApiKeys from "./model/accounts/apiKeys";

/** The caller's keys: prefix, name, when made and last used; never a key. Signed out: none. */
export const list = viewerQuery({
  args: {},
  handler: async (ctx) => (ctx.user ? await ApiKeys.list(ctx, ctx.user) : []),
});

/** One more key for the caller. The answer is the only place where it is ever shown. */
export const create = userMutation({
  args: { name: v.optional(v.string()) },
  returns: v.object({ id: v.string(), key: v.string() }),
  handler: (ctx, { name }) => ApiKeys.create(ctx, ctx.user, name),
});

/** A new key in place of one of the caller's; the old one stops working at once. */
export const rotate = userMutation({
  args: { id: v.string() },
  returns: v.string(),
  handler: (ctx, { id }) => ApiKeys.rotate(ctx, ctx.user, id),
});

/** Takes one of the caller's keys away; it stops working at once. */
export const remove = userMutation({
  args: { id: v.string() },
  returns: v.null(),
  handler: async (ctx, { id }) => {
    await ApiKeys.remove(ctx, ctx.user, id);
    return null;
  },
});
