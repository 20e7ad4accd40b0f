import { expect, test } from "vitest";
import { seeded } from "../random.ts";
import { CLASSES } from "./classes.ts";
import { firstToBreak, mostDevelopers, simulate } from "./simulate.ts";
import { OPERATION_NAMES, readMeasured } from "./measured.ts";
import { type Operation, operationsOf } from "./workload.ts";

const [small = expect.fail(), large = expect.fail()] = CLASSES;
const hook: Operation = {
  name: "hook",
  perDay: 14_400,
  holds: [{ uses: "mutations", ms: 100 }],
  writes: 0,
  isBackground: false,
};
const run = (operation: Operation, developers: number, limits = small) =>
  simulate(limits, [operation], { developers, seconds: 10 }, seeded(1));

test("the same seed gives the same result", () => {
  const day = { developers: 200, seconds: 20 };
  const operations = operationsOf(readMeasured());
  expect(simulate(small, operations, day, seeded(3))).toEqual(
    simulate(small, operations, day, seeded(3)),
  );
});

test("requests fit while fewer run at once than the limit allows", () => {
  // One request per second and developer, each taking a tenth of a second: 160 developers fill the 16 slots.
  expect(firstToBreak(run(hook, 80))).toBeNull();
  expect(firstToBreak(run(hook, 640))).toBe("mutations");
  expect(firstToBreak(run(hook, 640, large))).toBeNull();
});

test("the write window refuses writes after it is full, and reopens every second", () => {
  const heavy = { ...hook, holds: [], writes: 1024 * 1024 };
  expect(firstToBreak(run(heavy, 2))).toBeNull();
  expect(firstToBreak(run(heavy, 40))).toBe("writes");
});

test("background work is late in situations where a request is refused", () => {
  const job: Operation = { ...hook, holds: [{ uses: "jobs", ms: 20_000 }], isBackground: true };
  const { late, refused } = simulate(small, [job], { developers: 8, seconds: 60 }, seeded(1));
  expect(late.jobs).toBeGreaterThan(0);
  expect(refused.jobs).toBe(0);
});

test("finds the largest number of developers within five percent", () => {
  const most = mostDevelopers((developers) => developers <= 1_234);
  expect(most).toBeLessThanOrEqual(1_234);
  expect(most).toBeGreaterThan(1_160);
});

test("the cost of every operation was measured, and a day consists of them", () => {
  const costs = readMeasured();
  for (const name of OPERATION_NAMES) {
    expect([name, costs[name].functionMs > 0, costs[name].writes > 0]).toEqual([name, true, true]);
  }
  const twice = { ...costs, hook: { ...costs.hook, writes: 2 * costs.hook.writes } };
  const hookOf = (from: typeof costs) => operationsOf(from)[0] ?? expect.fail();
  expect(hookOf(twice).writes).toBe(2 * hookOf(costs).writes);
  expect(operationsOf(costs).every(({ perDay }) => perDay > 0)).toBe(true);
});
