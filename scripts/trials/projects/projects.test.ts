import { expect, test } from "vitest";
import { playProjects, sumOf } from "./projects.ts";

/** More than a day has rows of its own for (`convex/model/stats/ledger.ts`). */
const PROJECTS = 1_100;
/** Rows that a day may have. */
const ROWS_MAX = 1_000;

test("a day with more projects than rows closes, its sums are whole, and each step reads a bounded part of it", async () => {
  const { totals, byProject, statuses, peaks } = await playProjects(PROJECTS);
  expect(statuses).toEqual({ stats: 200, wrapped: 200 });
  expect(totals).toMatchObject({
    sessions: PROJECTS,
    messages: PROJECTS,
    totalTokens: 11 * PROJECTS,
  });
  expect(byProject.length).toBeLessThanOrEqual(ROWS_MAX);
  expect(byProject.some(({ project }) => project === "(other)")).toBe(true);
  for (const name of ["sessions", "messages", "totalTokens"] as const)
    expect([name, sumOf(byProject, name)]).toEqual([name, totals[name]]);
  const peakOf = (name: string) =>
    peaks.find((peak) => peak.name === name) ?? expect.fail(`${name} was not called`);
  expect(peakOf("wrapped:copyDay").documentsRead).toBeLessThanOrEqual(ROWS_MAX + 10);
  expect(peakOf("sessions:refresh").documentsRead).toBeLessThanOrEqual(40);
  for (const name of ["analytics:stats", "wrapped:picture"])
    expect(peakOf(name).documentsRead).toBeLessThanOrEqual(10);
  expect(peaks.filter(({ failed }) => failed > 0)).toEqual([]);
}, 180_000);
