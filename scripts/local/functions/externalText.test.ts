import { expect, test } from "vitest";
import { garbageCollector } from "../limits/garbage.ts";
import { externalText } from "./externalText.ts";

const MIB = 1 << 20;

const collectGarbage = garbageCollector();

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test.each([
  ["Latin-1", "é"],
  ["any characters", "🎉"],
])("a text of %s is the same outside of the heap", (_, end) => {
  const begin = "x".repeat(8 * MIB);
  const before = heapUsed();
  const text = externalText(begin + end);
  expect(heapUsed() - before).toBeLessThan(MIB);
  expect(text === begin + end).toBe(true);
});
