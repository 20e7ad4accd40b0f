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

/** Issuers of tokens for the test deployment. */
export const SITE = "https://test.convex.site";
export const WORKOS_ISSUER = "https://api.workos.com/user_management/client_1";

/** The variables that `convex.config.ts` declares. */
const VARIABLES = Array.from(config.matchAll(/^ +([A-Z_]+): v\./gm), ([, name = ""]) => name);

/** Clears the deployment's environment variables, so that this machine's settings do not affect tests. */
export function emptyEnvironment(): void {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  vi.stubEnv("CONVEX_SITE_URL", SITE);
}

/**
 * Starts every test of the file at this time, with fake timers and no variables set, and restores all stubs
 * afterwards.
 */
export function eachTestAt(now: number): void {
  beforeEach(() => {
    vi.useFakeTimers({ now });
    // Actions do not pause between writes, because nothing advances the fake timers meanwhile.
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

/** Creates an in-memory deployment of this folder that enforces Convex's transaction limits. */
export function deployment() {
  const t = convexTest({ schema, modules, transactionLimits: true });
  rateLimiter.register(t);
  return t;
}
export type Deployment = ReturnType<typeof deployment>;

/** Creates a user with an API key: HTTP requests with that key, and a dashboard client with a Convex Auth session. */
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

/** Returns a client of the deployment with an AuthKit token. */
export function fromWorkos(
  t: Deployment,
  subject: string,
  claims: { [name: string]: unknown } = {},
) {
  return t.withIdentity({ issuer: WORKOS_ISSUER, subject, ...claims });
}

/** The content of a message in a test: only a text, or also role and parts. */
export type TestMessage = string | { role?: string; text?: string; parts?: unknown[] };

/** Fields of a session in a test, in addition to its id. */
export type TestSession = { createdAt?: number; [field: string]: unknown };

/**
 * Builds a session and its messages for `/sync/batch`. Roles alternate between user and assistant unless
 * given; the n-th message has the id `<session>-<n>`. If the session has a `createdAt`, messages follow at
 * intervals of one second.
 */
export function conversation(
  externalId: string,
  contents: readonly TestMessage[],
  fields: TestSession = {},
) {
  const start = fields.createdAt;
  const messages = contents.map((content, n) => {
    const { role = n % 2 === 0 ? "user" : "assistant", text, parts } = asObject(content);
    return {
      sessionExternalId: externalId,
      externalId: `${externalId}-${n}`,
      role,
      textContent: text,
      parts,
      createdAt: start === undefined ? undefined : start + n * 1_000,
    };
  });
  return { sessions: [{ externalId, ...fields }], messages };
}

const asObject = (content: TestMessage) =>
  typeof content === "string" ? { text: content, role: undefined, parts: undefined } : content;

/** Reads the JSON of an answer as the type the test expects. */
export async function read<T = Record<string, unknown>>(
  answer: Response | Promise<Response>,
): Promise<T> {
  return (await (await answer).json()) as T;
}

/** Far more pages than any test reads, so that a cursor that never ends fails instead of hanging. */
const PAGES_MAX = 1_000;

/** Reads all pages as a client does, following each page's cursor until there is none. */
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

/** A page of a session as `GET /api/sessions/:id` returns it. */
export type SessionPage = SessionAnswer & {
  messages: MessageAnswer[];
  messagesCursor: string | null;
};

/** Reads all pages of a session's messages, `limit` messages per page. */
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

/** Cancels everything scheduled, as a deployment that is replaced may lose it. */
export async function loseScheduled(t: Deployment): Promise<void> {
  await t.run(async ({ db, scheduler }) => {
    const jobs = await db.system.query("_scheduled_functions").collect();
    for (const { _id, state } of jobs) if (state.kind === "pending") await scheduler.cancel(_id);
  });
}

/** Returns every row of a table in order of creation. */
export async function rows<Table extends TableNames>(
  t: Deployment,
  table: Table,
): Promise<Doc<Table>[]> {
  return await t.run((ctx) => ctx.db.query(table).collect());
}

/** Returns every row of every table, by table, to compare or to search for remaining data. */
export async function allRows(t: Deployment): Promise<{ [table: string]: object[] }> {
  const byTable: { [table: string]: object[] } = {};
  for (const table of Object.keys(schema.tables) as TableNames[]) {
    byTable[table] = await rows(t, table);
  }
  return byTable;
}
