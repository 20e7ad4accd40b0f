import { internal } from "../../_generated/api";
import type { ActionCtx } from "../../_generated/server";
import { searchAnswer } from "../../answers/search";
import { filteredSessions } from "../../answers/sessionList";
import { readAppError } from "../../errors";
import { NO_PROJECT } from "../../lib/stats/names";
import { maskSecrets } from "../../lib/secrets/mask";
import { DAY_MS, dayStart, utcDate } from "../../lib/time";
import { homePage, type Home, type ListFilter } from "../../pages/home";
import { readSource } from "../../wire/sources";
import { SearchBody } from "../../wire/search";
import { API_VERSION } from "../../wire/health";
import type { Caller } from "../authenticate";
import type { Endpoint } from "../endpoint";
import { parse } from "../input";
import { finish, json } from "../respond";
import { openPage, ownerPage, wantsPage, type Visit } from "./endpoint";
import { today } from "./today";
import { pagePolicy, pageResponse, redirect } from "./respond";
import { signInForm } from "./signIn";

const RECENT_DAYS = 30;

/** The first page: an introduction for strangers, the list of sessions for the owner. */
export const home: Endpoint = openPage({ method: "GET", path: "/" }, async (ctx, visit) => {
  const { caller, request } = visit;
  if (!wantsPage(request)) return finish(json(200, indexOf(request)), visit.requestId);
  if (caller === null) return await signInForm(request);
  try {
    return await owned(ctx, { ...visit, caller });
  } catch (error) {
    if (readAppError(error)?.code === "UNAUTHORIZED") return await signInForm(request);
    throw error;
  }
});

/** Answers programs, which do not accept HTML, with what this server is and where its API is described. */
function indexOf(request: Request) {
  const { origin } = new URL(request.url);
  return {
    name: "OpenSync",
    version: API_VERSION,
    openapi: `${origin}/openapi.json`,
    health: `${origin}/health`,
    authentication: "Authorization: Bearer osk_…",
  };
}

/** Redirects an address that people guess for the list. */
export const sessionsPage: Endpoint = ownerPage({ method: "GET", path: "/sessions" }, () =>
  Promise.resolve(redirect("/")),
);

async function owned(ctx: ActionCtx, { caller, query, request }: Visit<Caller>): Promise<Response> {
  const date = await today(ctx, caller);
  const from = utcDate(dayStart(date) - (RECENT_DAYS - 1) * DAY_MS);
  const stats = await ctx.runQuery(internal.analytics.stats, { caller, from });
  const filter = filterOf(query);
  const text = query.get("q")?.trim() ?? "";
  const policy = await pagePolicy();
  const { totals } = stats;
  const view: Home = {
    filter,
    choices: {
      sources: stats.bySource.map(({ source }) => source),
      projects: stats.byProject.map(({ project }) => project).filter((name) => name !== NO_PROJECT),
      models: stats.byModel.map(({ model }) => model).filter((name) => name !== "unknown"),
    },
    month: {
      sessions: totals.sessions,
      totalTokens: totals.totalTokens,
      cost: totals.cost,
      days: lastDays(stats.byDay, date),
    },
    today: date,
    site: new URL(request.url).origin,
    query: text,
    mode: query.get("mode") ?? "fulltext",
    shown:
      text === ""
        ? maskSecrets(await list(ctx, caller, filter, query))
        : maskSecrets(await found(ctx, caller, filter, query)),
  };
  return pageResponse(homePage({ policy, viewer: { kind: "owner" } }, view), policy);
}

async function list(
  ctx: ActionCtx,
  caller: Caller,
  filter: ListFilter,
  query: URLSearchParams,
): Promise<Home["shown"]> {
  const cursor = query.get("cursor") ?? undefined;
  return { kind: "list", ...(await filteredSessions(ctx, caller, filter, cursor)) };
}

const SEARCH_LIMIT = 25;

async function found(
  ctx: ActionCtx,
  caller: Caller,
  { days, ...filter }: ListFilter,
  query: URLSearchParams,
): Promise<Home["shown"]> {
  const from = days ? new Date(Date.now() - Number(days) * DAY_MS).toISOString() : undefined;
  const input = parse(SearchBody, {
    query: query.get("q"),
    type: query.get("mode") ?? undefined,
    limit: SEARCH_LIMIT,
    ...Object.fromEntries(Object.entries({ ...filter, from }).filter(([, value]) => value)),
  });
  // Masked before snippets are cut: the rest of a secret that was cut in two would not be recognised.
  const who = { ...caller, limit: "search" } as const;
  return { kind: "search", answer: await searchAnswer(ctx, who, input, { masks: true }) };
}

function filterOf(query: URLSearchParams): ListFilter {
  const read = (name: string) => query.get(name)?.trim() || undefined;
  const days = read("days");
  return {
    source: readSource(read("source")),
    project: read("project"),
    model: read("model"),
    branch: read("branch"),
    days: days !== undefined && /^[1-9]\d{0,3}$/.test(days) ? days : undefined,
  };
}

/** The last days, including those without sessions. */
function lastDays(
  byDay: readonly { date: string; totalTokens: number; sessions: number }[],
  lastDay: string,
): Home["month"]["days"] {
  const known = new Map(byDay.map((day) => [day.date, day]));
  return Array.from({ length: RECENT_DAYS }, (_, index) => {
    const date = utcDate(dayStart(lastDay) - (RECENT_DAYS - 1 - index) * DAY_MS);
    const day = known.get(date);
    return { date, tokens: day?.totalTokens ?? 0, sessions: day?.sessions ?? 0 };
  });
}
