import { expect, test, vi } from "vitest";
import { internal } from "../../_generated/api";
import { deployment, eachTestAt, rows, type Deployment } from "../../test.setup";
import { everyRow, type Migration } from "./migration";
import * as Run from "./run";

const NOW = Date.UTC(2026, 5, 1);
eachTestAt(NOW);

/** Changes the endpoint of every log line; skips lines already changed. */
const moveEndpoints = everyRow("move endpoints", "apiLogs", async (ctx, row) => {
  if (row.endpoint === "/new") return false;
  await ctx.db.patch("apiLogs", row._id, { endpoint: "/new" });
  return true;
});

async function withLines(count: number): Promise<Deployment> {
  const t = deployment();
  await t.run(async ({ db }) => {
    const line = { endpoint: "/old", method: "GET", statusCode: 200, durationMs: 1 };
    for (let i = 0; i < count; i++) await db.insert("apiLogs", { ...line, requestId: String(i) });
  });
  return t;
}

const start = (t: Deployment, registry: Migration[], retryFailed = false) =>
  t.run((ctx) => Run.start(ctx, { retryFailed, now: Date.now() }, registry));
const step = (t: Deployment, registry: Migration[], name: string) =>
  t.run((ctx) => Run.step(ctx, name, Date.now(), registry));
const progress = (t: Deployment, registry: Migration[]) =>
  t.run((ctx) => Run.progress(ctx, registry));

async function runAll(t: Deployment, registry: Migration[], name: string): Promise<number> {
  for (let steps = 1; steps < 50; steps++) {
    await step(t, registry, name);
    const [state] = await progress(t, registry);
    if (state?.status === "done") return steps;
  }
  throw new Error("The migration does not end");
}

test("a migration of more rows than one step allows takes several bounded steps and misses no row", async () => {
  const t = await withLines(1_600);
  const registry = [moveEndpoints];
  expect(await progress(t, registry)).toEqual([
    { name: "move endpoints", status: "waiting", steps: 0, changed: 0 },
  ]);
  expect(await start(t, registry)).toBe("move endpoints");
  expect(await runAll(t, registry, "move endpoints")).toBeGreaterThanOrEqual(3);
  expect(new Set((await rows(t, "apiLogs")).map(({ endpoint }) => endpoint))).toEqual(
    new Set(["/new"]),
  );
  expect(await progress(t, registry)).toMatchObject([{ status: "done", changed: 1_600 }]);
  expect(await start(t, registry)).toBeNull();
});

test("a lost chain resumes where it stopped, and a running one is not restarted", async () => {
  const t = await withLines(1_200);
  const registry = [moveEndpoints];
  await start(t, registry);
  await step(t, registry, "move endpoints");
  const [before] = await rows(t, "migrations");
  await start(t, registry);
  expect(await rows(t, "migrations")).toEqual([before]);
  vi.setSystemTime(NOW + 6 * 60_000);
  await start(t, registry);
  const [restarted] = await rows(t, "migrations");
  expect(restarted).toMatchObject({ status: "running", restarts: 1, cursor: before?.cursor });
  await runAll(t, registry, "move endpoints");
  expect(await progress(t, registry)).toMatchObject([{ status: "done", changed: 1_200 }]);
});

test("a migration whose steps keep failing is marked as failed, the next one runs, and it can be retried", async () => {
  const t = await withLines(1);
  const broken: Migration = { name: "broken", step: () => Promise.reject(new Error("no")) };
  const registry = [broken, moveEndpoints];
  for (let restart = 0; restart <= 5; restart++) {
    expect(await start(t, registry)).toBe("broken");
    await expect(step(t, registry, "broken")).rejects.toThrow("no");
    vi.setSystemTime(Date.now() + 6 * 60_000);
  }
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(await start(t, registry)).toBe("move endpoints");
  await step(t, registry, "move endpoints");
  expect(await progress(t, registry)).toMatchObject([{ status: "failed" }, { status: "done" }]);
  expect(await start(t, registry)).toBeNull();
  expect(await start(t, registry, true)).toBe("broken");
});

test("the cron's function runs every migration on a new deployment", async () => {
  const t = deployment();
  await t.mutation(internal.migrations.start, {});
  await t.finishAllScheduledFunctions(vi.runAllTimers);
  const states = await t.query(internal.migrations.progress, {});
  expect(states.filter(({ status }) => status !== "done")).toEqual([]);
});
