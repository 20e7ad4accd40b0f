import { costOf, shortCount } from "../lib/stats/labels";
import { WRAPPED_SIZES } from "../lib/stats/wrappedSvg";
import type { SessionAnswer } from "../wire/answers";
import type { SearchAnswer, SearchResult } from "../wire/search";
import { html, type Html } from "./html";
import { page, type PageHead } from "./layout";
import { address, CHECKED, select, sessionMeta, sessionPath, titleOf } from "./components";
import { columns } from "./plot";
import { firstSteps } from "./signIn";

/** The filter of the list; a missing field matches every session. */
export type ListFilter = {
  source?: string;
  project?: string;
  model?: string;
  branch?: string;
  days?: string;
};

/** The choices of the filters. */
export type Choices = { sources: string[]; projects: string[]; models: string[] };

/** Totals of the last 30 days. */
export type Month = {
  sessions: number;
  totalTokens: number;
  cost: number;
  days: readonly { date: string; tokens: number; sessions: number }[];
};

export type Home = {
  filter: ListFilter;
  choices: Choices;
  month: Month;
  today: string;
  site: string;
  query: string;
  mode: string;
  shown:
    | { kind: "list"; sessions: readonly SessionAnswer[]; next: string | null; isCut: boolean }
    | { kind: "search"; answer: SearchAnswer };
};

type Head = Pick<PageHead, "policy" | "viewer">;

/** The owner's page: search, filters, the newest sessions, and the last 30 days. */
export function homePage(head: Head, home: Home): string {
  const isSearch = home.shown.kind === "search";
  const title = isSearch ? `Search: ${home.query}` : "OpenSync";
  return page(
    { ...head, title, section: "sessions" },
    html`<h1>${isSearch ? "Search" : "Sessions"}</h1>
${searchForm(home)}
${facetLinks(home)}
${home.shown.kind === "search" ? results(home.shown.answer, home.query) : list(home, home.shown)}
${isSearch ? "" : month(home)}`,
  );
}

const MODES = [
  ["fulltext", "Words"],
  ["semantic", "Meaning"],
  ["hybrid", "Both"],
] as const;

const RANGES = [
  ["", "Any time"],
  ["1", "Last 24 hours"],
  ["7", "Last 7 days"],
  ["30", "Last 30 days"],
  ["90", "Last 90 days"],
] as const;

function searchForm({ filter, choices, query, mode }: Home): Html {
  const named = (any: string, names: readonly string[]) => [
    ["", any] as const,
    ...names.map((name) => [name, name] as const),
  ];
  const modes = MODES.map(
    ([value, text]) =>
      html`<label><input type="radio" name="mode" value="${value}"${value === mode ? CHECKED : ""}>${text}</label>`,
  );
  return html`<form method="get" action="/" role="search">
<div class="search"><input type="search" name="q" value="${query}" aria-label="Search your sessions" placeholder="Words, an error message, a question"><button class="primary">Search</button></div>
<fieldset class="field"><legend class="small soft">Search by</legend>${modes}</fieldset>
<details${isNarrow(filter) ? html` open` : ""}><summary>Filters</summary><div class="inside"><div class="filters">${select("source", "Tool", named("Any tool", choices.sources), filter.source)}${select(
    "project",
    "Project",
    named("Any project", choices.projects),
    filter.project,
  )}${select("model", "Model", named("Any model", choices.models), filter.model)}${select(
    "days",
    "Time",
    RANGES,
    filter.days,
  )}<div><label for="f-branch">Branch</label><input id="f-branch" name="branch" value="${filter.branch}"></div></div>
<p class="row"><button>Apply the filters</button><a href="/">Clear</a></p></div></details>
</form>`;
}

const isNarrow = (filter: ListFilter) =>
  Object.values(filter).some((value) => value !== undefined && value !== "");

type List = Extract<Home["shown"], { kind: "list" }>;

function list({ filter, site }: Home, { sessions, next, isCut }: List): Html {
  if (sessions.length === 0 && next === null) {
    return isNarrow(filter)
      ? html`<p class="empty">No session matches these filters.</p>`
      : html`<p class="empty">No sessions yet. They appear here as soon as a plugin sends the first message.</p>${firstSteps(site)}`;
  }
  const rows = sessions.map(
    (session) =>
      html`<li><a class="title" dir="auto" href="${sessionPath(session.id)}">${titleOf(session)}</a>${sessionMeta(session)}</li>`,
  );
  const more = next && address("/", { ...filter, cursor: next });
  return html`${rows.length > 0 ? html`<ul class="list">${rows}</ul>` : ""}
${isCut ? html`<p class="note">Only the newest sessions were searched for these filters; older ones may match too.</p>` : ""}
${more ? html`<p><a class="next" href="${more}">Older sessions</a></p>` : ""}`;
}

function results(answer: SearchAnswer, query: string): Html {
  const notes = [
    answer.degraded && (answer.reason ?? "Part of the search could not run."),
    answer.ignored !== undefined && `These words were not searched: ${answer.ignored.join(", ")}`,
    answer.pending !== undefined &&
      `${answer.pending} of your latest sessions wait to be embedded. Search by words finds them already.`,
    answer.truncated && "There may be more. Narrow the search to see them.",
  ].filter((note) => note !== false);
  const rows = answer.results.map(
    (result) =>
      html`<li><a class="title" dir="auto" href="${linkOf(result)}">${titleOf(result)}</a><p class="small" dir="auto">${highlighted(result)}</p>${sessionMeta(result)}${copies(result)}</li>`,
  );
  return html`<h2>${rows.length} ${rows.length === 1 ? "session" : "sessions"} for “${query}”</h2>
${notes.map((note) => html`<p class="note">${note}</p>`)}
${rows.length > 0 ? html`<ul class="list">${rows}</ul>` : html`<p class="empty">Nothing found. Try other words, or search by meaning.</p>`}`;
}

/** Forks and resumed sessions that hold the same passage. */
function copies({ alsoIn = [] }: SearchResult): Html {
  const links = alsoIn.map(
    (copy, n) => html`${n > 0 ? ", " : ""}<a href="${sessionPath(copy.id)}">${titleOf(copy)}</a>`,
  );
  return links.length === 0 ? html`` : html`<p class="small soft">Also in: ${links}</p>`;
}

/** Links that narrow a search down to one value, where the sessions found have several. */
function facetLinks({ filter, query, mode, shown }: Home): Html {
  if (shown.kind !== "search") return html``;
  const { facets } = shown.answer;
  const groups = (
    [
      ["project", facets.project],
      ["source", facets.source],
      ["model", facets.model],
    ] as const
  ).flatMap(([name, values]) =>
    values.length < 2
      ? []
      : values
          .slice(0, FACETS_SHOWN)
          .map(
            ({ value, count }) =>
              html`<a href="${address("/", { ...filter, q: query, mode, [name]: value })}">${value} (${count})</a> `,
          ),
  );
  return groups.length === 0
    ? html``
    : html`<nav class="small" aria-label="Narrow the search"><p>Only: ${groups}</p></nav>`;
}

const FACETS_SHOWN = 5;

/** Links to the matching message if there is one; its page starts shortly before it. */
function linkOf({ id, messageId }: SearchResult): string {
  const path = sessionPath(id);
  return messageId === undefined
    ? path
    : `${path}?message=${encodeURIComponent(messageId)}#m-${messageId}`;
}

function highlighted({ snippet, highlights }: SearchResult): Html[] {
  const parts: Html[] = [];
  let at = 0;
  for (const [start, end] of highlights) {
    parts.push(html`${snippet.slice(at, start)}<mark>${snippet.slice(start, end)}</mark>`);
    at = end;
  }
  return [...parts, html`${snippet.slice(at)}`];
}

function todaysPicture(today: string): Html {
  const { width, height } = WRAPPED_SIZES.landscape;
  return html`<h2>Today</h2>
<p><a href="/wrapped/${today}"><img class="plot" src="/wrapped/${today}.svg" alt="Today in numbers" width="${width}" height="${height}" loading="lazy"></a></p>`;
}

function month({ month: sums, today }: Home): Html {
  if (sums.sessions === 0) return html``;
  const data = sums.days.map(({ date, tokens, sessions }) => ({
    label: date,
    value: tokens,
    title: `${date}: ${shortCount(tokens)} tokens, ${sessions} ${sessions === 1 ? "session" : "sessions"}`,
  }));
  const most = shortCount(Math.max(0, ...sums.days.map(({ tokens }) => tokens)));
  return html`<h2>The last 30 days</h2>
<dl class="tiles"><div><dt>Sessions</dt><dd>${shortCount(sums.sessions)}</dd></div><div><dt>Tokens</dt><dd>${shortCount(sums.totalTokens)}</dd></div><div><dt>Cost</dt><dd>${costOf(sums)}</dd></div></dl>
<div class="card">${columns("Tokens per day, last 30 days", data, `${most} tokens`)}</div>
<p><a href="/stats">All statistics</a></p>
${sums.days.some(({ date, sessions }) => date === today && sessions > 0) ? todaysPicture(today) : ""}`;
}
