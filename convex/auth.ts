import { ConvexCredentials } from "@convex-dev/auth/providers/ConvexCredentials";
import { convexAuth } from "@convex-dev/auth/server";
import { internal } from "./_generated/api";
import type { DataModel, Id } from "./_generated/dataModel";

/**
 * Convex Auth: sessions of our own for people who sign in through WorkOS AuthKit. A client calls
 * `auth:signIn` with `{ provider: "workos", params: { code, codeVerifier? } }`, where `code` is what
 * AuthKit answered at the redirect; it gets an access token (one hour) and a refresh token (30 days).
 * Whoever uses AuthKit's own token as bearer calls none of this, and must not send that token here.
 */
export const { auth, signIn, signOut, store, isAuthenticated } = convexAuth({
  providers: [
    ConvexCredentials<DataModel>({
      id: "workos",
      authorize: async ({ code, codeVerifier }, ctx): Promise<{ userId: Id<"users"> } | null> => {
        if (typeof code !== "string" || code === "") return null;
        // An action of its own, so that this file does not load WorkOS with every query.
        const userId = await ctx.runAction(internal.workos.exchangeCode, {
          code,
          ...(typeof codeVerifier === "string" ? { codeVerifier } : {}),
        });
        return { userId };
      },
    }),
  ],
});
