import { internal } from "../_generated/api";
import * as routes from "../wire/evals";
import { endpoint, type Endpoint } from "./endpoint";

export const patchSession: Endpoint = endpoint(
  routes.patchSession,
  async (ctx, { caller, param: id, body: edits }) => {
    const session = await ctx.runMutation(internal.evals.patchSession, { caller, id, edits });
    return { body: { ...session, session } };
  },
);

export const deleteSession: Endpoint = endpoint(
  routes.deleteSession,
  async (ctx, { caller, param: id }) => ({
    body: await ctx.runMutation(internal.evals.deleteSession, { caller, id }),
  }),
);
