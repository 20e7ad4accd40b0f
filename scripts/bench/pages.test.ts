import { expect, test } from "vitest";
import { growth, SLOW_PATTERNS } from "./pagePatterns.ts";

test.each(SLOW_PATTERNS.flatMap((pattern) => [pattern, `${pattern.repeat(20)}\n\n`]))(
  "four times as much of %j takes less than six times the CPU time",
  (pattern) => {
    // A busy machine may spoil a measurement, never three.
    let least = Infinity;
    for (const runs of [2, 5, 9]) if (least >= 6) least = growth(pattern, runs).ratio;
    expect(least).toBeLessThan(6);
  },
);
