/// <reference types="vite/client" />
import rateLimiter from "@convex-dev/rate-limiter/test";
import { convexTest } from "convex-test";
import { vi } from "vitest";
import { internal } from "./_generated/api";
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
