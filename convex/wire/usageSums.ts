import * as z from "zod";
import { count, dollars, text, tokens } from "./units";

/** Sums of usage, wherever an answer has them. Counts that nothing knows are absent. */
export const usageSums = {
  messages: count("Number of messages."),
  promptTokens: tokens("Input"),
  completionTokens: tokens("Output"),
  totalTokens: tokens("All"),
  cacheReadTokens: tokens("Input read from the provider's cache").optional(),
  cacheWriteTokens: tokens("Input written to the provider's cache").optional(),
  cacheWrite1hTokens: tokens("The share of `cacheWriteTokens` cached for an hour").optional(),
  reasoningTokens: tokens("Output spent on reasoning").optional(),
  uncostedTokens: tokens("Without a reported cost").optional(),
  unpricedTokens: tokens("Without a known price").optional(),
  reportedTokens: tokens(
    "The share of `totalTokens` that only sessions' own totals report, not their messages",
  ).optional(),
  cost: dollars("As reported by the tools"),
  computedCost: dollars("Computed from the price table").optional(),
  reportedCost: dollars(
    "The share of `cost` that only sessions' own totals report, not their messages",
  ).optional(),
};

/** Calls of tools, and results of them that report an error. */
export const byTool = z.array(
  z.object({
    tool: text("The tool's name."),
    calls: count("Number of calls."),
    errors: count("Number of results that report an error."),
  }),
);
