/// <reference types="vite/client" />
import rateLimiter from "@convex-dev/rate-limiter/test";
import { convexTest } from "convex-test";
import { vi } from "vitest";
import { internal } from "./_generated/api";
import type { TableNames } from "./_generated/dataModel";
import schema from "./schema";

const modules = import.meta.glob(["./**/*.{ts,js}", "!./**/*.test.ts", "!./**/*.d.ts"]);

/** A deployment of this folder in memory, its transactions held to Convex's limits. */
export function deployment() {
  const t = convexTest({ schema, modules, transactionLimits: true });
  rateLimiter.register(t);
  return t;
}
export type Deployment = ReturnType<typeof deployment>;

/** A user with a key, and HTTP requests made with it. */
export async function person(t: Deployment, email = "ada@example.com") {
  const { userId, apiKey } = await t.mutation(internal.users.createWithApiKey, { email });
  const headers = { Authorization: `Bearer ${apiKey}` };
  return {
    userId,
    apiKey,
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

/** The JSON of an answer, as the test expects it to be. */
export async function read<T = Record<string, unknown>>(
  answer: Response | Promise<Response>,
): Promise<T> {
  return (await (await answer).json()) as T;
}

/** Runs everything scheduled, however far in the future. Needs fake timers. */
export async function settle(t: Deployment) {
  await t.finishAllScheduledFunctions(vi.runAllTimers);
}

/** Where tokens of the test deployment come from, once `vi.stubEnv("CONVEX_SITE_URL", SITE)`. */
export const SITE = "https://test.convex.site";
export const WORKOS_ISSUER = "https://api.workos.com/user_management/client_1";

/** The deployment as a user with a session of Convex Auth sees it. */
export function signedIn(t: Deployment, userId: string) {
  vi.stubEnv("CONVEX_SITE_URL", SITE);
  return t.withIdentity({ issuer: SITE, subject: `${userId}|session` });
}

/** The deployment as the bearer of an AuthKit token sees it. */
export function fromWorkos(
  t: Deployment,
  subject: string,
  claims: { [name: string]: unknown } = {},
) {
  return t.withIdentity({ issuer: WORKOS_ISSUER, subject, ...claims });
}

/** Every row of every table, by table: what a test compares, or searches for traces. */
export async function allRows(t: Deployment): Promise<{ [table: string]: object[] }> {
  return await t.run(async (ctx) => {
    const rows: { [table: string]: object[] } = {};
    for (const table of Object.keys(schema.tables) as TableNames[]) {
      rows[table] = await ctx.db.query(table).collect();
    }
    return rows;
  });
}
