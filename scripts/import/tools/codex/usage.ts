import { countIn, isJsonObject, type JsonObject, numberIn } from "../../json.ts";
import type { Numbers } from "../../rows.ts";

/** Tokens of Codex, each call once. Pure. */

/** What must be remembered between two counts. */
export type UsageMemo = {
  /** The running total that was seen last, as text: the same total is the same call told again. */
  total: string;
  totals: JsonObject;
  /** The file tells the usage of each response; its counts repeat it. */
  hasRecords: boolean;
};

export const NO_USAGE: UsageMemo = { total: "", totals: {}, hasRecords: false };

/** A usage with the cache taken out of the input, which includes it. */
export function numbersOf(usage: JsonObject): Numbers {
  const read = countIn(usage, "cached_input_tokens");
  const written = countIn(usage, "cache_write_input_tokens");
  return {
    promptTokens: Math.max(0, countIn(usage, "input_tokens") - read - written),
    completionTokens: countIn(usage, "output_tokens"),
    cacheReadTokens: read,
    ...(written > 0 ? { cacheWriteTokens: written } : {}),
    reasoningTokens: countIn(usage, "reasoning_output_tokens"),
  };
}

const sorted = (fields: JsonObject) =>
  JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The usage that a `token_count` adds; undefined where it repeats one. Remembers the total. */
export function counted(memo: UsageMemo, info: unknown): Numbers | undefined {
  if (!isJsonObject(info)) return undefined;
  const total = isJsonObject(info.total_token_usage) ? info.total_token_usage : undefined;
  const text = total === undefined ? "" : sorted(total);
  const isRepeated = total !== undefined && text === memo.total;
  const before = memo.totals;
  if (total !== undefined) Object.assign(memo, { total: text, totals: total });
  if (memo.hasRecords || isRepeated) return undefined;
  if (isJsonObject(info.last_token_usage)) return numbersOf(info.last_token_usage);
  return total === undefined ? undefined : numbersOf(difference(total, before));
}

/** What a total grew by; a total that fell began again. */
function difference(total: JsonObject, before: JsonObject): JsonObject {
  const isFallen = countIn(total, "input_tokens") < countIn(before, "input_tokens");
  const entries = Object.keys(total).map((name) => {
    const value = numberIn(total, name) ?? 0;
    return [name, isFallen ? value : Math.max(0, value - countIn(before, name))] as const;
  });
  return Object.fromEntries(entries);
}

/** Whether there is anything to count. */
export const isSpent = (numbers: Numbers) => Object.values(numbers).some((value) => value > 0);
