import { v } from "convex/values";
import { systemMutation } from "./functions";
import * as Users from "./model/users";

/**
 * Makes a user and a key from the command line, for deployments without a sign-in:
 * `npx convex run users:createWithApiKey '{"email":"me@example.com"}'`. For an e-mail address that
 * is known, it replaces that user's key. The key is in the answer and nowhere else.
 */
export const createWithApiKey = systemMutation({
  args: { email: v.string(), name: v.optional(v.string()) },
  returns: v.object({ userId: v.id("users"), apiKey: v.string() }),
  handler: (ctx, args) => Users.createWithApiKey(ctx, args),
});
