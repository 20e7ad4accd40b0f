import { expect, test } from "vitest";
import { sampled } from "./pureCode.ts";

test("Stryker changes every file of pure code that has a quick unit test beside it, and nothing else", () => {
  const all = sampled(1, Infinity);
  expect(all).toContain("convex/lib/secrets/delivery.ts");
  expect(all).not.toContain("convex/exports/anonymize.ts");
  expect(all.filter((path) => !path.endsWith(".ts") || path.endsWith(".test.ts"))).toEqual([]);
  expect(sampled(1, 300).length).toBeLessThan(all.length);
  expect(sampled(2, Infinity)).not.toEqual(all);
  expect(sampled(2, Infinity).sort()).toEqual([...all].sort());
});
