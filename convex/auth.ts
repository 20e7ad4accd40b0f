import { ConvexCredentials } from "@convex-dev/auth/providers/ConvexCredentials";
import { convexAuth } from "@convex-dev/auth/server";
import { internal } from "./_generated/api";
import type { DataModel, Id } from "./_generated/dataModel";

/** AuthKit's codes and verifiers are far shorter; longer texts are not sent to it. */
const PARAMETER_MAX_LENGTH = 1_000;

function isShortText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= PARAMETER_MAX_LENGTH;
}

/**
 * Convex Auth: our own sessions for people who sign in through WorkOS AuthKit. A client calls `auth:signIn`
 * with `{ provider: "workos", params: { code, codeVerifier? } }`, where `code` comes from AuthKit's
 * redirect, and gets an access token (one hour) and a refresh token (30 days). `RATE_LIMIT_SIGN_IN` limits
 * the sign-ins of all people together. Clients that use AuthKit's own token as a bearer token do not call
 * this, and must not send that token here.
 */
export const { auth, signIn, signOut, store, isAuthenticated } = convexAuth({
  providers: [
    ConvexCredentials<DataModel>({
      id: "workos",
      authorize: async ({ code, codeVerifier }, ctx): Promise<{ userId: Id<"users"> } | null> => {
        if (!isShortText(code)) return null;
        if (codeVerifier !== undefined && !isShortText(codeVerifier)) return null;
        // A separate action, so that this file does not load WorkOS with every query.
        const userId = await ctx.runAction(internal.workos.exchangeCode, {
          code,
          ...(codeVerifier === undefined ? {} : { codeVerifier }),
        });
        return { userId };
      },
    }),
  ],
});
