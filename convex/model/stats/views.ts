import { type Day, splitBy, totalsOf, withOthers } from "../../lib/stats/totals";
import { rowsOf } from "./dashboardDays";

/** Names that one split lists, far below the 8,192 elements that a Convex value may have. */
const SPLITS_MAX = 2_000;

/** Totals and splits over some days, of one source or of all. */
export function statsAnswer(days: readonly Day[], source: string | undefined) {
  const rows = rowsOf(days, source);
  const totals = totalsOf(rows);
  const split = (name: "model" | "provider" | "source" | "project") =>
    withOthers(splitBy(rows, name), SPLITS_MAX);
  return {
    sessionCount: totals.sessions,
    messageCount: totals.messages,
    promptTokens: totals.promptTokens,
    completionTokens: totals.completionTokens,
    totalTokens: totals.totalTokens,
    totalCost: totals.cost,
    totalDurationMs: totals.durationMs,
    totals,
    byModel: split("model").map(({ key, ...sums }) => ({ model: key || "unknown", ...sums })),
    byProvider: split("provider").map(({ key, ...sums }) => ({ provider: key, ...sums })),
    bySource: split("source").map(({ key, ...sums }) => ({ source: key, ...sums })),
    byProject: split("project").map(({ key, ...sums }) => ({ project: key || "Other", ...sums })),
    byDay: totalsByDay(days, source),
  };
}

/** Totals of each day, oldest first, of one source or of all; days without sessions left out. */
export function totalsByDay(days: readonly Day[], source: string | undefined) {
  return days
    .map((day) => ({ date: day.date, ...totalsOf(rowsOf([day], source)) }))
    .filter(({ sessions }) => sessions > 0)
    .reverse();
}
