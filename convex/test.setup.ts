/// <reference types="vite/client" />
import rateLimiter from "@convex-dev/rate-limiter/test";
import { convexTest } from "convex-test";
import { afterEach, beforeEach, vi } from "vitest";
import { internal } from "./_generated/api";
import type { Doc, TableNames } from "./_generated/dataModel";
import config from "./convex.config.ts?raw";
import { pause } from "./lib/pause";
import schema from "./schema";
import type { MessageAnswer, SessionAnswer } from "./wire/answers";

const modules = import.meta.glob(["./**/*.{ts,js}", "!./**/*.test.ts", "!./**/*.d.ts"]);

/** Where tokens of the test deployment come from. */
export const SITE = "https://test.convex.site";
export const WORKOS_ISSUER = "https://api.workos.com/user_management/client_1";

/** The variables that `convex.config.ts` declares. */
const VARIABLES = Array.from(config.matchAll(/^ +([A-Z_]+): v\./gm), ([, name = ""]) => name);

/** A deployment's environment with nothing set: what this machine has set is no test's business. */
export function emptyEnvironment(): void {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  vi.stubEnv("CONVEX_SITE_URL", SITE);
}

/**
 * Every test of the file begins at this moment, of which time passes only when the test says so, with
 * no variable set; whatever it stubs is put back.
 */
export function eachTestAt(now: number): void {
  beforeEach(() => {
    vi.useFakeTimers({ now });
    // Actions that wait between two writes do not: a test has nobody who could let time pass meanwhile.
    vi.spyOn(pause, "forMs").mockResolvedValue();
    emptyEnvironment();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
}

/** A deployment of this folder in memory, its transactions held to Convex's limits. */
export function deployment() {
  const t = convexTest({ schema, modules, transactionLimits: true });
  rateLimiter.register(t);
  return t;
}
export type Deployment = ReturnType<typeof deployment>;

/** A user with a key: HTTP requests made with it, and the dashboard in a session of Convex Auth. */
export async function person(t: Deployment, email = "ada@example.com") {
  const { userId, apiKey } = await t.mutation(internal.users.createWithApiKey, { email });
  const headers = { Authorization: `Bearer ${apiKey}` };
  return {
    userId,
    apiKey,
    dashboard: t.withIdentity({ issuer: SITE, subject: `${userId}|session` }),
    get: (path: string) => t.fetch(path, { headers }),
    send: (method: string, path: string, body: unknown) =>
      t.fetch(path, {
        method,
        headers: { ...headers, "Content-Type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    post(path: string, body: unknown) {
      return this.send("POST", path, body);
    },
  };
}
export type Person = Awaited<ReturnType<typeof person>>;

/** The deployment as the bearer of an AuthKit token sees it. */
export function fromWorkos(
  t: Deployment,
  subject: string,
  claims: { [name: string]: unknown } = {},
) {
  return t.withIdentity({ issuer: WORKOS_ISSUER, subject, ...claims });
}

/** What is said in a message, where it is not the text alone. */
export type Said = string | { role?: string; text?: string; parts?: unknown[] };

/** What is said of a session beside its id. */
export type About = { createdAt?: number; [field: string]: unknown };

/**
 * A session and its messages as `/sync/batch` takes them: user and assistant by turns where nothing
 * else is said, the n-th message under the id `<session>-<n>`; one a second where the session says
 * when it began.
 */
export function conversation(externalId: string, said: readonly Said[], about: About = {}) {
  const start = about.createdAt;
  const messages = said.map((one, n) => {
    const { role = n % 2 === 0 ? "user" : "assistant", text, parts } = asSaid(one);
    return {
      sessionExternalId: externalId,
      externalId: `${externalId}-${n}`,
      role,
      textContent: text,
      parts,
      createdAt: start === undefined ? undefined : start + n * 1_000,
    };
  });
  return { sessions: [{ externalId, ...about }], messages };
}

const asSaid = (one: Said) =>
  typeof one === "string" ? { text: one, role: undefined, parts: undefined } : one;

/** The JSON of an answer, as the test expects it to be. */
export async function read<T = Record<string, unknown>>(
  answer: Response | Promise<Response>,
): Promise<T> {
  return (await (await answer).json()) as T;
}

/** Pages that nothing in a test comes near: a cursor that leads in circles fails instead of hanging. */
const PAGES_MAX = 1_000;

/** All pages, read as a client reads them: on with each page's cursor until there is none. */
export async function allPages<Page>(
  readPage: (cursor: string | undefined) => Promise<Page>,
  cursorOf: (page: Page) => string | null | undefined,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (let cursor: string | undefined; pages.length < PAGES_MAX;) {
    const page = await readPage(cursor);
    pages.push(page);
    cursor = cursorOf(page) ?? undefined;
    if (cursor === undefined) return pages;
  }
  throw new Error(`There is still a cursor after ${PAGES_MAX} pages`);
}

/** A page of a session as `GET /api/sessions/:id` answers it. */
export type SessionPage = SessionAnswer & {
  messages: MessageAnswer[];
  messagesCursor: string | null;
};

/** All pages of a session's messages, so many a page. */
export async function pagesOfSession(who: Pick<Person, "get">, id: string, limit = 200) {
  const path = `/api/sessions/${encodeURIComponent(id)}?messages_limit=${limit}`;
  return await allPages(
    (cursor) => read<SessionPage>(who.get(cursor ? `${path}&messages_cursor=${cursor}` : path)),
    (page) => page.messagesCursor,
  );
}

/** Runs everything scheduled, however far in the future. Needs fake timers. */
export async function settle(t: Deployment) {
  await t.finishAllScheduledFunctions(vi.runAllTimers);
}

/** What a deployment that is replaced or breaks off may lose: everything that was scheduled. */
export async function loseScheduled(t: Deployment): Promise<void> {
  await t.run(async ({ db, scheduler }) => {
    const jobs = await db.system.query("_scheduled_functions").collect();
    for (const { _id, state } of jobs) if (state.kind === "pending") await scheduler.cancel(_id);
  });
}

/** Every row of a table, in the order in which they were made. */
export async function rows<Table extends TableNames>(
  t: Deployment,
  table: Table,
): Promise<Doc<Table>[]> {
  return await t.run((ctx) => ctx.db.query(table).collect());
}

/** Every row of every table, by table: what a test compares, or searches for traces. */
export async function allRows(t: Deployment): Promise<{ [table: string]: object[] }> {
  const found: { [table: string]: object[] } = {};
  for (const table of Object.keys(schema.tables) as TableNames[]) {
    found[table] = await rows(t, table);
  }
  return found;
}
