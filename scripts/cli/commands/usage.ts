import { costOf, shortCost, shortCount } from "../../../convex/lib/stats/labels.ts";
import type { StatsAnswer } from "../../../convex/wire/stats.ts";
import { type Command, printJson, readArgs } from "../command.ts";
import { EXIT, usageError } from "../failure.ts";
import { FILTER_OPTIONS, filterQuery } from "../filters.ts";
import { line, table } from "../text.ts";

type Sums = StatsAnswer["totals"];

/** What tokens and cost can be split by, and the rows of each split. */
const SPLITS: { readonly [name: string]: (stats: StatsAnswer) => (readonly [string, Sums])[] } = {
  model: (stats) => stats.byModel.map((row) => [row.model, row]),
  provider: (stats) => stats.byProvider.map((row) => [row.provider, row]),
  source: (stats) => stats.bySource.map((row) => [row.source, row]),
  project: (stats) => stats.byProject.map((row) => [row.project, row]),
  day: (stats) => stats.byDay.map((row) => [row.date, row]),
  hour: (stats) => stats.byHour.map((row) => [String(row.hour).padStart(2, "0"), row]),
};

const ROWS_MAX = 40;

export const usage: Command = {
  usage: "usage [--by model|provider|source|project|tool|day|hour] [--since 30d] [--tz local]",
  summary: "tokens and cost",
  run: async ({ io, client, args }) => {
    const { values, positionals } = readArgs(args, {
      ...FILTER_OPTIONS,
      by: { type: "string", default: "model" },
      tz: { type: "string" },
    });
    const split = SPLITS[values.by];
    const isByTool = values.by === "tool";
    if ((split === undefined && !isByTool) || positionals.length > 0)
      throw usageError(`usage --by takes one of ${[...Object.keys(SPLITS), "tool"].join(", ")}.`);
    const tz = values.tz === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : values.tz;
    const stats = await client.get<StatsAnswer>("/api/stats", { ...filterQuery(io, values), tz });
    if (values.json) printJson(io, stats);
    else if (split === undefined) printTools(io.out, stats.byTool);
    else print(io.out, split(stats), stats.totals, values.by);
    return stats.totals.sessions > 0 || stats.totals.totalTokens > 0
      ? EXIT.done
      : EXIT.nothingFound;
  },
};

function print(
  out: (text: string) => void,
  rows: readonly (readonly [string, Sums])[],
  totals: Sums,
  by: string,
): void {
  const shown = rows
    .slice(0, ROWS_MAX)
    .map(([name, sums]) => [line(name || "(none)", 40), ...numbers(sums)]);
  const head = [by, "sessions", "tokens", "in", "out", "reported", "by prices"];
  out(table([head, ...shown, ["total", ...numbers(totals)]]));
  if (rows.length > ROWS_MAX) out(`and ${rows.length - ROWS_MAX} more; --json has them all`);
}

function printTools(out: (text: string) => void, tools: StatsAnswer["byTool"]): void {
  const rows = tools.map(({ tool, calls, errors }) => [tool, String(calls), String(errors)]);
  const sum = (name: "calls" | "errors") => String(tools.reduce((all, one) => all + one[name], 0));
  const shown = rows
    .slice(0, ROWS_MAX)
    .map(([tool = "", ...counts]) => [line(tool, 40), ...counts]);
  out(table([["tool", "calls", "errors"], ...shown, ["total", sum("calls"), sum("errors")]]));
  if (rows.length > ROWS_MAX) out(`and ${rows.length - ROWS_MAX} more; --json has them all`);
}

function numbers(sums: Sums): string[] {
  const { sessions, totalTokens, promptTokens, completionTokens, computedCost } = sums;
  const computed = computedCost === undefined ? "unknown" : shortCost(computedCost);
  const counts = [totalTokens, promptTokens, completionTokens].map(shortCount);
  return [String(sessions), ...counts, costOf(sums), computed];
}
