import { OTHER, type LedgerRow } from "./ledger";
import type { Day } from "./days";
import { splitBy, totalsOf } from "./totals";
import { DAY_MS, dayStart, utcDate } from "../time";

/** Days shown for comparison, including the day itself. */
export const RECENT_DAYS = 14;

const TOP = 5;

/** A user's day in numbers. */
export type WrappedStats = {
  totalTokens: number;
  promptTokens: number;
  completionTokens: number;
  totalMessages: number;
  sessionCount: number;
  cost: number;
  durationMs: number;
  topModels: { model: string; tokens: number }[];
  topProviders: { provider: string; tokens: number }[];
  topProjects: { project: string; tokens: number }[];
  topSources: { source: string; tokens: number }[];
};

/** The numbers of a day, with the five largest groups of each kind by tokens; the sum of many small ones is last. */
export function wrappedStats(rows: readonly LedgerRow[]): WrappedStats {
  const totals = totalsOf(rows);
  const top = (name: "model" | "provider" | "project" | "source") =>
    splitBy(rows, name)
      .sort((a, b) => Number(a.key === OTHER) - Number(b.key === OTHER))
      .slice(0, TOP)
      .map(({ key, totalTokens }) => ({ name: key, tokens: totalTokens }));
  return {
    totalTokens: totals.totalTokens,
    promptTokens: totals.promptTokens,
    completionTokens: totals.completionTokens,
    totalMessages: totals.messages,
    sessionCount: totals.sessions,
    cost: totals.cost,
    durationMs: totals.durationMs,
    topModels: top("model").map(({ name, tokens }) => ({ model: name || "unknown", tokens })),
    topProviders: top("provider").map(({ name, tokens }) => ({
      provider: name || "unknown",
      tokens,
    })),
    topProjects: top("project").map(({ name, tokens }) => ({
      project: name || "No project",
      tokens,
    })),
    topSources: top("source").map(({ name, tokens }) => ({ source: name, tokens })),
  };
}

/** Tokens of the days up to and including `date`, oldest first; days without sessions are 0. */
export function recentTokens(
  days: readonly Day[],
  date: string,
): { date: string; tokens: number }[] {
  const byDate = new Map(days.map((day) => [day.date, totalsOf(day.rows).totalTokens]));
  const end = dayStart(date);
  return Array.from({ length: RECENT_DAYS }, (_, index) => {
    const day = utcDate(end - (RECENT_DAYS - 1 - index) * DAY_MS);
    return { date: day, tokens: byDate.get(day) ?? 0 };
  });
}
