import { DAY_MS, utcDate } from "../time";
import { QUARTERS_A_DAY } from "./cells";
import { type Day, Rows } from "./days";
import { modelKey } from "./names";
import { PRICE_TABLE, priceIdOf } from "./prices";
import { contributionOf, type SessionDay } from "./sessionDay";
import { addCount, splitByTool, type ToolSplit } from "./toolCells";
import type { ToolCount } from "./tools";
import { splitBy, type Totals, totalsOf } from "./totals";

/** What one session used, by model and by day, from its days in the ledger. Pure. */

/** Sums of one session; it is one session in every row, so that its number is left out. */
type SessionSums = Omit<Totals, "sessions" | "durationMs">;

export type SessionSplits = {
  byModel: ({ model: string; priceId?: string } & SessionSums)[];
  /** Days in UTC, oldest first. */
  byDay: ({ date: string } & SessionSums)[];
  byTool: ToolSplit[];
  /** The price table behind `computedCost` and `priceId`. */
  priceTable: string;
};

export function sessionSplits(days: readonly SessionDay[]): SessionSplits {
  const { rows, byDate, tools } = sumsOfDays(days);
  return {
    byModel: splitBy(rows, "model").map(({ key, lastActiveAt, ...sums }) => {
      const row = rows.find(({ model }) => modelKey(model) === modelKey(key));
      const priceId = priceIdOf({ model: key, provider: row?.provider, at: lastActiveAt });
      return { model: key || "unknown", ...(priceId ? { priceId } : {}), ...sumsOf(sums) };
    }),
    byDay: byDate.map(({ date, rows }) => ({ date, ...sumsOf(totalsOf(rows)) })),
    byTool: splitByTool(tools),
    priceTable: PRICE_TABLE,
  };
}

/**
 * Sums up all days and each of them, oldest first. Takes half of the time of `statisticsOf`, which reads the packed
 * cells of the ledger's rows and also sums up hours.
 */
function sumsOfDays(days: readonly SessionDay[]) {
  const all = new Rows();
  const byDate: Day[] = [];
  const tools = new Map<string, ToolCount>();
  for (const day of days) {
    const ofDay = new Rows();
    for (const { grain, cells, tools: ofGrain } of contributionOf(day).values()) {
      for (const [at, { sums, gaps }] of cells) {
        const quarter = day.day * QUARTERS_A_DAY + at;
        // A gap of 0: the session was not active before.
        const sessions = gaps.get(0) ?? 0;
        all.add(grain, quarter, sums, sessions);
        ofDay.add(grain, quarter, sums, sessions);
      }
      for (const [tool, quarters] of ofGrain)
        for (const count of quarters.values()) addCount(tools, tool, count);
    }
    const rows = ofDay.list();
    if (rows.length > 0) byDate.push({ date: utcDate(day.day * DAY_MS), rows });
  }
  byDate.sort((a, b) => (a.date < b.date ? -1 : 1));
  return { rows: all.list(), byDate, tools };
}

function sumsOf({ sessions: _sessions, durationMs: _durationMs, ...sums }: Totals): SessionSums {
  return sums;
}
