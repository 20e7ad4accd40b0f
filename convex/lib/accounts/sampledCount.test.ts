import { expect, test } from "vitest";
import { sampleWeight } from "./sampledCount";

/** Counts this many requests with a deterministic generator; returns the count and the writes. */
function counted(requests: number, seed: number) {
  let state = seed;
  let count = 0;
  let writes = 0;
  for (let i = 0; i < requests; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const weight = sampleWeight(count);
    if (state / 2 ** 32 >= 1 / weight) continue;
    count += weight;
    writes += 1;
  }
  return { count, writes };
}

test("small counts are exact", () => {
  for (const requests of [0, 1, 2, 31, 32]) {
    expect(counted(requests, 7)).toEqual({ count: requests, writes: requests });
  }
});

test("weights grow by powers of two and never shrink", () => {
  const weights = [0, 31, 32, 63, 64, 127, 128, 1_000_000].map(sampleWeight);
  expect(weights).toEqual([1, 1, 2, 2, 4, 4, 8, 32_768]);
});

test.each([
  [3_000, 20],
  [100_000, 20],
  [1_000_000, 3],
])("a flood of %d requests writes little and is counted well", (n, seeds) => {
  const counts = Array.from({ length: seeds }, (_, seed) => counted(n, seed + 1));
  const mean = counts.reduce((sum, { count }) => sum + count, 0) / counts.length;
  expect(mean).toBeGreaterThan(n * 0.8);
  expect(mean).toBeLessThan(n * 1.2);
  const most = Math.max(...counts.map(({ writes }) => writes));
  expect(most).toBeLessThan(32 * (Math.log2(n / 32) + 3));
});
