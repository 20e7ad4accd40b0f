import { shortCost, shortCount, shortDuration } from "../lib/stats/labels";
import type { StatsAnswer } from "../wire/stats";
import { html, type Html } from "./html";
import { page, type PageHead } from "./layout";
import { address } from "./components";
import { bars, columns, type Bar, type Column } from "./plot";

export type StatsView = Omit<StatsAnswer, "modelUsage">;
type Split = { totalTokens: number; cost: number; sessions: number };

const RANGES = [
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "A year"],
] as const;

/** The most bars per list. */
const SHOWN = 12;

/** The page of tokens, cost and sessions over time and by category. */
export function statsPage(
  head: Pick<PageHead, "policy" | "viewer">,
  stats: StatsView,
  range: { days: number; dates: readonly string[] },
): string {
  const { totals } = stats;
  const ranges = RANGES.map(
    ([days, text]) =>
      html`<a class="chip${Number(days) === range.days ? " on" : ""}" href="${address("/stats", { days })}"${Number(days) === range.days ? html` aria-current="true"` : ""}>${text}</a>`,
  );
  return page(
    { ...head, title: "Statistics", section: "stats" },
    html`<h1>Statistics</h1>
<nav class="row field" aria-label="Range">${ranges}</nav>
<dl class="tiles"><div><dt>Sessions</dt><dd>${shortCount(totals.sessions)}</dd></div><div><dt>Messages</dt><dd>${shortCount(totals.messages)}</dd></div><div><dt>Tokens</dt><dd>${shortCount(totals.totalTokens)}</dd></div><div><dt>Cost</dt><dd>${costOf(totals)}</dd></div><div><dt>Time</dt><dd>${totals.durationMs > 0 ? shortDuration(totals.durationMs) : "unknown"}</dd></div></dl>
${totals.sessions === 0 ? html`<p class="empty">No sessions in this period.</p>` : plots(stats, range.dates)}`,
  );
}

/** Formats a cost; a sum without any cost is unknown if there are tokens, not free. */
const costOf = ({ cost, totalTokens }: Split) =>
  cost > 0 || totalTokens === 0 ? shortCost(cost) : "unknown";

function plots(stats: StatsView, dates: readonly string[]): Html {
  const days = new Map(stats.byDay.map((day) => [day.date, day]));
  const over = (
    name: string,
    value: (day: Split) => number | undefined,
    text: (value: number) => string,
  ) => {
    const data: Column[] = dates.map((date) => {
      const day = days.get(date);
      const known = day === undefined ? 0 : value(day);
      return {
        label: date,
        value: known,
        title: `${date}: ${known === undefined ? "unknown" : text(known)}`,
      };
    });
    const most = text(Math.max(0, ...data.map((column) => column.value ?? 0)));
    return html`<section class="card"><h2>${name}</h2>${columns(`${name} per day`, data, most)}</section>`;
  };
  const knownCost = (day: Split) => (day.cost > 0 || day.totalTokens === 0 ? day.cost : undefined);
  return html`${over("Tokens", (day) => day.totalTokens, shortCount)}
${over("Cost", knownCost, shortCost)}
${over("Sessions", (day) => day.sessions, shortCount)}
<p class="note">A dashed frame marks a day without a reported cost. Days are in UTC.</p>
<div class="columns">
<section class="card"><h2>Models</h2>${bars(barsOf(stats.byModel, ({ model }) => model || "Unknown model"))}</section>
<section class="card"><h2>Projects</h2>${bars(barsOf(stats.byProject, ({ project }) => project || "No project"))}</section>
<section class="card"><h2>Sources</h2>${bars(barsOf(stats.bySource, ({ source }) => source || "Unknown source"))}</section>
<section class="card"><h2>Tool calls</h2>${bars(toolBars(stats.byTool))}</section>
<section class="card"><h2>Providers</h2>${bars(barsOf(stats.byProvider, ({ provider }) => provider || "Unknown provider"))}</section>
</div>`;
}

function barsOf<Named extends Split>(
  splits: readonly Named[],
  nameOf: (split: Named) => string,
): Bar[] {
  return splits.slice(0, SHOWN).map((split) => ({
    name: nameOf(split),
    value: split.totalTokens,
    text: `${shortCount(split.totalTokens)} tokens · ${costOf(split)} · ${split.sessions} ${split.sessions === 1 ? "session" : "sessions"}`,
  }));
}

function toolBars(tools: StatsView["byTool"]): Bar[] {
  return tools.slice(0, SHOWN).map(({ tool, calls, errors }) => ({
    name: tool,
    value: calls,
    text: `${shortCount(calls)} ${calls === 1 ? "call" : "calls"}${errors > 0 ? ` · ${shortCount(errors)} with an error` : ""}`,
  }));
}

/** A day as a picture, with links to the days before and after. */
export function wrappedPage(
  head: Pick<PageHead, "policy" | "viewer">,
  day: { date: string; name: string; before: string; after: string | undefined },
): string {
  return page(
    { ...head, title: day.name, section: "stats" },
    html`<h1>${day.name}</h1>
<p><img class="plot" src="/wrapped/${day.date}.svg" alt="${day.name} in numbers" width="1200" height="630"></p>
<p class="row"><a class="button" href="/wrapped/${day.before}">The day before</a>${
      day.after === undefined
        ? ""
        : html`<a class="button" href="/wrapped/${day.after}">The day after</a>`
    }<a class="button" href="/wrapped/${day.date}.svg" download="opensync-${day.date}.svg">Download the picture</a></p>`,
  );
}
