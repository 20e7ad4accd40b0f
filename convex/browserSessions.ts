import { v } from "convex/values";
import { internal } from "./_generated/api";
import { callerMutation, callerQuery, systemMutation } from "./functions";
import { findUserByKey } from "./model/accounts/apiKeys";
import * as BrowserSessions from "./model/accounts/browserSessions";
import * as Users from "./model/accounts/users";

const vToken = v.union(v.string(), v.null());

/** `POST /sign-in` with a key: returns a token for the browser, or null if the key is unknown. */
export const signInWithKey = systemMutation({
  args: { hash: v.string(), label: v.string() },
  returns: vToken,
  handler: async (ctx, { hash, label }) => {
    const user = Users.present(await findUserByKey(ctx, hash));
    return user && (await BrowserSessions.signIn(ctx, user, label));
  },
});

/** `POST /sign-in` with the code of a link: returns a token for the browser, or null. The code works once. */
export const signInWithLink = systemMutation({
  args: { hash: v.string(), label: v.string() },
  returns: vToken,
  handler: async (ctx, { hash, label }) => {
    const user = Users.present(await BrowserSessions.redeemLink(ctx, hash));
    return user && (await BrowserSessions.signIn(ctx, user, label));
  },
});

/** `POST /sign-out`: the browser's token stops working at once. */
export const signOut = systemMutation({
  args: { hash: v.string() },
  returns: v.null(),
  handler: async (ctx, { hash }) => {
    await BrowserSessions.signOut(ctx, hash);
    return null;
  },
});

/** Lists the caller's signed-in browsers. */
export const list = callerQuery({
  args: { current: v.string() },
  handler: (ctx, { current }) => BrowserSessions.list(ctx, ctx.user, current),
});

/** Signs out one of the caller's browsers. */
export const remove = callerMutation({
  args: { id: v.string() },
  returns: v.null(),
  handler: async (ctx, { id }) => {
    await BrowserSessions.remove(ctx, ctx.user, id);
    return null;
  },
});

/**
 * Creates the code of a link that signs in one browser, from the command line:
 * `npx convex run browserSessions:createLink '{"email":"me@example.com"}'`. Open `/sign-in?code=…`
 * with the code within the hour.
 */
export const createLink = systemMutation({
  args: Users.vNamed,
  returns: v.object({ code: v.string() }),
  handler: async (ctx, named) => ({
    code: await BrowserSessions.createLink(ctx, await Users.requireNamed(ctx, named)),
  }),
});

/** Cron: deletes expired rows of browsers and links, in batches. */
export const prune = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const more = await BrowserSessions.prune(ctx, Date.now());
    if (more) await ctx.scheduler.runAfter(0, internal.browserSessions.prune, {});
    return null;
  },
});
