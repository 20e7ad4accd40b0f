import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUDGETS, compare, CONSTANT, RANGES_MAX, slope, SLOPE_MAX } from "./budgets.ts";
import { measure, type Measurement } from "./cost.ts";
import {
  embeddingOperations,
  meaningOperations,
  operations as allOperations,
  withFewerRequests,
} from "./operations.ts";
import { liveSession, pastMessages, pastSession } from "./payloads.ts";
import { startWorld, type World } from "./world.ts";

/** The smallest history, and one four times as large. */
const SCALES = [1, 4] as const;

const operations = allOperations.map(withFewerRequests);
const worlds = new Map<number, World>();
const measured = new Map<number, Map<string, Measurement>>();

beforeAll(async () => {
  // In parallel, because nearly all of the time is spent waiting for scheduled functions.
  await Promise.all(
    SCALES.map(async (scale) => {
      const world = await startWorld(scale, { embeddings: false });
      worlds.set(scale, world);
      const results = new Map<string, Measurement>();
      for (const operation of operations) {
        results.set(operation.name, await measure(world, operation));
      }
      measured.set(scale, results);
    }),
  );
}, 240_000);

afterAll(async () => {
  for (const world of worlds.values()) await world.stop();
});

function resultOf(name: string, scale: number): Measurement {
  const result = measured.get(scale)?.get(name);
  if (result === undefined) throw new Error(`${name} was not measured`);
  return result;
}

function smallWorld(): World {
  const world = worlds.get(1);
  if (world === undefined) throw new Error("No world");
  return world;
}

describe.each(operations.map(({ name }) => name))("%s", (name) => {
  test.each(SCALES)("keeps its budget with %i times the history", (scale) => {
    const lines = compare(resultOf(name, scale));
    expect(lines?.filter(({ used, allowed }) => used > allowed) ?? []).toEqual([]);
  });

  test("costs the same however much is stored", () => {
    const rangesMax = RANGES_MAX[name];
    if (rangesMax !== undefined) {
      for (const scale of SCALES) {
        expect(resultOf(name, scale).cost.indexRanges).toBeLessThanOrEqual(rangesMax);
      }
    }
    const constant = CONSTANT.filter((what) => !(what === "indexRanges" && rangesMax));
    const grows = constant.map((what) => {
      const points = SCALES.map((size) => ({ size, value: resultOf(name, size).cost[what] }));
      return { what, points, slope: slope(points) };
    });
    expect(grows.filter((growth) => growth.slope > SLOPE_MAX)).toEqual([]);
  });
});

test("every budget has a measured operation, and every operation a budget", () => {
  const names = [...operations, ...embeddingOperations, ...meaningOperations].map(
    ({ name }) => name,
  );
  expect(Object.keys(BUDGETS).sort()).toEqual(names.sort());
});

test("a burst of messages writes its session once", () => {
  const { cost } = resultOf("burst of 5 messages", 1);
  // Each message writes its row, its change and its log line; the first also writes the session.
  expect(cost.documentsWritten).toBe(5 * 3 + 1);
});

describe("an unchanged redelivery writes only its log line", () => {
  const past = pastSession(0);
  const deliveries = [
    ["a message", "/sync/message", pastMessages(past, 0, 1)[0]],
    ["a session", "/sync/session", past],
    ["a batch", "/sync/batch", { sessions: [past], messages: pastMessages(past, 0, 8) }],
    ["the last state of a session", "/sync/session", liveSession("repeated", 3)],
  ] as const;

  test.each(deliveries)("%s", async (_what, path, body) => {
    const world = smallWorld();
    await world.send(path, body);
    await world.engine.settle();
    const again = await world.engine.measure(() => world.send(path, body));
    expect(again.documentsWritten).toBe(1);
    expect(again.bytesWritten).toBeLessThanOrEqual(300);
  });
});
