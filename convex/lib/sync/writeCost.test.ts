import { expect, test } from "vitest";
import schema from "../../schema";
import { INDEXES, pauseAfter, SLICE, writeWindow } from "./writeCost";

test.each(Object.entries(INDEXES))(
  "the cost of a row of %s counts at least the indexes that its table has",
  (table, count) => {
    const indexes = schema.tables[table as keyof typeof INDEXES][" indexes"]();
    // By id and by creation time are Convex's own.
    expect(indexes.length + 2).toBeLessThanOrEqual(count);
    expect(indexes.length + 2).toBeGreaterThan(count / 2);
  },
);

test.each(Object.keys(INDEXES))(
  "a row of %s is counted with its one copy in a text index",
  (table) => {
    const definition = schema.tables[table as keyof typeof INDEXES];
    // `export` is what the CLI calls; the types of `convex/server` do not show it.
    const exported = (
      definition as unknown as { export: () => { searchIndexes: unknown[] } }
    ).export();
    expect(exported.searchIndexes).toHaveLength(1);
  },
);

test("slices of any size, one after the other, write at most three eighths of the deployment's window", () => {
  const window = writeWindow(undefined);
  expect(window).toBe(4 * 1024 * 1024);
  for (const bytes of [1_000, SLICE.bytes, 7 * 1024 * 1024]) {
    for (const elapsedMs of [0, 100, 10_000]) {
      const seconds = (elapsedMs + pauseAfter(bytes, elapsedMs, window)) / 1_000;
      expect(bytes / seconds).toBeLessThanOrEqual(1.51 * 1024 * 1024);
    }
  }
});

test.each([
  ["64", 64],
  [" 8 ", 8],
  ["", 4],
  ["fast", 4],
  ["0", 4],
  ["-1", 4],
])("WRITE_MIB_PER_SECOND=%j means a window of %i MiB", (setting, mib) => {
  expect(writeWindow(setting)).toBe(mib * 1024 * 1024);
});
