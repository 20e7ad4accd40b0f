import { v } from "convex/values";
import { internal } from "./_generated/api";
import { readAppError } from "./errors";
import { vDeletionScope } from "./fields";
import {
  callerMutation,
  callerQuery,
  publicAction,
  publicQuery,
  systemMutation,
  systemQuery,
  userMutation,
  viewerQuery,
} from "./functions";
import * as AccountDeletion from "./model/accounts/accountDeletion";
import * as ApiKeys from "./model/accounts/apiKeys";
import * as Profile from "./model/accounts/account";
import { countSignInAttempt } from "./model/accounts/rateLimits";
import * as Users from "./model/accounts/users";
import { findByWorkosId } from "./model/accounts/accountRows";
import { signInWorkosUser, updateWorkosUser, vWorkosProfile } from "./model/accounts/workosUsers";

/** Creates the caller's account if necessary, and stores the address and name from the token. */
export const getOrCreate = userMutation({
  args: {},
  returns: v.id("users"),
  handler: async (ctx) => (await Profile.refreshFromToken(ctx, ctx.user))._id,
});

/** Returns the caller's account with the state of its deletion, or null. Clients can subscribe to the progress. */
export const me = publicQuery({ args: {}, handler: (ctx) => Profile.me(ctx) });

/** `GET /api/me`: describes the account and the key of the caller. */
export const whoami = callerQuery({
  args: { counts: v.boolean() },
  handler: (ctx, { counts }) => Profile.whoami(ctx, ctx.user, { caller: ctx.caller, counts }),
});

/** Counts the caller's sessions and messages; null if signed out. */
export const stats = viewerQuery({
  args: {},
  handler: async (ctx) => (ctx.user ? await Profile.totals(ctx, ctx.user) : null),
});

/** Replaces the caller's first key. Only this answer contains the new key. */
export const generateApiKey = userMutation({
  args: {},
  returns: v.string(),
  handler: (ctx) => ApiKeys.setFirst(ctx, ctx.user),
});

/** Removes the caller's first key; it stops working at once. */
export const revokeApiKey = userMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await ApiKeys.removeFirst(ctx, ctx.user);
    return null;
  },
});

/** Replaces the list of tools the caller uses. */
export const updateEnabledAgents = userMutation({
  args: { enabledAgents: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { enabledAgents }) => {
    await Profile.setEnabledAgents(ctx, ctx.user, enabledAgents);
    return null;
  },
});

/** Starts the deletion of all data the caller has now; keeps the account, keys and settings. */
export const deleteAllData = userMutation({
  args: {},
  returns: v.object({ started: v.boolean(), message: v.string() }),
  handler: async (ctx) => {
    const started = await AccountDeletion.start(ctx, ctx.user, "data");
    const message = started
      ? "Your data is being deleted."
      : "A deletion is already running; wait until it is complete.";
    return { started, message };
  },
});

/** Starts the deletion of the caller's account and of all data. Never rejects. */
export const deleteAccount = publicAction({
  args: {},
  returns: v.object({ started: v.boolean(), error: v.optional(v.string()) }),
  handler: async (ctx): Promise<{ started: boolean; error?: string }> => {
    try {
      const caller = { kind: "token" as const };
      const started = await ctx.runMutation(internal.users.startAccountDeletion, { caller });
      return started ? { started } : { started, error: "The account is already being deleted." };
    } catch (error) {
      const known = readAppError(error);
      if (known === null) console.error("The deletion of an account could not be started", error);
      return { started: false, error: known?.message ?? "The deletion could not be started." };
    }
  },
});

/** Removes the state of a deletion that has ended. */
export const clearDeletionStatus = userMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await AccountDeletion.clearStatus(ctx, ctx.user);
    return null;
  },
});

/** Called by `deleteAccount`: keys and tokens stop working with this transaction. */
export const startAccountDeletion = callerMutation({
  args: {},
  returns: v.boolean(),
  handler: (ctx) => AccountDeletion.start(ctx, ctx.user, "account"),
});

/**
 * Creates a user and a key from the command line, for deployments without a sign-in:
 * `npx convex run users:createWithApiKey '{"email":"me@example.com"}'`. If the address belongs to a user,
 * replaces that user's first key, or adds one with `"add":true`; if several users have the address, add the
 * `userId` of one. Only this answer contains the key.
 */
export const createWithApiKey = systemMutation({
  args: {
    email: v.string(),
    userId: v.optional(v.id("users")),
    name: v.optional(v.string()),
    add: v.optional(v.boolean()),
  },
  returns: v.object({ userId: v.id("users"), apiKey: v.string() }),
  handler: (ctx, args) => Users.createWithApiKey(ctx, args),
});

/** Lists keys from the command line: `npx convex run users:listKeys '{"email":"me@example.com"}'`. */
export const listKeys = systemQuery({
  args: Users.vNamed,
  handler: (ctx, named) => Users.listKeys(ctx, named),
});

/**
 * Removes all keys of a user from the command line; they stop working at once:
 * `npx convex run users:revokeKeys '{"email":"me@example.com"}'`. Returns how many there were.
 */
export const revokeKeys = systemMutation({
  args: Users.vNamed,
  returns: v.number(),
  handler: async (ctx, named) => ApiKeys.removeAll(ctx, await Users.requireNamed(ctx, named)),
});

/**
 * Starts the deletion of a user's data, or of the whole account, from the command line:
 * `npx convex run users:remove '{"email":"me@example.com","scope":"account"}'`. `started` is false if a
 * running deletion covers it.
 */
export const remove = systemMutation({
  args: { ...Users.vNamed, scope: vDeletionScope },
  returns: v.object({ started: v.boolean() }),
  handler: async (ctx, { scope, ...named }) => {
    const user = await Users.requireNamed(ctx, named);
    return { started: await AccountDeletion.start(ctx, user, scope) };
  },
});

/** Sign-in: returns the account of a WorkOS identity, created or taken over as `decideAccount` decides. */
export const ensureFromWorkos = systemMutation({
  args: { profile: vWorkosProfile },
  returns: v.id("users"),
  handler: async (ctx, { profile }) => (await signInWorkosUser(ctx, profile))._id,
});

/** HTTP: refuses callers without an account (401) and those over their limit (429). */
export const admit = callerQuery({ args: {}, returns: v.null(), handler: () => null });

/** HTTP: returns the claims of a token that may create an account, or null. */
export const newcomer = systemQuery({
  args: {},
  returns: v.union(vWorkosProfile, v.null()),
  handler: (ctx) => Users.findNewcomer(ctx),
});

/** Counts one request to WorkOS that a caller without an account can cause; throws 429 beyond the limit. */
export const countSignIn = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await countSignInAttempt(ctx);
    return null;
  },
});

/** Profile or webhook: updates a person's account, if they have one. */
export const updateFromWorkos = systemMutation({
  args: { profile: vWorkosProfile },
  returns: v.null(),
  handler: async (ctx, { profile }) => {
    await updateWorkosUser(ctx, profile);
    return null;
  },
});

/** Webhook: deletes the account of a person who was deleted at WorkOS. */
export const removeFromWorkos = systemMutation({
  args: { workosId: v.string() },
  returns: v.null(),
  handler: async (ctx, { workosId }) => {
    const user = await findByWorkosId(ctx, workosId);
    if (user) await AccountDeletion.start(ctx, user, "account");
    return null;
  },
});
