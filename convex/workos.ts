import { v } from "convex/values";
import { internal } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import { env } from "./_generated/server";
import * as Workos from "./clients/workos";
import { readAppError } from "./errors";
import { systemAction } from "./functions";

/** Sign-in, first half: whom an AuthKit code stands for, as a user of ours, made if there is none. */
export const exchangeCode = systemAction({
  args: { code: v.string(), codeVerifier: v.optional(v.string()) },
  returns: v.id("users"),
  handler: async (ctx, { code, codeVerifier }): Promise<Id<"users">> => {
    const profile = await Workos.exchangeCode(code, codeVerifier);
    return await ctx.runMutation(internal.users.ensureFromWorkos, { profile });
  },
});

/** Scheduled at first sight of a token without claims: fetches e-mail and name from WorkOS. */
export const fillProfile = systemAction({
  args: { workosId: v.string() },
  returns: v.null(),
  handler: async (ctx, { workosId }) => {
    const profile = await Workos.findProfile(workosId);
    if (profile) await ctx.runMutation(internal.users.updateFromWorkos, { profile });
    return null;
  },
});

/** A webhook of WorkOS: verified, then applied. Other events than ours are accepted and ignored. */
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

/** Waits before each further try to delete a person at WorkOS: a minute, ten, an hour, six, a day. */
const RETRY_MS = [60_000, 600_000, 3_600_000, 21_600_000, 86_400_000];

/** Last step of an account's deletion: the person at WorkOS. Tries again for about a day. */
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
