import { expect, test } from "vitest";
import { growth, SLOW_PATTERNS } from "./pagePatterns.ts";

test.each(SLOW_PATTERNS.flatMap((pattern) => [pattern, `${pattern.repeat(20)}\n\n`]))(
  "four times the text of %j takes less than six times the CPU time",
  (pattern) => {
    // Measures up to three times, because a busy machine may distort a measurement.
    let least = Infinity;
    for (const runs of [2, 5, 9]) if (least >= 6) least = growth(pattern, runs).ratio;
    expect(least).toBeLessThan(6);
  },
);
