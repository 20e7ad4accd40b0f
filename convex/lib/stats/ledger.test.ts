import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shownProvider } from "../sessions/providers";
import { isDate, utcDate } from "../time";
import { addCells, type Cells, packCells, unpackCells } from "./cells";
import {
  dollars,
  type LedgerRow,
  nanos,
  notNegative,
  subtractRow,
  totalOf,
  wholeCount,
} from "./ledger";
import { grainName, modelKey, modelName } from "./names";
import { Zone } from "./zones";

const arbitraryCells: fc.Arbitrary<Cells> = fc
  .array(
    fc.record({
      quarter: fc.nat(95),
      promptTokens: fc.integer({ min: 1, max: 1e12 }),
      extraTokens: fc.integer({ min: -1_000, max: -1 }),
      gap: fc.nat(100_000),
      count: fc.integer({ min: 1, max: 50 }),
    }),
    { maxLength: 10 },
  )
  .map((all) => {
    const cells: Cells = new Map();
    for (const { quarter, promptTokens, extraTokens, gap, count } of all) {
      cells.set(quarter, { sums: { promptTokens, extraTokens }, gaps: new Map([[gap, count]]) });
    }
    return cells;
  });

describe("arithmetic of cells", () => {
  test("adding and subtracting leaves exactly the previous value, packed or not", () => {
    fc.assert(
      fc.property(arbitraryCells, arbitraryCells, (a, b) => {
        const cells = unpackCells(packCells(a));
        addCells(cells, b, 1);
        const both = unpackCells(packCells(cells));
        addCells(both, unpackCells(packCells(b)), -1);
        expect(packCells(both)).toBe(packCells(a));
      }),
    );
  });

  test("costs do not drift: ten times 0.1 dollars is one dollar", () => {
    expect(dollars(10 * nanos(0.1))).toBe(1);
  });

  test("invalid and absurd numbers cannot corrupt a day", () => {
    expect([Infinity, -5, NaN, undefined].map((value) => wholeCount(value))).toEqual([0, 0, 0, 0]);
    expect(Number.isSafeInteger(wholeCount(1e300))).toBe(true);
  });
});

describe("rows", () => {
  const row = (fields: Partial<LedgerRow> = {}): LedgerRow => ({
    ...{ source: "pi", provider: "p", model: "m", project: "x", sessions: 2, messages: 5 },
    ...{ promptTokens: 30, completionTokens: 3, totalTokens: 33, costNanos: 7, durationMs: 9 },
    ...{ lastActiveAt: 1, ...fields },
  });

  test.each(["source", "provider", "model", "project"])(
    "a row is subtracted from the one of its names, not from one of another %s",
    (name) => {
      const other = row({ [name]: "other" });
      const part = row({ sessions: 1, messages: 2, promptTokens: 10, totalTokens: 13 });
      const left = { sessions: 1, messages: 3, promptTokens: 20, totalTokens: 20 };
      const rest = { completionTokens: 0, costNanos: 0, durationMs: 0 };
      expect(subtractRow([other, row()], part)).toEqual([other, row({ ...left, ...rest })]);
    },
  );

  test("a row without sessions is removed, and no count falls below zero", () => {
    expect(subtractRow([row(), row({ model: "n" })], row())).toEqual([row({ model: "n" })]);
    const more = row({ sessions: 1, messages: 50, cacheReadTokens: 4 });
    const [left] = subtractRow([row({ cacheReadTokens: 4, reasoningTokens: 6 })], more);
    expect(left).toMatchObject({ sessions: 1, messages: 0, reasoningTokens: 6 });
    expect(left).not.toHaveProperty("cacheReadTokens");
    expect(notNegative(row({ reportedTokens: -5 }))).toEqual(row());
  });

  test.each([
    [{}, undefined],
    [{ promptTokens: 3 }, 3],
    [{ completionTokens: 4 }, 4],
    [{ promptTokens: 3, completionTokens: 4 }, 7],
    [{ promptTokens: 3, completionTokens: 4, totalTokens: 9 }, 9],
    [{ totalTokens: 0 }, 0],
  ])("the total of %j is %j", (numbers, total) => {
    expect(totalOf(numbers)).toBe(total);
  });

  test("a million dollars is the most that one message may have", () => {
    expect([nanos(1e6), nanos(1e12), nanos(undefined)]).toEqual([1e15, 1e15, 0]);
  });
});

describe("names", () => {
  test("a shortened name stays valid Unicode", () => {
    expect(grainName("a" + "😀".repeat(150))).toBe("a" + "😀".repeat(99));
  });

  test.each([
    ["<synthetic>", undefined],
    [" <anything else> ", undefined],
    ["Unknown", undefined],
    ["", undefined],
    [" a<b> ", "a<b>"],
  ])("%j names the model %j", (sent, name) => {
    expect(modelName(sent)).toBe(name);
  });

  test.each([
    ["anthropic/claude-opus-4.5", "claude-opus-4-5"],
    ["claude-opus-4-5-20251101", "claude-opus-4-5"],
    ["claude-opus-4-5@20251101", "claude-opus-4-5"],
    ["eu.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"],
    ["GPT-4o-2024-08-06", "gpt-4o"],
    ["gpt-4o-mini", "gpt-4o-mini"],
    ["openrouter/openai/gpt-5", "gpt-5"],
    ["claude-3-5-haiku-latest", "claude-3-5-haiku"],
    ["模型", "模型"],
    ["a/", "a/"],
  ])("%s is grouped as %s", (name, key) => {
    expect(modelKey(name)).toBe(key);
  });
});

test.each([
  ["UTC", "2026-03-29", 0],
  ["Europe/Berlin", "2026-03-29", -4],
  ["Europe/Berlin", "2026-03-30", -8],
  ["Asia/Kathmandu", "2026-01-01", -23],
  ["Pacific/Chatham", "2026-06-01", -51],
  ["America/St_Johns", "2026-01-01", 14],
  // Clocks go forward at midnight, so the day starts at 1:00.
  ["Africa/Cairo", "2026-04-24", -8],
  ["Pacific/Kiritimati", "2026-01-01", -56],
  ["Etc/GMT+12", "2026-01-01", 48],
])("a day of %s, %s, begins %i quarter hours from midnight UTC", (zone, date, quarters) => {
  expect(new Zone(zone).startOf(date) - Date.parse(date) / 900_000).toBe(quarters);
});

test.each([
  ["Anthropic API", undefined, "anthropic"],
  ["antigravity", "gemini", "google"],
  ["openai-codex", undefined, "openai"],
  ["Kimi-OAuth", undefined, "kimi"],
  ["opencode", "claude", "opencode"],
  [undefined, "claude-sonnet", "anthropic"],
  [undefined, "o3-mini", "openai"],
  [" ", "Mixtral", "mistral"],
  [undefined, undefined, "unknown"],
])("the provider shown for (%s, %s) is %s", (provider, model, shown) => {
  expect(shownProvider(provider, model)).toBe(shown);
});

test("days are calendar days in UTC", () => {
  expect(utcDate(Date.UTC(2026, 1, 28, 23, 59))).toBe("2026-02-28");
  expect(["2026-02-28", "2026-02-30", "2026-2-3", "x"].map(isDate)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
