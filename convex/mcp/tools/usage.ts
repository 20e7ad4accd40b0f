import * as z from "zod";
import { internal } from "../../_generated/api";
import { type StatsAnswer, StatsQuery } from "../../wire/stats";
import { costOf, shortCost } from "../../lib/stats/labels";
import { parse } from "../parse";
import { AnswerText, quotedLabel } from "../text";
import { type Tool, tool } from "../tool";

/** Rows of each split: the first ones carry nearly all of it. */
const ROWS_SHOWN = 6;
const DAYS_SHOWN = 10;
const TOOLS_SHOWN = 10;

export const usage: Tool = tool({
  name: "usage",
  title: "Tokens and cost",
  description:
    "Sessions, tokens and cost of the user's coding tools over a range of days, in all and by model, source, project and day, and calls and errors per tool. Call it only when the user asks about usage or cost.",
  input: z.object({
    from: z.string().max(40).optional().describe("First day, `YYYY-MM-DD`. All days if left out."),
    to: z.string().max(40).optional().describe("Last day."),
    tz: z.string().max(60).optional().describe("Time zone of the days, e.g. `Europe/Berlin`."),
    source: z.string().max(100).optional().describe("Only this tool, e.g. `claude-code`."),
  }),
  run: async ({ ctx, caller }, args) => {
    const query = parse(StatsQuery, args);
    const stats = await ctx.runQuery(internal.analytics.stats, { caller, ...query });
    const { totals } = stats;
    const range = [args.from ?? "the first day", args.to ?? "today"].join(" to ");
    const answer = new AnswerText(
      `Usage from ${range} (${stats.timeZone})\nIn all: ${sums(totals)}`,
    );
    add(
      answer,
      "By model",
      stats.byModel.map((row) => [row.model, row] as const),
    );
    add(
      answer,
      "By source",
      stats.bySource.map((row) => [row.source, row] as const),
    );
    add(
      answer,
      "By project",
      stats.byProject.map((row) => [row.project, row] as const),
    );
    addTools(answer, stats.byTool);
    const days = stats.byDay.slice(-DAYS_SHOWN).map((row) => [row.date, row] as const);
    add(answer, "Latest days", days, DAYS_SHOWN);
    return answer.end("Cost is what the tools reported; computed is by a price table.");
  },
});

function addTools(answer: AnswerText, tools: StatsAnswer["byTool"]): void {
  if (tools.length === 0) return;
  const lines = tools
    .slice(0, TOOLS_SHOWN)
    .map(
      ({ tool, calls, errors }) => `- ${quotedLabel(tool, 80)}: ${calls} calls, ${errors} errors`,
    );
  const left = tools.length - lines.length;
  answer.add(["Tool calls:", ...lines, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n"));
}

type Sums = StatsAnswer["totals"];

function sums(all: Sums): string {
  const { sessions, messages, totalTokens, uncostedTokens, computedCost, unpricedTokens } = all;
  const cost = `cost ${costOf(all)}${all.cost > 0 ? without(uncostedTokens) : ""}`;
  const computed =
    computedCost === undefined
      ? ""
      : `, computed ${shortCost(computedCost)}${without(unpricedTokens)}`;
  return `${sessions} sessions, ${messages} messages, ${totalTokens} tokens, ${cost}${computed}`;
}

const without = (tokens = 0) => (tokens > 0 ? ` (unknown for ${tokens} tokens)` : "");

function add(
  answer: AnswerText,
  title: string,
  rows: readonly (readonly [string, Sums])[],
  shown = ROWS_SHOWN,
): void {
  if (rows.length === 0) return;
  const left = rows.length - shown;
  const lines = rows
    .slice(0, shown)
    .map(([name, row]) => `- ${quotedLabel(name, 80)}: ${sums(row)}`);
  answer.add([`${title}:`, ...lines, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n"));
}
