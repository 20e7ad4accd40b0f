import { describe, expect, test } from "vitest";
import { type PricedUsage, priceOf } from "./prices";

const M = 1_000_000;
const usage = (some: Partial<PricedUsage>): PricedUsage => ({
  ...{ promptTokens: 0, completionTokens: 0 },
  ...{ cacheReadTokens: 0, cacheWriteTokens: 0, cacheWrite1hTokens: 0 },
  ...some,
});
const price = (model: string, some: Partial<PricedUsage>, provider?: string, day = "2026-06-01") =>
  priceOf({ model, provider, at: Date.parse(day) }, usage(some));

/**
 * List prices in dollars a million tokens, as the makers publish them (docs.anthropic.com pricing,
 * openai.com/api/pricing, ai.google.dev pricing, docs.x.ai models): input, output, cache read.
 */
test.each([
  ["claude-opus-4-1", 15, 75, 1.5],
  ["claude-haiku-4-5", 1, 5, 0.1],
  ["claude-3-5-haiku-20241022", 0.8, 4, 0.08],
  ["gpt-5", 1.25, 10, 0.125],
  ["gpt-5-mini", 0.25, 2, 0.025],
  ["gpt-4o", 2.5, 10, 1.25],
  ["gpt-4.1", 2, 8, 0.5],
  ["o3", 2, 8, 0.5],
  ["gemini-2.5-flash", 0.3, 2.5, 0.03],
  ["grok-4", 3, 15, 0.75],
])("%s costs $%f a million tokens read, $%f written, $%f from the cache", (model, i, o, r) => {
  const tokens = 100_000;
  expect(price(model, { promptTokens: tokens })?.dollars).toBeCloseTo(i / 10, 9);
  expect(price(model, { completionTokens: tokens })?.dollars).toBeCloseTo(o / 10, 9);
  expect(price(model, { cacheReadTokens: tokens })?.dollars).toBeCloseTo(r / 10, 9);
});

describe("cache writes of Claude", () => {
  test("for five minutes cost 1.25 times the input, for an hour twice", () => {
    const cacheWriteTokens = 100_000;
    expect(price("claude-opus-4-1", { cacheWriteTokens })?.dollars).toBeCloseTo(1.875, 9);
    const hour = { cacheWriteTokens, cacheWrite1hTokens: cacheWriteTokens };
    expect(price("claude-opus-4-1", hour)?.dollars).toBeCloseTo(3, 9);
  });
  test("of both kinds in one request are priced each by its own rate", () => {
    const both = { cacheWriteTokens: 100_000, cacheWrite1hTokens: 40_000 };
    expect(price("claude-opus-4-1", both)?.dollars).toBeCloseTo(0.06 * 18.75 + 0.04 * 30, 9);
  });
});

test("a request beyond a tier is priced whole by the higher rate, its cached tokens included", () => {
  expect(price("claude-sonnet-4-5", { promptTokens: 200_000 })?.dollars).toBeCloseTo(0.6, 9);
  expect(price("claude-sonnet-4-5", { promptTokens: 300_000 })?.dollars).toBeCloseTo(1.8, 9);
  const cached = { promptTokens: 1, cacheReadTokens: 250_000 };
  expect(price("claude-sonnet-4-5", cached)?.dollars).toBeCloseTo(0.15 + 6 / M, 9);
});

/** Rates of one request in dollars a million tokens, below and beyond the tier of its size. */
test.each([
  ["claude-sonnet-4-5", 200_000, [3, 15, 0.3], [6, 22.5, 0.6]],
  ["gemini-2.5-pro", 200_000, [1.25, 10, 0.125], [2.5, 15, 0.25]],
  ["gpt-5.4", 272_000, [2.5, 15, 0.25], [5, 22.5, 0.5]],
])("%s has other prices for requests of more than %d tokens", (model, size, below, beyond) => {
  for (const [promptTokens, rates] of [
    [size - 1_000, below],
    [size + 1_000, beyond],
  ] as const) {
    const [input = 0, output = 0, cacheRead = 0] = rates;
    const request = { promptTokens, completionTokens: 2_000 };
    const dollars = (promptTokens * input + 2_000 * output) / M;
    expect(price(model, request)?.dollars).toBeCloseTo(dollars, 9);
    const cached = { ...request, promptTokens: promptTokens - 500, cacheReadTokens: 500 };
    const saved = (500 * (input - cacheRead)) / M;
    expect(price(model, cached)?.dollars).toBeCloseTo(dollars - saved, 9);
  }
});

test("equal requests are priced each at its own time, where the price depends on it", () => {
  const million = usage({ promptTokens: 1_000_000 });
  const at = (time: string) =>
    priceOf({ model: "deepseek-chat", provider: "deepseek", at: Date.parse(time) }, million);
  const [day, night] = [at("2025-06-01T12:00Z"), at("2025-06-01T20:00Z")];
  expect(day?.dollars).toBeCloseTo(0.27, 9);
  expect(night?.dollars).toBeCloseTo(0.135, 9);
  expect(at("2025-06-01T12:00Z")).toEqual(day);
});

test("a request that is asked for again has the price of its own numbers", () => {
  const cents = (promptTokens: number) =>
    price("claude-opus-4-1", { promptTokens }, "anthropic")?.dollars;
  expect([cents(1_000), cents(2_000), cents(1_000)]).toEqual([0.015, 0.03, 0.015]);
});

/** Requests as a bill has them: every kind of token at once. */
test.each([
  // 2,000 × $3 + 500 × $15 + 40,000 × $0.30 + 6,000 × $3.75 + 4,000 × $6, a million.
  [
    "claude-sonnet-4-5",
    { promptTokens: 2_000, completionTokens: 500, cacheReadTokens: 40_000 },
    { cacheWriteTokens: 10_000, cacheWrite1hTokens: 4_000 },
    0.072,
  ],
  // 9,000 × $1.25 + 1,000 × $10 + 91,000 × $0.125.
  [
    "gpt-5",
    { promptTokens: 9_000, completionTokens: 1_000, cacheReadTokens: 91_000 },
    {},
    0.032625,
  ],
])("a request of %s costs the sum of its kinds", (model, read, written, dollars) => {
  expect(price(model, { ...read, ...written })?.dollars).toBeCloseTo(dollars, 9);
});

test.each([
  ["claude-sonnet-4-5-20250929", undefined, "anthropic/claude-sonnet-4-5"],
  ["claude-sonnet-4.5", undefined, "anthropic/claude-sonnet-4-5"],
  ["anthropic/claude-sonnet-4.5", "opencode", "anthropic/claude-sonnet-4-5"],
  ["us.anthropic.claude-opus-4-1-20250805-v1:0", undefined, "anthropic/claude-opus-4-1"],
  ["claude-opus-4-1@20250805", undefined, "anthropic/claude-opus-4-1"],
  ["GPT-5", "github-copilot", "openai/gpt-5"],
  ["gemini-2.5-pro-preview-06-05", undefined, "google/gemini-2.5-pro"],
])("%s (from %s) has the price of %s", (model, provider, priceId) => {
  expect(price(model, { promptTokens: 10 }, provider)?.priceId).toBe(priceId);
});

test.each([
  ["claude-sonnet-5.5", undefined],
  ["claude-sonnet-4-50", undefined],
  ["gpt-5-nano-turbo", undefined],
  // Newer models whose names begin with those of older ones.
  ["claude-opus-4-9", "anthropic"],
  ["claude-opus-6", "anthropic"],
  ["gpt-5.9", "openai"],
  ["gpt-4.1-ultra", "openai"],
  ["gemini-2.5-pro-max", "google"],
  ["grok-4.7", "x-ai"],
  ["o3-max", "openai"],
  ["gpt-6", "openai"],
  ["big-pickle", "opencode"],
  ["<synthetic>", "anthropic"],
  ["", undefined],
  // An open model may cost anything where the table does not know the seller.
  ["deepseek-chat", "ollama"],
  ["kimi-k2", "my-own-server"],
])("%j (from %s) has no price", (model, provider) => {
  expect(price(model, { promptTokens: 10, completionTokens: 10 }, provider)).toBeNull();
});
