import { internal } from "../_generated/api";
import { totalCount } from "../lib/secrets/counts";
import * as routes from "../wire/evals";
import { endpoint, type Endpoint } from "./endpoint";

export const patchSession: Endpoint = endpoint(
  routes.patchSession,
  async (ctx, { caller, param: id, body: edits }) => {
    const session = await ctx.runMutation(internal.evals.patchSession, { caller, id, edits });
    const shared = session.isPublic ? { maskedSecrets: totalCount(session.secrets) } : {};
    return { body: { ...session, session, ...shared } };
  },
);

export const deleteSession: Endpoint = endpoint(
  routes.deleteSession,
  async (ctx, { caller, param: id }) => ({
    body: await ctx.runMutation(internal.evals.deleteSession, { caller, id }),
  }),
);
