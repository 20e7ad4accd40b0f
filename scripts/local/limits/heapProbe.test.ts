import { expect, test } from "vitest";
import { garbageCollector } from "./garbage.ts";
import { HeapProbe } from "./heapProbe.ts";

const MIB = 1 << 20;

/** Numbers take 8 bytes each, in the heap. */
const allocate = (mib: number) =>
  Array.from({ length: mib }, () => new Array<number>(MIB / 8).fill(0.5));

const collectGarbage = garbageCollector();

test("memory in use is measured, and no garbage above 40 MiB", () => {
  const probe = new HeapProbe();
  let held: unknown[] = allocate(50);
  expect(probe.sample()).toBeGreaterThan(49 * MIB);
  expect(held.length).toBe(50);
  held = [];
  expect(probe.sample()).toBeLessThan(5 * MIB);
});

test("memory that V8 has collected is not in use", () => {
  const probe = new HeapProbe();
  let held: unknown[] = allocate(30);
  expect(probe.sample()).toBeGreaterThan(29 * MIB);
  expect(held.length).toBe(30);
  held = [];
  collectGarbage();
  expect(probe.sample()).toBeLessThan(5 * MIB);
  // More than a probe may take for memory in use.
  allocate(20);
  expect(probe.sample()).toBeLessThan(5 * MIB);
});
