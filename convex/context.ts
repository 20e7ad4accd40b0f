import { v } from "convex/values";
import { callerQuery } from "./functions";
import { vVectorHits } from "./model/embedding/vectorHits";
import { vFilters } from "./model/search/filters";
import * as Context from "./model/search/context";

/** Packs the caller's most relevant texts for a question into a token budget. */
export const build = callerQuery({
  args: {
    query: v.string(),
    limit: v.number(),
    maxTokens: v.number(),
    filters: v.optional(vFilters),
    masks: v.optional(v.boolean()),
    hits: vVectorHits,
  },
  handler: (ctx, input) => Context.build(ctx, ctx.user, input),
});
