import { fnv1a, hmacSha256 } from "../hash";
import type { Numbers } from "../numbers";
import type { Booking } from "./sessionDay";
import { nanos, totalOf, wholeCount } from "./ledger";
import type { CellSums } from "./cells";
import { grainName, modelName } from "./names";
import { unpackToolUse } from "./tools";

/**
 * The usage of a message: its identity, and what it adds to the ledger. A fork, a resume or a
 * repeated line carries usage that was counted before, so each usage is counted once per user.
 * Pure.
 */

/** The numbers of a message that count as usage. */
export type Usage = Numbers & { cacheWrite1hTokens?: number };

/** The fields of a message that its usage depends on. */
export type UsageMessage = Usage & {
  externalId: string;
  createdAt: number;
  textContent?: string;
  apiMessageId?: string;
  model?: string;
  provider?: string;
  /** The tools it called (`lib/stats/tools.ts`). */
  tools?: string;
};

/** Whether the message carries tokens or cost; only such usage can be counted twice. */
export function hasUsage(usage: Usage): boolean {
  return hasTokens(usage) || (usage.cost ?? 0) > 0;
}

export function hasTokens(usage: Usage): boolean {
  const { cacheReadTokens = 0, cacheWriteTokens = 0, reasoningTokens = 0 } = usage;
  return (totalOf(usage) ?? 0) + cacheReadTokens + cacheWriteTokens + reasoningTokens > 0;
}

/** 96 bits, so that no two usages of a user collide by chance. */
const KEY_LENGTH = 24;

/**
 * A hash that is equal for messages carrying the same usage. It covers the provider's id of the
 * response, or without one the message's own id, time, text and numbers.
 */
export function usageKey(userId: string, message: UsageMessage): string {
  return hmacSha256(userId, JSON.stringify(identityOf(message))).slice(0, KEY_LENGTH);
}

function identityOf(message: UsageMessage) {
  const { apiMessageId, externalId, createdAt, textContent } = message;
  if (apiMessageId !== undefined) return ["api", apiMessageId];
  const { promptTokens, completionTokens, totalTokens, cost } = message;
  const { cacheReadTokens, cacheWriteTokens, reasoningTokens } = message;
  const numbers = [promptTokens, completionTokens, totalTokens, cost];
  const cache = [cacheReadTokens, cacheWriteTokens, reasoningTokens];
  return ["message", externalId, createdAt, textContent ?? "", ...numbers, ...cache];
}

/** An upper bound of usages and times; fits ten digits in base 36. */
const RANK_MAX = 3e15;

/**
 * Sorts the messages that carry one usage; the first is counted. The greatest usage comes first,
 * because a response is repeated while it grows; then the earliest, because a fork is later than what
 * it copies; then that of a session without a parent, because forks copy times too. The ids break ties,
 * so that the order of arrival makes no difference.
 */
export function usageRank(
  session: { externalId: string; parentExternalId?: string },
  message: UsageMessage,
): string {
  const weight = (message.completionTokens ?? 0) + wholeCount(totalOf(message));
  const times = [RANK_MAX - Math.min(weight, RANK_MAX), message.createdAt];
  const ids = [fnv1a(session.externalId), fnv1a(message.externalId)];
  return [
    ...times.map((value) => Math.max(0, Math.round(value)).toString(36).padStart(10, "0")),
    session.parentExternalId === undefined ? "0" : "1",
    ...ids.map((value) => value.toString(36).padStart(7, "0")),
  ].join("");
}

/**
 * What a message adds to the ledger: one message, and its usage unless another message's is
 * counted.
 */
export function bookingOf(
  message: UsageMessage,
  { isCounted, sign }: { isCounted: boolean; sign: 1 | -1 },
): Booking {
  const { createdAt: at, model, provider, tools } = message;
  const sums: CellSums = { messages: 1, ...(isCounted ? usageSums(message) : {}) };
  const name = modelName(model);
  return {
    at,
    model: grainName(name),
    provider: name === undefined ? "" : grainName(provider),
    sums,
    ...(tools === undefined ? {} : { tools: unpackToolUse(tools).counts }),
    sign,
  };
}

/** Converts usage to the numbers of a cell. */
export function usageSums(usage: Usage): CellSums {
  const promptTokens = wholeCount(usage.promptTokens);
  const completionTokens = wholeCount(usage.completionTokens);
  const total = wholeCount(totalOf(usage));
  const cacheWriteTokens = wholeCount(usage.cacheWriteTokens);
  return withoutZeros({
    promptTokens,
    completionTokens,
    extraTokens: total - promptTokens - completionTokens,
    cacheReadTokens: wholeCount(usage.cacheReadTokens),
    cacheWriteTokens,
    cacheWrite1hTokens: Math.min(wholeCount(usage.cacheWrite1hTokens), cacheWriteTokens),
    reasoningTokens: wholeCount(usage.reasoningTokens),
    costNanos: nanos(usage.cost),
    uncostedTokens: usage.cost === undefined ? total : 0,
    durationMs: wholeCount(usage.durationMs),
  });
}

function withoutZeros(sums: CellSums): CellSums {
  const kept = Object.entries(sums).filter(([, value]) => value !== 0);
  return Object.fromEntries(kept);
}
