/// <reference types="vite/client" />
import rateLimiter from "@convex-dev/rate-limiter/test";
import { convexTest } from "convex-test";
import { makeFunctionReference } from "convex/server";
import { fileURLToPath } from "node:url";
import schema from "../fixture/functions/schema.ts";
import { startTestEngine } from "../testing.ts";

type Args = Record<string, unknown>;

/** One of the two implementations, behind a common interface. */
export interface TestBackend {
  name: "convex-test" | "engine";
  query(path: string, args?: Args): Promise<unknown>;
  mutation(path: string, args?: Args): Promise<unknown>;
  action(path: string, args?: Args): Promise<unknown>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Resolves when scheduled functions that are due soon have run. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** Functions due later than this are not waited for. */
const SOON_MS = 1_000;

const modules = import.meta.glob(["../fixture/functions/**/*.ts"]);

/** Starts the official mock. */
function mock(): TestBackend {
  const t = convexTest({ schema, modules, transactionLimits: true });
  rateLimiter.register(t);
  const query = (path: string) => makeFunctionReference<"query", Args>(path);
  const mutation = (path: string) => makeFunctionReference<"mutation", Args>(path);
  const action = (path: string) => makeFunctionReference<"action", Args>(path);
  return {
    name: "convex-test",
    query: (path, args = {}) => t.query(query(path), args),
    mutation: (path, args = {}) => t.mutation(mutation(path), args),
    action: (path, args = {}) => t.action(action(path), args),
    fetch: (path, init) => t.fetch(path, init),
    settle: async () => {
      const isAnyDue = () =>
        t.run(async (ctx) => {
          const jobs = await ctx.db.system.query("_scheduled_functions").collect();
          const waiting = jobs.filter(({ state }) => state.kind === "pending");
          return waiting.some(({ scheduledTime }) => scheduledTime <= Date.now() + SOON_MS);
        });
      do {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await t.finishInProgressScheduledFunctions();
      } while (await isAnyDue());
    },
    stop: () => Promise.resolve(),
  };
}

async function engine(): Promise<TestBackend> {
  const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
  const running = await startTestEngine({ functions });
  const run = (path: string, args: Args = {}) => running.runFunction(path, args as never);
  return {
    name: "engine",
    query: run,
    mutation: run,
    action: run,
    fetch: (path, init) => fetch(running.url + path, init),
    settle: () => running.settle(SOON_MS),
    stop: () => running.stop(),
  };
}

/** Starts both implementations with empty databases. */
export async function startBackends(): Promise<[TestBackend, TestBackend]> {
  return [mock(), await engine()];
}
