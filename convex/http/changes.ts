import { internal } from "../_generated/api";
import * as routes from "../wire/changes";
import { linkTo } from "./respond";
import { endpoint, type Endpoint } from "./endpoint";

export const getChanges: Endpoint = endpoint(
  routes.getChanges,
  async (ctx, { caller, query, line, request }) => {
    const input = { caller, ...query, now: line.startedAt };
    const { isReset: reset, ...page } = await ctx.runQuery(internal.changes.page, input);
    const next = page.hasMore ? page.cursor : null;
    return { body: { ...page, reset }, headers: linkTo(request, ["cursor"], next) };
  },
);
