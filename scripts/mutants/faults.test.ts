import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { placeOf, readFaults } from "./planted.ts";

test("every planted fault still has its place in the code, and tests that exist", () => {
  const faults = readFaults();
  expect(faults.length).toBeGreaterThan(50);
  for (const fault of faults) {
    expect(placeOf(fault)).toBeGreaterThanOrEqual(0);
    expect(fault.tests.filter((path) => !existsSync(path))).toEqual([]);
  }
});
