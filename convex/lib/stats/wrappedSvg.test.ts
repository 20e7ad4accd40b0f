import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitted, longDate, shortCost, shortCount, shortDuration } from "./labels";
import type { LedgerRow } from "./ledger";
import { recentTokens, wrappedStats } from "./wrapped";
import { wrappedSvg, type WrappedLook } from "./wrappedSvg";

const row = (fields: {
  model?: string;
  projectName?: string;
  totalTokens?: number;
  source?: string;
}): LedgerRow => ({
  source: fields.source ?? "pi",
  provider: "unknown",
  model: fields.model ?? "",
  project: fields.projectName ?? "",
  sessions: 1,
  messages: 1,
  promptTokens: 0,
  completionTokens: 0,
  totalTokens: fields.totalTokens ?? 0,
  costNanos: 0,
  durationMs: 0,
  lastActiveAt: 1e12,
});

function picture(name: string) {
  const stats = wrappedStats([
    row({ model: name, projectName: name, source: name, totalTokens: 5 }),
  ]);
  return wrappedSvg({ date: "2026-11-22", stats, recent: recentTokens([], "2026-11-22") });
}

/** Elements, attributes and text of the picture, by the few rules of XML that matter for safety. */
function tagsOf(svg: string): string[] {
  return Array.from(svg.matchAll(/<(\/?[a-zA-Z]+)/g), ([, tag]) => tag ?? "");
}

describe("the picture of a day", () => {
  test("has the same elements whatever the names are", () => {
    const plain = tagsOf(picture("name"));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (name) => {
        expect(tagsOf(picture(`x${name}`))).toEqual(plain);
      }),
    );
    expect(tagsOf(picture(`</text><script>alert(1)</script>" onload="x`))).toEqual(plain);
  });

  test("contains no character that XML forbids, and no mark that changes the text direction", () => {
    const svg = picture("a\u0000b\u001bc\u202Ed\uFFFFe");
    expect(svg).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\uffff]/);
    expect(svg).toContain("a\ufffdb\ufffdc\ufffdd");
  });

  test("is self-contained and has the size of link previews", () => {
    const svg = picture("name");
    expect(svg).toContain('width="1200" height="630"');
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(
      /https?:|href|@import|<script/,
    );
    expect(svg.length).toBeLessThan(12_000);
  });

  test("gives the same bytes for the same numbers, in either theme", () => {
    const { date, stats, recent } = {
      date: "2026-11-22",
      stats: wrappedStats([]),
      recent: recentTokens([], "2026-11-22"),
    };
    expect(wrappedSvg({ date, stats, recent }, { theme: "dark" })).toBe(
      wrappedSvg({ date, stats, recent }, { theme: "dark" }),
    );
    expect(wrappedSvg({ date, stats, recent }, { theme: "dark" })).not.toContain(
      "prefers-color-scheme",
    );
    expect(wrappedSvg({ date, stats, recent })).toContain("prefers-color-scheme:dark");
  });
});

test("the numbers of a day are sums and the five largest groups of each kind", () => {
  const models = [1, 2, 3, 4, 5, 6].map((n) => row({ model: `m${n}`, totalTokens: n }));
  const stats = wrappedStats([...models, row({ projectName: "p" })]);
  expect(stats).toMatchObject({ totalTokens: 21, sessionCount: 7, totalMessages: 7, cost: 0 });
  expect(stats.topModels.map(({ model }) => model)).toEqual(["m6", "m5", "m4", "m3", "m2"]);
  expect(stats.topProjects.map(({ project }) => project)).toEqual(["No project", "p"]);
  expect(wrappedStats([row({})]).topModels).toEqual([{ model: "unknown", tokens: 0 }]);
});

describe("what the picture says", () => {
  const draw = (rows: LedgerRow[], look: WrappedLook = {}) =>
    wrappedSvg(
      { date: "2026-11-22", stats: wrappedStats(rows), recent: recentTokens([], "2026-11-22") },
      look,
    );
  const bars = (svg: string) => svg.match(/<rect [^>]*fill="(?:url\(#ab\)|var\(--a\))"/g) ?? [];

  test("there is no bar for zero, neither for a day nor for a model, project or source", () => {
    // The only rectangle in these colours is the logo.
    expect(bars(draw([]))).toHaveLength(1);
    expect(bars(draw([row({ model: "m", projectName: "p" })]))).toHaveLength(1);
    expect(bars(draw([row({ model: "m", projectName: "p", totalTokens: 1 })]))).toHaveLength(4);
    const recent = recentTokens(
      [{ date: "2026-11-20", rows: [row({ totalTokens: 1 })] }],
      "2026-11-22",
    );
    const svg = wrappedSvg({ date: "2026-11-22", stats: wrappedStats([]), recent });
    expect(bars(svg)).toHaveLength(2);
  });

  test("what has no project, and the sum of many small ones, are called what they are", () => {
    const rows = [
      row({ projectName: "(other)", model: "(other)", totalTokens: 9 }),
      row({ projectName: "app", model: "m", totalTokens: 1 }),
      row({ totalTokens: 2 }),
    ];
    const svg = draw(rows);
    expect(svg).toContain(">Other projects<");
    expect(svg).toContain(">Other models<");
    expect(svg).toContain(">No project<");
    expect(svg).not.toMatch(/>\(?other\)?</i);
    expect(wrappedStats(rows).topProjects.map(({ project }) => project)).toEqual([
      ...["No project", "app", "(other)"],
    ]);
  });

  test("a cost or time that nobody reported is unknown, not zero", () => {
    expect(draw([row({ totalTokens: 5 })]).match(/>unknown</g)).toHaveLength(3);
    expect(draw([])).toContain(">$0.00<");
  });

  test("the portrait has the same contents in the shape of a phone, and nothing outside of it", () => {
    const rows = [1, 2, 3, 4, 5].map((n) =>
      row({ model: `m${n}`, projectName: `p${n}`, source: `s${n}`, totalTokens: n }),
    );
    const svg = draw(rows, { shape: "portrait" });
    expect(svg).toContain('width="720" height="1280" viewBox="0 0 720 1280"');
    for (const name of ["MODELS", "PROJECTS", "SOURCES", "m5", "p5", "s5"]) {
      expect(svg).toContain(`>${name}<`);
    }
    for (const [, x = "", y = "", width = "0", height = "0"] of svg.matchAll(
      /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
    )) {
      expect(Number(x) + Number(width)).toBeLessThanOrEqual(720 - 64);
      expect(Number(y) + Number(height)).toBeLessThanOrEqual(1_240);
    }
  });
});

test("recent days include those without sessions", () => {
  const recent = recentTokens(
    [{ date: "2026-11-20", rows: [row({ totalTokens: 7 })] }],
    "2026-11-22",
  );
  expect(recent).toHaveLength(14);
  expect(recent.slice(-3)).toEqual([
    { date: "2026-11-20", tokens: 7 },
    { date: "2026-11-21", tokens: 0 },
    { date: "2026-11-22", tokens: 0 },
  ]);
});

test("short numbers never look rounder than they are", () => {
  expect([0, 999, 1_000, 1_240, 81_250, 999_499, 999_950, 1e6, 2.5e12].map(shortCount)).toEqual([
    "0",
    "999",
    "1K",
    "1.24K",
    "81.3K",
    "999K",
    "1M",
    "1M",
    "2.5T",
  ]);
  expect([0, 0.00001, 0.0042, 1.25, 12_400].map(shortCost)).toEqual([
    "$0.00",
    "<$0.0001",
    "$0.0042",
    "$1.25",
    "$12.4K",
  ]);
  expect([0, 59_000, 2_880_000, 7_500_000].map(shortDuration)).toEqual([
    "0s",
    "59s",
    "48m",
    "2h 05m",
  ]);
  expect(longDate("2026-11-22")).toBe("Sunday, 22 November 2026");
});

test("a name is cut by its width, never inside a character", () => {
  expect(fitted("short", 10)).toBe("short");
  expect(fitted("😀".repeat(50), 10)).toBe(`${"😀".repeat(9)}…`);
  expect(fitted("a\n b", 10)).toBe("a b");
});
