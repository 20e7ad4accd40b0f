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

/** Makes the caller's account if there is none, and stores address and name from the token. */
export const getOrCreate = userMutation({
  args: {},
  returns: v.id("users"),
  handler: async (ctx) => {
    await Profile.refreshFromToken(ctx);
    return ctx.user._id;
  },
});

/** The caller's account and the state of a deletion, or null. Live: the progress can be watched. */
export const me = publicQuery({ args: {}, handler: (ctx) => Profile.me(ctx) });

/** How many sessions and messages the caller has, or null. */
export const stats = viewerQuery({
  args: {},
  handler: async (ctx) => (ctx.user ? await Profile.totals(ctx, ctx.user) : null),
});

/** A new key in place of the caller's first one. The answer is the only place it is ever shown. */
export const generateApiKey = userMutation({
  args: {},
  returns: v.string(),
  handler: (ctx) => ApiKeys.setFirst(ctx, ctx.user),
});

/** Takes the caller's first key away; it stops working at once. */
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

/** Starts the deletion of all data the caller has now; account, keys and settings stay. */
export const deleteAllData = userMutation({
  args: {},
  returns: v.object({ started: v.boolean(), message: v.string() }),
  handler: async (ctx) => {
    const started = await AccountDeletion.start(ctx, ctx.user, "data");
    const message = started
      ? "Your data is being deleted."
      : "A deletion is running already; wait until it is done.";
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
      return started ? { started } : { started, error: "The account is being deleted already." };
    } catch (error) {
      const known = readAppError(error);
      if (known === null) console.error("The deletion of an account could not be started", error);
      return { started: false, error: known?.message ?? "The deletion could not be started." };
    }
  },
});

/** Forgets a deletion that is over. */
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
 * Makes a user and a key from the command line, for deployments without a sign-in:
 * `npx convex run users:createWithApiKey '{"email":"me@example.com"}'`. For the verified address of a
 * user, it replaces that user's key, or adds one with `"add":true`; where several users have the
 * address, add the `userId` of one.
 * The key is in the answer and nowhere else.
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
 * Takes all keys of a user away, from the command line:
 * `npx convex run users:revokeKeys '{"email":"me@example.com"}'`. Answers how many there were; they
 * have stopped working.
 */
export const revokeKeys = systemMutation({
  args: Users.vNamed,
  returns: v.number(),
  handler: async (ctx, named) => ApiKeys.removeAll(ctx, await Users.requireNamed(ctx, named)),
});

/**
 * Starts the deletion of a user's data, or of the account with it, from the command line:
 * `npx convex run users:remove '{"email":"me@example.com","scope":"account"}'`. `started` is false
 * while one is running that covers it.
 */
export const remove = systemMutation({
  args: { ...Users.vNamed, scope: vDeletionScope },
  returns: v.object({ started: v.boolean() }),
  handler: async (ctx, { scope, ...named }) => {
    const user = await Users.requireNamed(ctx, named);
    return { started: await AccountDeletion.start(ctx, user, scope) };
  },
});

/** Sign-in: returns the account of a WorkOS identity, made or taken over as `decideAccount` says. */
export const ensureFromWorkos = systemMutation({
  args: { profile: vWorkosProfile },
  returns: v.id("users"),
  handler: async (ctx, { profile }) => (await signInWorkosUser(ctx, profile))._id,
});

/** HTTP: refuses callers without an account (401) and those over their limit (429). */
export const admit = callerQuery({ args: {}, returns: v.null(), handler: () => null });

/** HTTP: returns what the token says about a person without an account, or null if it makes none. */
export const newcomer = systemQuery({
  args: {},
  returns: v.union(vWorkosProfile, v.null()),
  handler: (ctx) => Users.findNewcomer(ctx),
});

/** Counts one request to WorkOS that a stranger can cause; 429 beyond the limit. */
export const countSignIn = systemMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await countSignInAttempt(ctx);
    return null;
  },
});

/** Profile or webhook: brings the account of a person up to date, if they have one. */
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
