import * as z from "zod";

const count = z.number();

/** Sums of usage, wherever an answer has them. Counts that nothing knows are absent. */
export const usageSums = {
  messages: count,
  promptTokens: count,
  completionTokens: count,
  totalTokens: count,
  cacheReadTokens: count.optional(),
  cacheWriteTokens: count.optional(),
  cacheWrite1hTokens: count.optional(),
  reasoningTokens: count.optional(),
  uncostedTokens: count.optional().meta({ description: "Tokens without a reported cost." }),
  unpricedTokens: count.optional().meta({ description: "Tokens without a known price." }),
  reportedTokens: count.optional().meta({
    description:
      "The share of `totalTokens` that only sessions' own totals report, not their messages.",
  }),
  cost: count.meta({ description: "US dollars, as reported by the tools." }),
  computedCost: count
    .optional()
    .meta({ description: "US dollars, computed from the price table." }),
  reportedCost: count.optional().meta({
    description: "The share of `cost` that only sessions' own totals report, not their messages.",
  }),
};

/** Calls of tools, and results of them that report an error. */
export const byTool = z.array(z.object({ tool: z.string(), calls: count, errors: count }));
