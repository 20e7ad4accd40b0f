import type { Cost } from "./cost.ts";
import type { Live } from "./live.ts";

/** What an active developer costs on Convex Cloud in a month, from what a live session was measured to cost. */

const SESSIONS_PER_MONTH = 300;
const MESSAGES_PER_SESSION = 150;

/**
 * Convex's Free plan, a month and team, in its own units (GB = 10^9 bytes), and what Starter charges
 * beyond the same amounts, in US dollars for the US regions. From the documentation in
 * get-convex/convex-backend, `npm-packages/docs/docs/production/state/limits.mdx` at 02b250b, read on
 * 2026-11-22; https://docs.convex.dev/production/state/limits says what holds today.
 */
export const FREE_PLAN = {
  functionCalls: 1_000_000,
  ioBytes: 1e9,
  storageBytes: 0.5e9,
  searchBytes: 0.5e9,
} as const;
const STARTER_DOLLARS = {
  functionCalls: 2.2 / 1e6,
  ioBytes: 0.22 / 1e9,
  storageBytes: 0.22 / 1e9,
  searchBytes: 0.55 / 1e9,
} as const;

type Month = Record<keyof typeof FREE_PLAN, number> & {
  embeddingTokens: number;
  /** Developers whose calls and database I/O fit the Free plan each month. */
  developersFree: number;
  /** Months of one developer until storage is full; nothing is ever deleted by itself. */
  monthsFree: number;
  /** Dollars of this month's use at Starter's prices, the included amounts not deducted. */
  dollarsStarter: number;
};

const ioBytes = ({ bytesRead, bytesWritten }: Cost) => bytesRead + bytesWritten;

/** A month of sessions like the one that was measured. */
export function monthOf(live: Live): Month {
  const times = (SESSIONS_PER_MONTH * MESSAGES_PER_SESSION) / live.messages;
  const use = {
    functionCalls: times * (live.foreground.functionCalls + live.background.functionCalls),
    ioBytes: times * (ioBytes(live.foreground) + ioBytes(live.background)),
    storageBytes: times * (live.stored.rowBytes + live.stored.indexBytes),
    searchBytes: times * live.stored.searchBytes,
  };
  const fits = (what: keyof typeof FREE_PLAN) => FREE_PLAN[what] / use[what];
  const dollars = (what: keyof typeof FREE_PLAN) => use[what] * STARTER_DOLLARS[what];
  return {
    ...use,
    embeddingTokens: times * live.embeddingTokens,
    developersFree: Math.min(fits("functionCalls"), fits("ioBytes")),
    monthsFree: Math.min(fits("storageBytes"), fits("searchBytes")),
    dollarsStarter:
      dollars("functionCalls") +
      dollars("ioBytes") +
      dollars("storageBytes") +
      dollars("searchBytes"),
  };
}
