import { costOf, durationOf, shortCost, shortCount } from "../lib/stats/labels";
import { WRAPPED_SIZES } from "../lib/stats/wrappedSvg";
import { NO_PROJECT } from "../lib/stats/names";
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
<dl class="tiles"><div><dt>Sessions</dt><dd>${shortCount(totals.sessions)}</dd></div><div><dt>Messages</dt><dd>${shortCount(totals.messages)}</dd></div><div><dt>Tokens</dt><dd>${shortCount(totals.totalTokens)}</dd></div><div><dt>Cost</dt><dd>${costOf(totals)}</dd></div><div><dt>Time</dt><dd>${durationOf(totals)}</dd></div></dl>
${totals.sessions === 0 ? html`<p class="empty">No sessions in this period.</p>` : plots(stats, range.dates)}`,
  );
}

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
<p class="note">A dashed frame marks a day without a reported cost. Days are those of ${stats.timeZone}.</p>
<div class="columns">
<section class="card"><h2>Models</h2>${bars(barsOf(stats.byModel, ({ model }) => model || "Unknown model"))}</section>
<section class="card"><h2>Projects</h2>${bars(barsOf(stats.byProject, ({ project }) => nameOfProject(project)))}</section>
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
    text: `${shortCount(calls)} ${calls === 1 ? "call" : "calls"}${errors > 0 ? ` · ${shortCount(errors)} with an error (${percent(errors / calls)})` : ""}`,
  }));
}

/** Says what is behind the answer's name for sessions without a project. */
const nameOfProject = (project: string) => (project === NO_PROJECT ? "No project" : project);

const percent = (share: number) => (share < 0.01 ? "<1 %" : `${Math.round(100 * share)} %`);

/** A day as its owner sees it: the neighbouring days, and the links to its picture if there are any. */
export type DayView = {
  date: string;
  name: string;
  before: string;
  after: string | undefined;
  links: readonly { day: string; address: string }[];
};

/** A day as a picture, with links to the days before and after. */
export function wrappedPage(head: Pick<PageHead, "policy" | "viewer">, day: DayView): string {
  const file = `/wrapped/${day.date}.svg`;
  const { width, height } = WRAPPED_SIZES.landscape;
  const phone = WRAPPED_SIZES.portrait;
  return page(
    { ...head, title: day.name, section: "stats" },
    html`<h1>${day.name}</h1>
<p><picture><source media="(max-width: 30rem)" srcset="${file}?shape=portrait" width="${phone.width}" height="${phone.height}"><img class="plot" src="${file}" alt="${day.name} in numbers" width="${width}" height="${height}"></picture></p>
<p class="row"><a class="button" href="/wrapped/${day.before}">The day before</a>${
      day.after === undefined
        ? ""
        : html`<a class="button" href="/wrapped/${day.after}">The day after</a>`
    }<a class="button" href="${file}" download="opensync-${day.date}.svg">Download the picture</a><a class="button" href="${file}?shape=portrait" download="opensync-${day.date}-portrait.svg">Portrait</a></p>
${pictureLinks(day)}`,
  );
}

function pictureLinks({ date, links }: DayView): Html {
  const form = (action: string, button: Html) =>
    html`<form method="post" action="/wrapped/${date}"><input type="hidden" name="action" value="${action}">${button}</form>`;
  const shown = links.map(
    ({ day, address: link }) =>
      html`<p class="label">${day === "today" ? "Always the current day" : "This day"}</p><pre class="wrap" id="link-${day}" tabindex="0">${link}</pre><p><button type="button" data-copy="link-${day}" hidden>Copy</button></p>`,
  );
  return html`<section class="card"><h2>Show it elsewhere</h2>
<p class="soft">Whoever has a link sees the picture with its names and its cost, and no other day. Add <code>?theme=dark</code> or <code>?shape=portrait</code> to change how it looks.</p>
${links.length === 0 ? form("link", html`<button>Make links for &lt;img&gt;</button>`) : html`${shown}${form("unlink", html`<button class="danger">End all links to my pictures</button>`)}`}</section>`;
}
