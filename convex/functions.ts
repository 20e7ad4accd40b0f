import { customAction, customMutation, customQuery } from "convex-helpers/server/customFunctions";
import {
  action,
  internalAction,
  internalMutation,
  internalQuery,
  mutation,
  query,
  type ActionCtx,
} from "./_generated/server";
import { unauthorized } from "./errors";
import { ensureViewer, findViewer, requireCaller, vCaller } from "./model/accounts/users";

/**
 * Builders for registered functions. The name says who may call; functions do not authenticate callers
 * themselves.
 *
 * | builder | called by | `ctx.user` |
 * | --- | --- | --- |
 * | `publicQuery`, `publicAction` | anyone | – |
 * | `viewerQuery` | anyone | the signed-in user, or null |
 * | `userAction` | signed-in users (others: 401) | – |
 * | `userMutation` | signed-in users (others: 401) | the user, created on the first call |
 * | `callerQuery`, `callerMutation` | HTTP actions, with a `caller` | the user of the key or token (others: 401) |
 * | `systemQuery`, `systemMutation`, `systemAction` | our own code, crons, the command line | – |
 */

export const publicQuery = query;
export const publicAction = action;
export const systemQuery = internalQuery;
export const systemMutation = internalMutation;
export const systemAction = internalAction;

/** Public. For signed-out callers, `ctx.user` is null, and the function returns its empty answer. */
export const viewerQuery = customQuery(query, {
  args: {},
  input: async (ctx) => ({ ctx: { user: await findViewer(ctx) }, args: {} }),
});

export const userMutation = customMutation(mutation, {
  args: {},
  input: async (ctx) => ({ ctx: { user: await ensureViewer(ctx) }, args: {} }),
});

/** Actions have no database, so this checks only that someone is signed in. */
export const userAction = customAction(action, {
  args: {},
  input: async (ctx: ActionCtx) => {
    if ((await ctx.auth.getUserIdentity()) === null) throw unauthorized();
    return { ctx: {}, args: {} };
  },
});

export const callerQuery = customQuery(internalQuery, {
  args: { caller: vCaller },
  input: async (ctx, { caller }) => ({
    ctx: { user: await requireCaller(ctx, caller), caller },
    args: {},
  }),
});

export const callerMutation = customMutation(internalMutation, {
  args: { caller: vCaller },
  input: async (ctx, { caller }) => ({
    ctx: { user: await requireCaller(ctx, caller), caller },
    args: {},
  }),
});
