import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Clock } from "../clock.ts";
import { Statements } from "../store/database.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
const HOUR_MS = 60 * 60 * 1_000;

let engine: TestEngine;
let clock: Clock;
beforeEach(async () => {
  clock = new Clock(true);
  engine = await startTestEngine({ functions, clock });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await engine.stop();
});

type Run = Statements["run"];
const { run } = Statements.prototype as {
  run: (this: Statements, ...call: Parameters<Run>) => ReturnType<Run>;
};

/** Makes the disk refuse the first writes of documents whose JSON matches. Returns when each was refused. */
function refuseWrites(json: RegExp, times: number): number[] {
  const refusedAt: number[] = [];
  vi.spyOn(Statements.prototype, "run").mockImplementation(function (this: Statements, ...call) {
    const [text, ...values] = call;
    const isDocument = /^(INSERT INTO|UPDATE) documents/.test(text);
    const isMeant = values.some((value) => typeof value === "string" && json.test(value));
    if (isDocument && isMeant && refusedAt.length < times) {
      refusedAt.push(clock.now());
      throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    }
    return run.apply(this, call);
  });
  return refusedAt;
}

const schedule = async (job: { target: string; name: string; fail?: boolean }) =>
  (await engine.runFunction("jobs:schedule", { delay: 60_000, ...job })) as string;
const stateOf = (id: string) => engine.runFunction("jobs:state", { id });
const timesRan = async (name: string) =>
  ((await engine.runFunction("jobs:ran")) as string[]).filter((one) => one === name).length;

/** The pauses between attempts, in units of the first pause. */
const pauses = (times: number[]) =>
  times.slice(1).map((time, i) => Math.floor((time - (times[i] ?? 0)) / 500));

test("a scheduled mutation that a full disk refuses stays pending, and runs once when the disk has room", async () => {
  const id = await schedule({ target: "note", name: "refused" });
  const refusedAt = refuseWrites(/"name":"refused"/, 4);
  const states: Promise<unknown>[] = [];
  const stop = engine.onCall(({ error }) => {
    if (error !== null) states.push(stateOf(id));
  });
  await engine.settle(HOUR_MS);
  stop();
  expect(await Promise.all(states)).toEqual(["pending", "pending", "pending", "pending"]);
  expect([await stateOf(id), await timesRan("refused")]).toEqual(["success", 1]);
  const [first = 0, second = 0, third = 0] = pauses(refusedAt);
  expect(first).toBeGreaterThanOrEqual(1);
  expect(second).toBeGreaterThanOrEqual(2);
  expect(third).toBeGreaterThanOrEqual(4);
});

test("a failed mutation whose failure a full disk refuses is tried again only after a pause", async () => {
  const id = await schedule({ target: "note", name: "fails", fail: true });
  const refusedAt = refuseWrites(/"kind":"failed"/, 3);
  await engine.settle(HOUR_MS);
  expect([await stateOf(id), await timesRan("fails")]).toEqual(["failed", 0]);
  const [first = 0, second = 0] = pauses(refusedAt);
  expect(first).toBeGreaterThanOrEqual(1);
  expect(second).toBeGreaterThanOrEqual(2);
});

test.each(["inProgress", "success"])(
  "a scheduled action that a full disk does not let become %s runs once, and succeeds",
  async (state) => {
    const id = await schedule({ target: "noteByAction", name: state });
    refuseWrites(new RegExp(`noteByAction.*"kind":"${state}"`), 1);
    await engine.settle(HOUR_MS);
    expect([await stateOf(id), await timesRan(state)]).toEqual(["success", 1]);
  },
);

test("an engine stops while the end of an action waits for room on the disk, and its next start fails the action", async () => {
  const id = await schedule({ target: "noteByAction", name: "unrecorded" });
  const refusedAt = refuseWrites(/noteByAction.*"kind":"success"/, Infinity);
  clock.skipTo(clock.now() + HOUR_MS);
  await vi.waitFor(() => {
    expect(refusedAt.length).toBeGreaterThan(0);
  });
  engine = await engine.restart();
  vi.restoreAllMocks();
  expect([await stateOf(id), await timesRan("unrecorded")]).toEqual(["failed", 1]);
});
