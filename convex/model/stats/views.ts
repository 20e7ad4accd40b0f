import type { Day, Statistics } from "../../lib/stats/days";
import { NO_PROJECT } from "../../lib/stats/names";
import { splitByTool } from "../../lib/stats/toolCells";
import { splitBy, totalsOf } from "../../lib/stats/totals";

/** Days that an answer contains; the oldest are omitted. */
const DAYS_MAX = 11_000;

/** Statistics as an answer: totals, and totals by name, tool, day and hour. */
export function statsAnswer({ days, rows, hours, tools }: Statistics) {
  const totals = totalsOf(rows);
  const split = (name: "model" | "provider" | "source" | "project") => splitBy(rows, name);
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
    byProvider: split("provider").map(({ key, ...sums }) => ({
      provider: key || "unknown",
      ...sums,
    })),
    bySource: split("source").map(({ key, ...sums }) => ({ source: key, ...sums })),
    byProject: split("project").map(({ key, ...sums }) => ({
      project: key || NO_PROJECT,
      ...sums,
    })),
    byTool: splitByTool(tools),
    byDay: totalsByDay(days),
    byHour: Array.from(hours, ([hour, ofHour]) => ({ hour, ...totalsOf(ofHour) })).sort(
      (a, b) => a.hour - b.hour,
    ),
  };
}

/** Totals of each active day, oldest first. */
export function totalsByDay(days: readonly Day[]) {
  return days
    .slice(0, DAYS_MAX)
    .map(({ date, rows }) => ({ date, ...totalsOf(rows) }))
    .reverse();
}
