import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Clock } from "../clock.ts";
import type { LogLine } from "../logLine.ts";
import { openSqlite } from "../store/sqlite.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
const HOUR_MS = 60 * 60 * 1_000;

/** One job at a time, so that jobs end in the order in which they begin. */
let engine: TestEngine;
const clock = new Clock(true);
beforeAll(async () => {
  const limits = { mode: "enforce", scheduledJobs: 1 } as const;
  engine = await startTestEngine({ functions, limits, clock });
});
const folder = mkdtempSync(join(tmpdir(), "opensync-scheduler-"));
afterAll(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

const schedule = async (name: string, delay: number, target = "note") =>
  (await engine.runFunction("jobs:schedule", { target, delay, name })) as string;
const stateOf = (id: string) => engine.runFunction("jobs:state", { id });
const ran = async () => (await engine.runFunction("jobs:ran")) as string[];

describe("the clock of an engine under test", () => {
  test("moves to what is due within the given time, and no further", async () => {
    const [soon, late] = [await schedule("soon", HOUR_MS), await schedule("late", 5 * HOUR_MS)];
    await engine.settle(HOUR_MS / 2);
    expect([await stateOf(soon), await stateOf(late)]).toEqual(["pending", "pending"]);
    await engine.settle(2 * HOUR_MS);
    expect([await stateOf(soon), await stateOf(late)]).toEqual(["success", "pending"]);
    await engine.settle(5 * HOUR_MS);
    expect(await stateOf(late)).toBe("success");
  });

  test("does not go back at a restart", async () => {
    const [before] = (await engine.runFunction("values:add", { group: "g", values: [1] })) as [
      string,
    ];
    await schedule("far", HOUR_MS);
    await engine.settle(2 * HOUR_MS);
    engine = await engine.restart();
    const [after] = (await engine.runFunction("values:add", { group: "g", values: [2] })) as [
      string,
    ];
    const timeOf = async (id: string) =>
      ((await engine.runFunction("values:get", { id })) as { _creationTime: number })._creationTime;
    expect((await timeOf(after)) - (await timeOf(before))).toBeGreaterThanOrEqual(HOUR_MS);
  });
});

test("an action is noted as begun before it runs, so that a crash cannot make it run twice", async () => {
  const states: unknown[] = [];
  const id = await schedule("inside", 0, "noteByAction");
  // The action runs this mutation first.
  const stop = engine.onCall(({ name }) => {
    if (name === "jobs:note" && states.length === 0) states.push(stateOf(id));
  });
  await engine.settle();
  stop();
  expect(await Promise.all(states)).toEqual(["inProgress"]);
  expect(await stateOf(id)).toBe("success");
});

test("an action that is canceled while it runs goes on and stays canceled; what it schedules then is canceled too", async () => {
  const states: Promise<unknown>[] = [];
  const canceledBefore = (await engine.runFunction("jobs:canceled")) as number;
  const id = await schedule("goes on", 0, "noteByAction");
  const stop = engine.onCall(({ name }) => {
    if (name !== "jobs:note" || states.length > 0) return;
    states.push(engine.runFunction("jobs:cancel", { id }).then(() => stateOf(id)));
  });
  await engine.settle();
  stop();
  expect(await Promise.all(states)).toEqual(["canceled"]);
  expect(await stateOf(id)).toBe("canceled");
  expect(await ran()).toContain("goes on");
  expect(await ran()).not.toContain("goes on, then");
  expect(await engine.runFunction("jobs:canceled")).toBe(canceledBefore + 2);
});

test("a scheduled mutation sees itself in progress, with its arguments", async () => {
  const id = await schedule("self", 0, "noteOwnState");
  await engine.settle();
  expect(await ran()).toContain('self: ["inProgress",[{"name":"self"}]]');
  expect(await stateOf(id)).toBe("success");
});

test("an action that a crash interrupted is failed at the next start, and does not run again", async () => {
  const data = join(folder, "crashed.sqlite3");
  const first = await startTestEngine({ functions, data, clock });
  const begun = { target: "noteByAction", delay: HOUR_MS, name: "begun" };
  const id = (await first.runFunction("jobs:schedule", begun)) as string;
  await first.stop();
  // What the file holds if the process ends while the action runs.
  const file = openSqlite(data);
  file.exec("UPDATE jobs SET running = 1");
  file.close();
  const second = await startTestEngine({ functions, data, clock });
  await second.settle(2 * HOUR_MS);
  expect(await second.runFunction("jobs:state", { id })).toBe("failed");
  expect(await second.runFunction("jobs:ran")).not.toContain("begun");
  await second.stop();
});

test("an engine that stops does not wait for an action that does not end; what that writes later fails, and it counts as failed", async () => {
  const server = createServer();
  const asked = new Promise<ServerResponse>((resolve) => {
    server.once("request", (_, response) => {
      resolve(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const name = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const data = join(folder, "stopped.sqlite3");
  const errors: unknown[] = [];
  const log = ({ words }: LogLine) => errors.push(...words);
  const first = await startTestEngine({ functions, data, log, stopGraceMs: 100 });
  const args = { target: "noteAfter", delay: 0, name };
  const id = (await first.runFunction("jobs:schedule", args)) as string;
  const response = await asked;
  await first.stop();
  const second = await startTestEngine({ functions, data });
  expect(await second.runFunction("jobs:state", { id })).toBe("failed");
  response.end();
  await expect.poll(() => errors.map(String)).toContain("Error: The engine has stopped");
  expect(await second.runFunction("jobs:ran")).toEqual([]);
  await second.stop();
  server.close();
});

test("jobs run in the order in which they are due", async () => {
  const delays = [4, 1, 3, 0, 2].map((minutes) => minutes * 60_000);
  for (const delay of delays) await schedule(`after ${delay}`, delay);
  await engine.settle(HOUR_MS);
  const order = (await ran()).filter((name) => name.startsWith("after "));
  expect(order).toEqual([...delays].sort((a, b) => a - b).map((delay) => `after ${delay}`));
});

test("of jobs that are overdue together, the one due first runs first", async () => {
  for (const delay of [30_000, 10_000, 20_000]) await schedule(`overdue ${delay}`, delay);
  // All three come due before the engine looks at its queue again.
  clock.skipTo(clock.now() + HOUR_MS);
  engine = await engine.restart();
  await engine.settle();
  const order = (await ran()).filter((name) => name.startsWith("overdue "));
  expect(order).toEqual(["overdue 10000", "overdue 20000", "overdue 30000"]);
});

test("jobs that are due at the same moment run in the order in which they were scheduled", async () => {
  const at = clock.now() + HOUR_MS;
  const names = ["first", "second", "third", "fourth"].map((name) => `tied ${name}`);
  for (const name of names) {
    await engine.runFunction("jobs:scheduleAt", { at, name });
    // Scheduled in one millisecond, their order would be open.
    await pause(2);
  }
  await engine.settle(2 * HOUR_MS);
  expect((await ran()).filter((name) => name.startsWith("tied "))).toEqual(names);
});

test("an action that is canceled after it is due and before it begins does not run", async () => {
  const ownClock = new Clock(true);
  // Both are started at once: the mutation, due first, cancels the action.
  const limits = { mode: "enforce", scheduledJobs: 8 } as const;
  let busy = await startTestEngine({ functions, limits, clock: ownClock });
  const args = { name: "canceled meanwhile", delay: 20_000 };
  const id = (await busy.runFunction("jobs:scheduleCanceled", args)) as string;
  ownClock.skipTo(ownClock.now() + HOUR_MS);
  busy = await busy.restart();
  await busy.settle();
  expect(await busy.runFunction("jobs:state", { id })).toBe("canceled");
  const ranMeanwhile = (await busy.runFunction("jobs:ran")) as string[];
  // Between half past two and half past three at night, a cron comes due in this hour too.
  expect(ranMeanwhile.filter((name) => name !== "nightly")).toEqual([]);
  await busy.stop();
});

test("a job that has ended, however it ended, keeps no arguments, and cannot be canceled", async () => {
  const argsOf = (id: string) => engine.runFunction("jobs:argsOf", { id });
  const kept = { target: "note", delay: HOUR_MS, name: "secret" };
  const [done, failed, canceled] = (await Promise.all(
    [kept, { ...kept, fail: true }, kept].map((one) => engine.runFunction("jobs:schedule", one)),
  )) as [string, string, string];
  expect(await argsOf(canceled)).toEqual([{ name: "secret" }]);
  await engine.runFunction("jobs:cancel", { id: canceled });
  await engine.settle(2 * HOUR_MS);
  const ids = [done, failed, canceled];
  expect(await Promise.all(ids.map(stateOf))).toEqual(["success", "failed", "canceled"]);
  expect(await Promise.all(ids.map(argsOf))).toEqual([[], [], []]);
  for (const id of ids) await engine.runFunction("jobs:cancel", { id });
  expect(await Promise.all(ids.map(stateOf))).toEqual(["success", "failed", "canceled"]);
});

test("every hour all results older than a week are deleted, and no others", async () => {
  const ownClock = new Clock(true);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const own = await startTestEngine({ functions, clock: ownClock });
  const ids: string[] = [];
  const kept = () => own.runFunction("jobs:kept", { ids });
  // More than two batches.
  for (let n = 0; n < 3; n++)
    ids.push(...((await own.runFunction("jobs:scheduleMany", { count: 360 })) as string[]));
  await own.settle();
  ownClock.skipTo(ownClock.now() + 6 * 24 * HOUR_MS);
  const late = { target: "note", delay: 0, name: "late" };
  const lateId = await own.runFunction("jobs:schedule", late);
  await own.settle();
  vi.advanceTimersByTime(HOUR_MS);
  await own.settle();
  expect(await kept()).toBe(1_080);
  ownClock.skipTo(ownClock.now() + 2 * 24 * HOUR_MS);
  vi.advanceTimersByTime(HOUR_MS);
  await vi.waitFor(async () => {
    expect(await kept()).toBe(0);
  }, 20_000);
  expect(await own.runFunction("jobs:state", { id: lateId })).toBe("success");
  vi.useRealTimers();
  await own.stop();
});

test("an engine that stops during housekeeping ends it after a batch, before it closes its file", async () => {
  const ownClock = new Clock(true);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  let own = await startTestEngine({ functions, clock: ownClock });
  const ids: string[] = [];
  for (let n = 0; n < 4; n++)
    ids.push(...((await own.runFunction("jobs:scheduleMany", { count: 360 })) as string[]));
  await own.settle();
  ownClock.skipTo(ownClock.now() + 8 * 24 * HOUR_MS);
  vi.advanceTimersByTime(HOUR_MS);
  own = await own.restart();
  vi.useRealTimers();
  const kept = (await own.runFunction("jobs:kept", { ids })) as number;
  await own.stop();
  // What the first batch of 500 left.
  expect(kept).toBe(ids.length - 500);
});
