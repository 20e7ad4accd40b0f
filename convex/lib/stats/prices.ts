import {
  calcPrice,
  findProvider,
  type MatchLogic,
  type PriceOptions,
  type Usage,
} from "@pydantic/genai-prices";
import type { CellSums } from "./cells";
import { nanos, totalOf, wholeCount } from "./ledger";
import { record } from "../record";
import { modelKey, modelName } from "./names";
import type { UsageMessage } from "./usage";

/**
 * What the usage of one message costs by a public price table (`@pydantic/genai-prices`, MIT). Each
 * message is priced alone and at its own date, because some prices depend on the size of the request
 * and all change with time. What the table does not know has no price; it is never guessed. Pure.
 */

/**
 * Version of the price table. `package.json` pins it, and a test compares the two. After an upgrade, a migration
 * counts those messages again whose price has changed (`model/migrations/prices.ts`).
 */
export const PRICE_TABLE = "genai-prices 0.1.8";

/** Tokens of one request. `promptTokens` are without cached ones, `completionTokens` with reasoning. */
const PRICED_NUMBERS = [
  "promptTokens",
  "completionTokens",
  "cacheReadTokens",
  // All tokens written to the cache, and those of them that are kept for an hour.
  "cacheWriteTokens",
  "cacheWrite1hTokens",
] as const;
export type PricedUsage = { [name in (typeof PRICED_NUMBERS)[number]]: number };

/** US dollars, and the entry of the table that they come from. */
export type Price = { dollars: number; priceId: string };

/**
 * Makers whose models nobody else may run. Where a reseller is not in the table, its list price is the
 * maker's; an open model may cost anything elsewhere.
 */
const MAKERS = new Set(["anthropic", "openai", "google", "x-ai"]);

/** The price of a message in whole nano-dollars; null where the table has none. */
export function priceNanos(message: UsageMessage): number | null {
  const usage = usageOf(message);
  // A total alone does not tell input from output.
  if (Object.values(usage).every((tokens) => tokens === 0)) return null;
  const { model, provider, createdAt: at } = message;
  const price = priceOf({ model, provider, at }, usage);
  return price === null ? null : nanos(price.dollars);
}

/** What the price of a message adds to the ledger: nano-dollars, or tokens that have no known price. */
export function priceSums(message: UsageMessage, price: number | null): CellSums {
  const total = wholeCount(totalOf(message));
  if (price === null) return total === 0 ? {} : { unpricedTokens: total };
  return price === 0 ? {} : { computedNanos: price };
}

function usageOf(message: UsageMessage): PricedUsage {
  return record(PRICED_NUMBERS, (name) => wholeCount(message[name]));
}

/** The price of a request at this time (ms), or null where the table has none. */
export function priceOf(
  { model, provider, at }: { model: string | undefined; provider: string | undefined; at: number },
  usage: PricedUsage,
): Price | null {
  const name = modelName(model);
  if (name === undefined) return null;
  const { promptTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const units = {
    input_tokens: promptTokens + cacheReadTokens + cacheWriteTokens,
    output_tokens: usage.completionTokens,
    cache_read_tokens: cacheReadTokens,
    cache_write_tokens: cacheWriteTokens,
    cache_write_1h_tokens: Math.min(usage.cacheWrite1hTokens, cacheWriteTokens),
  };
  const seller = sellerOf(provider);
  if (seller !== undefined) {
    const price = listed(name, units, { timestamp: new Date(at), providerId: seller });
    if (price !== null) return price;
  }
  const price = listed(name, units, { timestamp: new Date(at) });
  const isAnyones = !provider?.trim() || seller === price?.maker;
  return price !== null && (isAnyones || MAKERS.has(price.maker)) ? price : null;
}

/** The entry of the table that a model is priced by at this time (ms). */
export function priceIdOf(what: Parameters<typeof priceOf>[0]): string | undefined {
  return priceOf(
    what,
    record(PRICED_NUMBERS, () => 0),
  )?.priceId;
}

type Listed = Price & { maker: string };

/** Prices that depend on no time, by what was asked for: a response that arrives in several messages repeats its usage. */
const timeless = new Map<string, Listed>();
const TIMELESS_MAX = 100;

function listed(name: string, units: Usage, options: PriceOptions): Listed | null {
  const key = JSON.stringify([name, options.providerId, units]);
  const known = timeless.get(key);
  if (known !== undefined) return known;
  const found = lookedUp(name, units, options);
  if (found === null) return null;
  const { isTimeless, ...price } = found;
  if (!isTimeless) return price;
  if (timeless.size === TIMELESS_MAX) timeless.clear();
  timeless.set(key, price);
  return price;
}

function lookedUp(
  name: string,
  units: Usage,
  options: PriceOptions,
): (Listed & { isTimeless: boolean }) | null {
  for (const spelling of spellingsOf(name)) {
    const found = calcPrice(units, spelling, options);
    if (found === null || !isNamed(found.model, spelling)) continue;
    const maker = found.provider.id;
    const priceId = `${maker}/${found.model.id}`;
    // A list holds prices of several times.
    const isTimeless = !Array.isArray(found.model.prices);
    return { dollars: found.total_price, priceId, maker, isTimeless };
  }
  return null;
}

/** The table's id of a provider, if it has one. */
function sellerOf(provider: string | undefined): string | undefined {
  const providerId = provider?.trim().toLowerCase();
  return providerId ? findProvider({ providerId })?.id : undefined;
}

/** How the table may spell a model: as sent, without a maker before a slash, without a cloud around it. */
function spellingsOf(name: string): string[] {
  const lower = name.toLowerCase();
  const own = lower.slice(lower.lastIndexOf("/") + 1);
  const bare = own
    .replace(/^(?:(?:us|eu|apac|au|jp|global)\.)?(?:anthropic|openai|google|amazon)\./, "")
    .replace(/-v\d+:\d+$/, "")
    .replace(/@/, "-");
  return [...new Set([lower, own, bare])];
}

/**
 * Whether the table means this very model. It matches many names by their beginning, so that
 * `claude-sonnet-5.5` would get the price of `claude-sonnet-5`: here only a date may follow.
 */
function isNamed({ id, match }: { id: string; match: MatchLogic }, spelling: string): boolean {
  const key = priceKey(spelling);
  return [id, ...namesIn(match)].some((name) => priceKey(name) === key);
}

/** The key of a model; previews are listed under the model that they became. */
function priceKey(name: string): string {
  return modelKey(name).replace(/-(?:preview|exp)(?:-\d{2}-\d{2}(?:-\d{4})?|-\d{2}-\d{4})?$/, "");
}

function namesIn(match: MatchLogic): string[] {
  if ("or" in match) return match.or.flatMap(namesIn);
  if ("and" in match) return match.and.flatMap(namesIn);
  if ("equals" in match) return [match.equals];
  return "starts_with" in match ? [match.starts_with] : [];
}
