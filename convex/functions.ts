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
 * Our builders: who may call is part of the name, and no function asks for itself who is calling.
 *
 * | builder | called by | `ctx.user` |
 * | --- | --- | --- |
 * | `publicQuery`, `publicAction` | anyone | – |
 * | `viewerQuery` | anyone | the signed-in user, or null |
 * | `userAction` | signed-in users (others: 401) | – |
 * | `userMutation` | signed-in users (others: 401) | the user, made at first sight |
 * | `callerQuery`, `callerMutation` | HTTP actions, with a `caller` | the user of the key or token (others: 401) |
 * | `systemQuery`, `systemMutation`, `systemAction` | our own code, crons, the command line | – |
 */

export const publicQuery = query;
export const publicAction = action;
export const systemQuery = internalQuery;
export const systemMutation = internalMutation;
export const systemAction = internalAction;

/** Public; signed-out callers have no user and get the function's empty answer. */
export const viewerQuery = customQuery(query, {
  args: {},
  input: async (ctx) => ({ ctx: { user: await findViewer(ctx) }, args: {} }),
});

export const userMutation = customMutation(mutation, {
  args: {},
  input: async (ctx) => ({ ctx: { user: await ensureViewer(ctx) }, args: {} }),
});

/** Actions have no database: they learn only that someone is signed in. */
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
    ctx: { user: await requireCaller(ctx, caller) },
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
