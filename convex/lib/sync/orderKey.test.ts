import fc from "fast-check";
import { expect, test } from "vitest";
import { orderKey, orderKeyFrom, timeOf } from "./orderKey";

/** The first time beyond the nine digits of a key: in the year 5188. */
const END = 36 ** 9;
const time = fc.oneof(fc.nat(), fc.integer({ min: 0, max: END - 1 }));
const moment = fc.record({ createdAt: time, receivedAt: time, index: fc.nat(36 ** 4 - 1) });

test("keys sort as text by source time, then arrival, then position in the request", () => {
  fc.assert(
    fc.property(
      moment,
      moment,
      fc.constantFrom("both", "createdAt", "receivedAt"),
      (a, b, same) => {
        // Random times hardly ever agree, so some are made equal to test the next criterion.
        const other = {
          ...b,
          ...(same === "both" ? {} : { createdAt: a.createdAt }),
          ...(same === "receivedAt" ? { receivedAt: a.receivedAt } : {}),
        };
        const order =
          a.createdAt - other.createdAt || a.receivedAt - other.receivedAt || a.index - other.index;
        const [one, two] = [a, other].map((at) => orderKey({ ...at, externalId: "m" }));
        expect(Math.sign(order)).toBe(one === two ? 0 : (one ?? "") < (two ?? "") ? -1 : 1);
      },
    ),
  );
});

test("messages of the same time have different keys of equal length, the same every time", () => {
  const at = { createdAt: 1, receivedAt: 1, index: 0 };
  const keys = Array.from({ length: 1_000 }, (_, i) => orderKey({ ...at, externalId: `m${i}` }));
  expect(new Set(keys).size).toBe(1_000);
  expect(new Set(keys.map((key) => key.length)).size).toBe(1);
  expect(orderKey({ ...at, externalId: "m7" })).toBe(keys[7]);
});

test("a key tells its time, and the smallest key of a time is between those before it and its own", () => {
  const key = (createdAt: number) =>
    orderKey({ createdAt, receivedAt: 5, index: 0, externalId: "m" });
  for (const createdAt of [0, 1, 35, 36, 1_796_000_000_123, END - 1]) {
    expect(timeOf(key(createdAt))).toBe(createdAt);
    expect(orderKeyFrom(createdAt) < key(createdAt)).toBe(true);
    if (createdAt > 0) expect(key(createdAt - 1) < orderKeyFrom(createdAt)).toBe(true);
  }
});
