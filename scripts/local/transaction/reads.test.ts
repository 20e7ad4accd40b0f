import fc from "fast-check";
import { expect, test } from "vitest";
import { isTouched, ReadPart, ReadSet } from "./reads.ts";

const key = (n: number) => Buffer.of(n);
const range = ([a, b]: [number, number]) => ({ lower: key(a), upper: key(b) });
const byte = fc.integer({ min: 0, max: 255 });

test("a read set is touched by exactly the keys that lie in one of its ranges", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(byte, byte), { maxLength: 12 }),
      fc.array(byte),
      (pairs, written) => {
        const reads = new ReadSet();
        for (const pair of pairs) reads.addRange(1, range(pair));
        const keys = [...written].sort((a, b) => a - b).map(key);
        const expected = written.some((n) => pairs.some(([a, b]) => a <= n && n < b));
        expect(isTouched(reads.ranges().get(1) ?? [], keys)).toBe(expected);
      },
    ),
  );
});

test("a read set with too many ranges of one index keeps one that covers them all", () => {
  const reads = new ReadSet();
  const place = (n: number) => Buffer.of(n >> 8, n & 255);
  for (let n = 0; n < 600; n++) reads.addRange(1, { lower: place(n * 2), upper: place(n * 2 + 1) });
  reads.addRange(2, range([1, 2]));
  expect(reads.ranges().get(1)).toEqual([{ lower: place(0), upper: place(1199) }]);
  expect(reads.ranges().get(2)).toEqual([range([1, 2])]);
});

test("a scan has read what lies between its start and the last row that it took", () => {
  for (const [order, lower, upper] of [
    ["asc", [10], [25, 0]],
    ["desc", [25], [90]],
  ] as const) {
    const reads = new ReadSet();
    const part = new ReadPart(reads, 1, range([10, 90]), order);
    expect(reads.ranges().get(1)).toEqual([]);
    part.upTo(key(25));
    expect(reads.ranges().get(1)).toEqual([
      { lower: Buffer.from(lower), upper: Buffer.from(upper) },
    ]);
    part.upTo(undefined);
    expect(reads.ranges().get(1)).toEqual([range([10, 90])]);
  }
});
