import { internal } from "../../_generated/api";
import { env } from "../../_generated/server";
import { notFound, readAppError } from "../../errors";
import { workosBase } from "../../lib/accounts/workos";
import { randomId } from "../../lib/randomId";
import { address } from "../../pages/components";
import type { Endpoint } from "../endpoint";
import { begunSignIn, returnOfSignIn } from "./browser";
import { openPage } from "./endpoint";
import { ownPath, redirect } from "./respond";
import { signInForm } from "./signIn";
import { hasWorkos } from "./workosSetting";

/**
 * Signing in through WorkOS AuthKit. The browser goes there and comes back with a code; the code is exchanged
 * for a link that signs in one browser once, because a cookie with `SameSite=Strict` is not sent on a way that
 * began at another site.
 */

/** Characters of the state; 43 of 64 symbols are 258 bits. */
const STATE_CHARS = 43;

const FAILED = "WorkOS did not sign you in, or this took too long. Try again.";

/** Leads to AuthKit. */
export const beginWorkos: Endpoint = openPage(
  { method: "GET", path: "/sign-in/workos" },
  (_, { request, query }) => {
    if (!hasWorkos()) throw notFound("Page");
    const state = randomId(STATE_CHARS);
    const leave = address(`${workosBase(env.WORKOS_API_URL)}/user_management/authorize`, {
      client_id: env.WORKOS_CLIENT_ID,
      redirect_uri: `${new URL(request.url).origin}/sign-in/callback`,
      response_type: "code",
      provider: "authkit",
      state,
    });
    const begun = { state, to: ownPath(query.get("to")) };
    return Promise.resolve(redirect(leave, { "Set-Cookie": begunSignIn(request, begun) }));
  },
);

/** Where AuthKit sends the browser back to. Only a browser that began there with this state is signed in. */
export const endWorkos: Endpoint = openPage(
  { method: "GET", path: "/sign-in/callback" },
  async (ctx, { request, query }) => {
    const to = returnOfSignIn(request, query.get("state") ?? "");
    const code = query.get("code") ?? "";
    if (!hasWorkos() || to === undefined || code === "") return await failed(request);
    try {
      const userId = await ctx.runAction(internal.workos.exchangeCode, { code });
      const link = await ctx.runMutation(internal.browserSessions.createLink, { userId });
      const cookie = { "Set-Cookie": begunSignIn(request, null) };
      return redirect(address("/sign-in", { code: link.code, to: ownPath(to) }), cookie);
    } catch (error) {
      if (readAppError(error)?.code === "UNAUTHORIZED") return await failed(request);
      throw error;
    }
  },
);

const failed = (request: Request) => signInForm(request, { problem: FAILED, status: 403 });
