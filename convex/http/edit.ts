import { internal } from "../_generated/api";
import { env } from "../_generated/server";
import { totalCount } from "../lib/secrets/counts";
import * as routes from "../wire/evals";
import { endpoint, type Endpoint } from "./endpoint";

export const patchSession: Endpoint = endpoint(
  routes.patchSession,
  async (ctx, { caller, param: id, body: edits }) => {
    const session = await ctx.runMutation(internal.evals.patchSession, { caller, id, edits });
    const { isPublic, publicSlug, secrets } = session;
    const shared =
      isPublic && publicSlug !== undefined
        ? {
            publicUrl: `${env.CONVEX_SITE_URL}/s/${publicSlug}`,
            maskedSecrets: totalCount(secrets),
          }
        : {};
    return { body: { ...session, session, ...shared } };
  },
);

export const deleteSession: Endpoint = endpoint(
  routes.deleteSession,
  async (ctx, { caller, param: id }) => ({
    body: await ctx.runMutation(internal.evals.deleteSession, { caller, id }),
  }),
);
