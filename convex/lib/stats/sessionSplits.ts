import { DAY_MS, utcDate } from "../time";
import { packCells } from "./cells";
import { type StoredDay, statisticsOf } from "./days";
import { modelKey } from "./names";
import { PRICE_TABLE, priceIdOf } from "./prices";
import { contributionOf, packed, type SessionDay } from "./sessionDay";
import { splitByTool, type ToolSplit } from "./toolCells";
import { splitBy, type Totals, totalsOf } from "./totals";
import { UTC, Zone } from "./zones";

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
  const stored = days.map(storedDay);
  const { rows, days: byDate, tools } = statisticsOf(stored, {}, { zone: new Zone(UTC) });
  return {
    byModel: splitBy(rows, "model").map(({ key, lastActiveAt, ...sums }) => {
      const row = rows.find(({ model }) => modelKey(model) === modelKey(key));
      const priceId = priceIdOf({ model: key, provider: row?.provider, at: lastActiveAt });
      return { model: key || "unknown", ...(priceId ? { priceId } : {}), ...sumsOf(sums) };
    }),
    byDay: byDate.map(({ date, rows }) => ({ date, ...sumsOf(totalsOf(rows)) })).reverse(),
    byTool: splitByTool(tools),
    priceTable: PRICE_TABLE,
  };
}

function storedDay(day: SessionDay): StoredDay {
  const grains = Array.from(contributionOf(day).values(), ({ grain, cells, tools }) => ({
    ...grain,
    cells: packCells(cells),
    ...packed(tools),
  }));
  return { date: utcDate(day.day * DAY_MS), grains, whole: [] };
}

function sumsOf({ sessions: _sessions, durationMs: _durationMs, ...sums }: Totals): SessionSums {
  return sums;
}
