import { internal } from "../_generated/api";
import * as routes from "../wire/changes";
import { endpoint, type Endpoint } from "./endpoint";

export const getChanges: Endpoint = endpoint(
  routes.getChanges,
  async (ctx, { caller, query, line }) => {
    const input = { caller, ...query, now: line.startedAt };
    const { isReset: reset, ...page } = await ctx.runQuery(internal.changes.page, input);
    return { body: { ...page, reset } };
  },
);
