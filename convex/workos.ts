import { v } from "convex/values";
import { internal } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import { env } from "./_generated/server";
import * as Workos from "./clients/workos";
import { readAppError, unauthorized } from "./errors";
import { systemAction } from "./functions";
import { hasVerifiedAddress } from "./model/accounts/workosUsers";

/** Delays before each retry of a request to WorkOS: 1 minute, 10 minutes, 1 hour, 6 hours, 1 day. */
const RETRY_MS = [60_000, 600_000, 3_600_000, 21_600_000, 86_400_000];

/** Sign-in: exchanges an AuthKit code and returns the person's account, created if necessary. */
export const exchangeCode = systemAction({
  args: { code: v.string(), codeVerifier: v.optional(v.string()) },
  returns: v.id("users"),
  handler: async (ctx, { code, codeVerifier }): Promise<Id<"users">> => {
    await ctx.runMutation(internal.users.countSignIn, {});
    const profile = await Workos.exchangeCode(code, codeVerifier);
    return await ctx.runMutation(internal.users.ensureFromWorkos, { profile });
  },
});

/**
 * Creates the account for the first HTTP request with an AuthKit token. Fetches the profile first, because
 * AuthKit's tokens usually have no address, and the address may belong to an account created from the command
 * line. Throws 401 for tokens of other issuers.
 */
export const ensureTokenUser = systemAction({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const claims = await ctx.runQuery(internal.users.newcomer, {});
    if (claims === null) throw unauthorized();
    const isFetched = env.WORKOS_API_KEY && !hasVerifiedAddress(claims);
    if (isFetched) await ctx.runMutation(internal.users.countSignIn, {});
    const fetched = isFetched ? await Workos.findProfile(claims.workosId) : null;
    await ctx.runMutation(internal.users.ensureFromWorkos, { profile: fetched ?? claims });
    return null;
  },
});

/** Scheduled when a mutation creates an account from a token without an address: fetches the profile. */
export const fillProfile = systemAction({
  args: { workosId: v.string(), tries: v.optional(v.number()) },
  returns: v.null(),
  handler: async (ctx, { workosId, tries = 0 }) => {
    try {
      const profile = await Workos.findProfile(workosId);
      if (profile) await ctx.runMutation(internal.users.updateFromWorkos, { profile });
    } catch (error) {
      const wait = RETRY_MS[tries];
      if (wait === undefined || readAppError(error) === null) throw error;
      const again = { workosId, tries: tries + 1 };
      await ctx.scheduler.runAfter(wait, internal.workos.fillProfile, again);
    }
    return null;
  },
});

/** Verifies a webhook from WorkOS and applies it. Ignores events that concern no account. */
export const receiveWebhook = systemAction({
  args: { body: v.string(), signature: v.string() },
  returns: v.null(),
  handler: async (ctx, { body, signature }) => {
    const event = await Workos.readWebhook(body, signature);
    switch (event.kind) {
      case "updated":
        await ctx.runMutation(internal.users.updateFromWorkos, { profile: event.profile });
        break;
      case "deleted":
        await ctx.runMutation(internal.users.removeFromWorkos, { workosId: event.workosId });
        break;
      case "ignored":
        break;
    }
    return null;
  },
});

/** Last step of an account's deletion: deletes the person at WorkOS. Retries for more than a day. */
export const deletePerson = systemAction({
  args: { workosId: v.string(), tries: v.number() },
  returns: v.null(),
  handler: async (ctx, { workosId, tries }) => {
    if (!env.WORKOS_API_KEY) return null;
    try {
      await Workos.deletePerson(workosId);
    } catch (error) {
      const wait = RETRY_MS[tries];
      if (wait === undefined || readAppError(error) === null) throw error;
      await ctx.scheduler.runAfter(wait, internal.workos.deletePerson, {
        workosId,
        tries: tries + 1,
      });
    }
    return null;
  },
});
