import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addRow,
  combined,
  contributionOf,
  DAY_MAX_BYTES,
  dollars,
  type LedgerRow,
  type LedgerSession,
  OTHER,
  placeRow,
  rowsOf,
  subtractRow,
} from "./ledger";
import { shownProvider } from "../sessions/providers";
import { isDate, utcDate } from "../time";

const session = (fields: Partial<LedgerSession> = {}): LedgerSession => ({
  source: "pi",
  messageCount: 3,
  createdAt: Date.UTC(2026, 10, 22, 23, 59, 59, 999),
  updatedAt: Date.UTC(2026, 10, 23),
  ...fields,
});

const arbitrarySession = fc.record({
  source: fc.constantFrom("pi", "opencode", "__proto__"),
  model: fc.option(fc.constantFrom("claude-x", "模型", "$m", "constructor"), { nil: undefined }),
  provider: fc.option(fc.constantFrom("openai", "x-oauth"), { nil: undefined }),
  projectName: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
  messageCount: fc.nat(1000),
  promptTokens: fc.option(fc.nat(), { nil: undefined }),
  totalTokens: fc.option(fc.nat(), { nil: undefined }),
  cacheReadTokens: fc.option(fc.nat(3), { nil: undefined }),
  cost: fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined }),
  durationMs: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: undefined }),
  createdAt: fc.integer({ min: 1_700_000_000_000, max: 1_700_100_000_000 }),
  updatedAt: fc.integer({ min: 1_700_000_000_000, max: 1_700_100_000_000 }),
});

const sorted = (rows: LedgerRow[]) => rows.map((row) => JSON.stringify(row)).sort();

describe("what a day holds of a session", () => {
  test("it counts on the UTC day of its source time, with the numbers that are known", () => {
    expect(contributionOf(session({ cost: 0.1, model: "claude-x", cacheReadTokens: 0 }))).toEqual({
      date: "2026-11-22",
      row: {
        source: "pi",
        provider: "anthropic",
        model: "claude-x",
        project: "",
        sessions: 1,
        messages: 3,
        promptTokens: 0,
        completionTokens: 0,
        totalTokens: 0,
        costNanos: 100_000_000,
        durationMs: 0,
        lastActiveAt: Date.UTC(2026, 10, 23),
      },
    });
  });

  test("numbers that are none, and absurd ones, cannot spoil a day", () => {
    const { row } = contributionOf(
      session({ totalTokens: Infinity, promptTokens: -5, cost: NaN, completionTokens: 1e300 }),
    );
    expect([row.totalTokens, row.promptTokens, row.costNanos]).toEqual([0, 0, 0]);
    expect(Number.isSafeInteger(row.completionTokens)).toBe(true);
  });

  test("a name that is cut stays valid Unicode", () => {
    const { row } = contributionOf(session({ projectName: "a" + "😀".repeat(150) }));
    expect(row.project).toBe("a" + "😀".repeat(99));
  });

  test("the project is its name, else its path", () => {
    expect(contributionOf(session({ projectPath: "/w/x", projectName: " " })).row.project).toBe(
      "/w/x",
    );
  });
});

describe("arithmetic of a day", () => {
  test("adding sessions and taking some out leaves exactly the others, in any order", () => {
    fc.assert(
      fc.property(fc.array(arbitrarySession, { maxLength: 20 }), fc.nat(), (sessions, seed) => {
        const all = sessions.map((s) => contributionOf({ ...s, updatedAt: 5 }).row);
        const leaving = all.filter((_, index) => ((seed >> (index % 30)) & 1) === 1);
        const staying = all.filter((_, index) => ((seed >> (index % 30)) & 1) === 0);
        const after = leaving.reduce<LedgerRow[]>(
          (rows, row) => subtractRow(rows, row),
          all.reduce<LedgerRow[]>(addRow, []),
        );
        const expected = staying.reduce<LedgerRow[]>(addRow, []);
        expect(sorted(after)).toEqual(sorted(expected));
      }),
    );
  });

  test("costs of a day do not drift: ten times 0.1 dollars is one dollar", () => {
    const row = contributionOf(session({ cost: 0.1 })).row;
    const sum = Array.from({ length: 9 }).reduce<LedgerRow>((a) => combined(a, row, 1), row);
    expect(dollars(sum.costNanos)).toBe(1);
  });

  test("a day too full to tell rows apart puts further ones under (other), and stays small", () => {
    const contributions = Array.from({ length: 600 }, (_, index) =>
      contributionOf(
        session({
          model: `m${index}${"模".repeat(190)}`,
          projectName: "模".repeat(200),
          totalTokens: 1,
        }),
      ),
    );
    const rows = rowsOf(contributions);
    expect(JSON.stringify(rows).length).toBeLessThan(2 * DAY_MAX_BYTES);
    expect(rows.reduce((sum, row) => sum + row.totalTokens, 0)).toBe(600);
    expect(rows.filter((row) => row.source === OTHER)).toHaveLength(1);
    const known = rows[0];
    expect(known && placeRow(rows, known)).toEqual(known);
  });
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

test("days are UTC days of the calendar", () => {
  expect(utcDate(Date.UTC(2026, 1, 28, 23, 59))).toBe("2026-02-28");
  expect(["2026-02-28", "2026-02-30", "2026-2-3", "x"].map(isDate)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
