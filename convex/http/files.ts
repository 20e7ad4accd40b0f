import { internal } from "../_generated/api";
import * as routes from "../wire/files";
import { endpoint, type Endpoint } from "./endpoint";

export const getFiles: Endpoint = endpoint(
  routes.getFiles,
  async (ctx, { caller, query: { path, limit, filters } }) => {
    const input = { caller, path, limit, filters };
    const { sessions, hasMore } = await ctx.runQuery(internal.search.forFile, input);
    return { body: { path, sessions, truncated: hasMore } };
  },
);
