import type { NumberName, Numbers } from "../numbers";
import { pick, record } from "../record";
import { claimedOf, type Counted } from "../sync/sessionTotals";

/** Explains a session's numbers, and where its plugin and its messages disagree. Pure. */

const COMPARED = ["promptTokens", "completionTokens", "totalTokens", "cost"] as const;
const SHOWN = [
  ...COMPARED,
  "cacheReadTokens",
  "cacheWriteTokens",
  "reasoningTokens",
] as const satisfies readonly NumberName[];

const NANOS = 1e9;

type Usage = { [name in (typeof SHOWN)[number]]?: number };
type Discrepancy = { [name in (typeof COMPARED)[number]]?: number } & { reason: string };
export type SessionUsage = {
  headline: "counted" | "reported" | "none";
  reported?: Usage;
  counted?: Usage;
  discrepancy?: Discrepancy;
};

type Session = Numbers & { reported: string[]; claimed?: Numbers; counted?: Counted };

/**
 * The numbers that the plugin reported, the sums over the messages, and which of them is shown
 * first.
 */
export function sessionUsage(session: Session): SessionUsage {
  const reported = pick(claimedOf(session), SHOWN);
  const counted = known(pick(session.counted ?? {}, SHOWN));
  const hasReported = Object.keys(reported).length > 0;
  const isCounted = (session.counted?.withTokens ?? 0) > 0 || (session.counted?.withCost ?? 0) > 0;
  const difference = isCounted
    ? differenceOf(reported, { ...session.counted, ...record(SHOWN, (name) => counted[name]) })
    : undefined;
  return {
    headline: isCounted ? "counted" : hasReported ? "reported" : "none",
    ...(hasReported ? { reported } : {}),
    ...(isCounted ? { counted } : {}),
    ...(difference === undefined ? {} : { discrepancy: difference }),
  };
}

/**
 * Returns a session's numbers without those that are 0. A sum of 0 is as unknown as a missing one: whether it was
 * ever counted depends on the order in which copies of a message arrived.
 */
function known<N extends { [name: string]: number | undefined }>(numbers: N): Partial<N> {
  const entries = Object.entries(numbers).filter(([, value]) => value !== undefined && value !== 0);
  // A subset of the same entries.
  return Object.fromEntries(entries) as Partial<N>;
}

/** Reported minus counted numbers, where both are known and differ. */
function differenceOf(reported: Usage, counted: Counted | undefined): Discrepancy | undefined {
  const difference: { [name in (typeof COMPARED)[number]]?: number } = {};
  for (const name of COMPARED) {
    const claimed = reported[name];
    const sum = counted?.[name];
    if (claimed === undefined || sum === undefined || claimed === 0) continue;
    if (Math.abs(claimed - sum) * NANOS < 1) continue;
    difference[name] = Math.round((claimed - sum) * NANOS) / NANOS;
  }
  if (Object.keys(difference).length === 0) return undefined;
  return { ...difference, reason: reasonOf(reported, counted) };
}

function reasonOf({ totalTokens: claimed = 0 }: Usage, counted: Counted | undefined): string {
  const {
    totalTokens = 0,
    cacheReadTokens = 0,
    cacheWriteTokens = 0,
    elsewhere = 0,
  } = counted ?? {};
  if (claimed < totalTokens) {
    return "The plugin reported its total before the last messages were sent, or its total omits some messages.";
  }
  if (elsewhere > 0) {
    return "Usage of copied messages is counted in the session they were copied from.";
  }
  const withCache = totalTokens + cacheReadTokens + cacheWriteTokens;
  if (withCache > totalTokens && Math.abs(claimed - withCache) <= withCache / 100) {
    return "The plugin's total includes cached tokens; the totals of the messages do not.";
  }
  return "Some messages were not synced, or the plugin counted some tokens more than once.";
}
