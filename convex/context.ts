import { v } from "convex/values";
import { callerQuery } from "./functions";
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
    hits: v.array(v.object({ _id: v.id("messageEmbeddings"), _score: v.number() })),
  },
  handler: (ctx, input) => Context.build(ctx, ctx.user, input),
});
