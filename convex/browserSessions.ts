import { v } from "convex/values";
import { internal } from "./_generated/api";
import { callerMutation, callerQuery, systemMutation } from "./functions";
import { findUserByKey } from "./model/accounts/apiKeys";
import * as BrowserSessions from "./model/accounts/browserSessions";
import * as Users from "./model/accounts/users";

const vToken = v.union(v.string(), v.null());

/** `POST /sign-in` with a key: a token for the browser, or null for a key that is nobody's. */
export const signInWithKey = systemMutation({
  args: { hash: v.string(), label: v.string() },
  returns: vToken,
  handler: async (ctx, { hash, label }) => {
    const user = Users.present(await findUserByKey(ctx, hash));
    return user && (await BrowserSessions.signIn(ctx, user, label));
  },
});

/** `POST /sign-in` with the code of a link: the same. The code is used up. */
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

/** The caller's signed-in browsers. */
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
 * Makes a link that signs a browser in once, from the command line:
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

/** Cron: deletes rows of browsers and links whose time is over, in batches. */
export const prune = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const more = await BrowserSessions.prune(ctx, Date.now());
    if (more) await ctx.scheduler.runAfter(0, internal.browserSessions.prune, {});
    return null;
  },
});
