import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import { packCells } from "../lib/stats/cells";
import { packed } from "../lib/stats/sessionDay";
import { deployment, eachTestAt, loseScheduled, person, read, rows, settle } from "../test.setup";
import type { Deployment } from "../test.setup";

const NOW = Date.UTC(2026, 10, 22, 0, 10);
const DAY = 86_400_000;

eachTestAt(NOW);

/** Ada's four sessions over three days, of two sources. */
async function setUp() {
  const t = deployment();
  const ada = await person(t);
  const sessions = [
    {
      externalId: "a",
      source: "pi",
      model: "claude-x",
      projectName: "p",
      promptTokens: 10,
      completionTokens: 5,
      cost: 0.1,
      durationMs: 2_000,
      createdAt: NOW - 2 * DAY,
    },
    {
      externalId: "b",
      source: "pi",
      model: "gpt-x",
      promptTokens: 100,
      cost: 0.2,
      createdAt: NOW - DAY,
    },
    { externalId: "c", source: "cursor", projectPath: "/q", createdAt: NOW - DAY },
    {
      externalId: "d",
      source: "pi",
      model: "claude-x",
      projectName: "p",
      promptTokens: 1,
      createdAt: NOW - 40 * DAY,
    },
  ];
  await ada.post("/sync/batch", {
    sessions,
    messages: [
      {
        sessionExternalId: "a",
        externalId: "m",
        role: "user",
        textContent: "hi",
        createdAt: NOW - 2 * DAY,
      },
    ],
  });
  await settle(t);
  return { t, ada, me: ada.dashboard };
}

describe("GET /api/stats", () => {
  test("returns totals and splits, also under the names that older clients read", async () => {
    const { ada } = await setUp();
    expect(await read(ada.get("/api/stats"))).toMatchObject({
      sessionCount: 4,
      messageCount: 1,
      totalTokens: 116,
      totalCost: 0.3,
      totalDurationMs: 2_000,
      modelUsage: { "gpt-x": { tokens: 100, cost: 0.2, sessions: 1 }, unknown: { tokens: 0 } },
      byModel: [{ model: "gpt-x" }, { model: "claude-x", sessions: 2 }, { model: "unknown" }],
      bySource: [
        { source: "pi", sessions: 3 },
        { source: "cursor-sync", sessions: 1 },
      ],
      byProvider: [{ provider: "openai" }, { provider: "anthropic" }, { provider: "unknown" }],
      byProject: [{ project: "Other" }, { project: "p" }, { project: "q" }],
      byDay: [
        { date: "2026-10-13", sessions: 1 },
        { date: "2026-11-20", sessions: 1, messages: 1 },
        { date: "2026-11-21", sessions: 2 },
      ],
    });
  });

  test.each([
    ["from=2026-11-20&to=2026-11-20", 1],
    ["from=2026-11-21", 2],
    ["to=2026-11-20", 2],
    ["source=cursor", 1],
    [`from=${NOW - DAY}`, 2],
    ["from=2027-01-01", 0],
  ])("%s counts the sessions of that stretch: %i", async (query, count) => {
    const { ada } = await setUp();
    expect(await read(ada.get(`/api/stats?${query}`))).toMatchObject({ sessionCount: count });
  });

  test("does not include another user's numbers", async () => {
    const { t } = await setUp();
    const eve = await person(t, "eve@example.com");
    expect(await read(eve.get("/api/stats"))).toMatchObject({ sessionCount: 0, byDay: [] });
  });

  test("treats a model named like a JavaScript built-in like any other name", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/session", { externalId: "x", model: "__proto__", promptTokens: 1 });
    await settle(t);
    const text = await (await ada.get("/api/stats")).text();
    expect(text).toContain('"modelUsage":{"__proto__":{"tokens":1');
  });
});

describe("the dashboard's numbers", () => {
  test("include sums, models, providers, projects and sources", async () => {
    const { me } = await setUp();
    expect(await me.query(api.analytics.summaryStats, {})).toMatchObject({
      totalSessions: 4,
      uniqueModels: 2,
      uniqueProjects: 2,
      avgCostPerSession: 0.075,
      avgTokensPerSession: 29,
    });
    expect(await me.query(api.analytics.summaryStats, { source: "cursor" })).toMatchObject({
      totalSessions: 1,
    });
    const models = await me.query(api.analytics.modelStats, {});
    expect(models[1]).toMatchObject({ model: "claude-x", sessions: 2, avgDurationMs: 1_000 });
    const projects = await me.query(api.analytics.projectStats, {});
    expect(projects.map(({ project }) => project).sort()).toEqual(["Other", "p", "q"]);
    expect((await me.query(api.analytics.providerStats, {}))[0]).toMatchObject({
      provider: "openai",
    });
    expect((await me.query(api.analytics.sourceStats, {}))[0]).toMatchObject({
      source: "pi",
      sessions: 3,
    });
  });

  test("list days in order, without older days and days without sessions", async () => {
    const { me } = await setUp();
    const days = await me.query(api.analytics.dailyStats, { days: 30 });
    expect(days.map(({ date, sessions }) => [date, sessions])).toEqual([
      ["2026-11-20", 1],
      ["2026-11-21", 2],
    ]);
  });

  test("count only sessions that started within the requested number of 24-hour periods", async () => {
    const t = deployment();
    const ada = await person(t);
    vi.setSystemTime(NOW + 0.5 * DAY);
    const ages = { before: 30.01, first: 29.99, second: 29.4, today: 0.1 };
    const createdAt = (age: number) => Date.now() - age * DAY;
    for (const [externalId, age] of Object.entries(ages)) {
      await ada.post("/sync/session", { externalId, source: "pi", createdAt: createdAt(age) });
    }
    await settle(t);
    const counted = async (args: object) =>
      (await ada.dashboard.query(api.analytics.dailyStats, args)).map(
        ({ date, sessions }) => `${date} ${sessions}`,
      );
    const last = ["2026-10-24 1", "2026-11-22 1"];
    expect(await counted({ days: 30 })).toEqual(["2026-10-23 1", ...last]);
    expect(await counted({ days: 31 })).toEqual(["2026-10-23 2", ...last]);
    expect(await counted({ days: 29.5, source: "pi" })).toEqual(last);
    expect(await counted({ days: 1, source: "claude-code" })).toEqual([]);
    expect(await counted({ days: 0 })).toEqual([]);
    expect(await counted({ days: NaN })).toEqual([]);
  });

  test("list sessions sorted, filtered and limited, with the number of all matches", async () => {
    const { me } = await setUp();
    const list = async (args: object) => {
      const { sessions, total } = await me.query(api.analytics.sessionsWithDetails, args);
      return [sessions.map(({ externalId }) => externalId).join(""), total];
    };
    expect(await list({ sortBy: "totalTokens", sortOrder: "desc", limit: 2 })).toEqual(["ba", 4]);
    expect(await list({ sortBy: "createdAt", sortOrder: "asc" })).toEqual(["dabc", 4]);
    expect(await list({ filterModel: "claude-x", sortBy: "cost" })).toEqual(["ad", 2]);
    expect(await list({ filterProvider: "openai" })).toEqual(["b", 1]);
    expect(await list({ filterProject: "q", source: "cursor" })).toEqual(["c", 1]);
  });

  test("are zeros and empty lists for signed-out callers, never null or an error", async () => {
    const t = deployment();
    expect(await t.query(api.analytics.summaryStats, {})).toMatchObject({
      totalSessions: 0,
      avgCostPerSession: 0,
    });
    expect(await t.query(api.analytics.dailyStats, {})).toEqual([]);
    expect(await t.query(api.analytics.modelStats, {})).toEqual([]);
    expect(await t.query(api.analytics.sessionsWithDetails, {})).toEqual({
      sessions: [],
      total: 0,
    });
    expect(await t.query(api.wrapped.getTodayWrapped, {})).toBeNull();
    expect(await t.query(api.wrapped.getWrappedStats, {})).toBeNull();
  });

  test("the public figures include only names that several users share", async () => {
    const t = deployment();
    for (const [index, name] of ["ada", "eve", "bob"].entries()) {
      const who = await person(t, `${name}@example.com`);
      await who.post("/sync/session", {
        externalId: "x",
        source: "pi",
        model: "shared",
        promptTokens: 5,
      });
      await who.post("/sync/session", {
        externalId: "y",
        source: "own",
        model: `secret-${index}`,
        promptTokens: 9,
      });
    }
    await settle(t);
    // A cron computes the figures once a day, never a visitor's request.
    const none = { topModels: [], topSources: [] };
    expect(await t.query(api.analytics.publicPlatformStats, {})).toEqual(none);
    await t.action(internal.analytics.updatePlatformFigures, {});
    await t.action(internal.analytics.updatePlatformFigures, {});
    expect(await t.query(api.analytics.publicPlatformStats, {})).toEqual({
      topModels: [{ model: "shared", totalTokens: 15 }],
      topSources: [
        { source: "own", sessions: 3 },
        { source: "pi", sessions: 3 },
      ],
    });
    expect(await rows(t, "platformFigures")).toHaveLength(1);
  });

  test("one user's import of several years does not displace other users in the public figures", async () => {
    const t = deployment();
    for (const name of ["ada", "eve", "bob"]) {
      const who = await person(t, `${name}@example.com`);
      await who.post("/sync/session", { externalId: "x", source: "pi", model: "shared" });
    }
    await settle(t);
    const { userId } = await person(t, "carl@example.com");
    await t.run(async (ctx) => {
      for (let at = 1; at <= 1_000; at++) {
        const date = new Date(NOW - at * DAY).toISOString().slice(0, 10);
        await ctx.db.insert("dailyWrapped", { userId, date, stats: { grains: [] } });
      }
    });
    await t.action(internal.analytics.updatePlatformFigures, {});
    const { topSources } = await t.query(api.analytics.publicPlatformStats, {});
    expect(topSources).toEqual([{ source: "pi", sessions: 3 }]);
  });

  test("days of maximum size are read by their owner and by the public figures", async () => {
    const t = deployment();
    const ada = await person(t);
    const long = (at: number) => `${at}`.padEnd(200, "x");
    const full = Array.from({ length: 650 }, (_, at) => {
      const names = { source: long(at), provider: long(at), model: long(at), project: long(at) };
      return { ...names, cells: "1,1,,,1|0" };
    });
    for (let at = 0; at < 30; at++) {
      const date = new Date(NOW - at * DAY).toISOString().slice(0, 10);
      const day = { userId: ada.userId, date, stats: { grains: full } };
      await t.run((ctx) => ctx.db.insert("dailyWrapped", day));
    }
    await t.action(internal.analytics.updatePlatformFigures, {});
    expect(await t.query(api.analytics.publicPlatformStats, {})).toMatchObject({ topModels: [] });
    const { totalSessions } = await ada.dashboard.query(api.analytics.summaryStats, {});
    expect(totalSessions).toBeGreaterThan(650);
    const stats = await ada.dashboard.query(api.users.stats, {});
    expect(stats?.sessionCount).toBe(totalSessions);
    const list = await ada.dashboard.query(api.analytics.sessionsWithDetails, { source: "pi" });
    expect(list).toEqual({ sessions: [], total: 0 });
    await t.mutation(internal.wrapped.closeDays, {});
  });
});

describe("a day as a picture", () => {
  test.each([
    ["2026-11-21.svg", true],
    ["yesterday.svg", true],
    ["today.svg?theme=dark", false],
    ["1999-01-01.svg", false],
  ])("%s is an SVG with the numbers of that day: %s", async (file, hasTokens) => {
    const { ada } = await setUp();
    const answer = await ada.get(`/api/wrapped/${file}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Content-Type")).toBe("image/svg+xml; charset=utf-8");
    const svg = await answer.text();
    expect(svg).toMatch(/^<svg/);
    expect(svg.includes(">100<")).toBe(hasTokens);
  });

  test.each([
    ["2026-02-30.svg", 404],
    ["x.png", 404],
    ["2026-11-21.svg?theme=pink", 400],
  ])("%s answers %i", async (file, status) => {
    const { ada } = await setUp();
    expect((await ada.get(`/api/wrapped/${file}`)).status).toBe(status);
  });

  test("is part of the dashboard's answers for today and yesterday", async () => {
    const { t, me, ada } = await setUp();
    expect(await me.query(api.wrapped.getTodayWrapped, {})).toBeNull();
    const yesterday = await me.query(api.wrapped.getYesterdayWrapped, {});
    expect(yesterday).toMatchObject({
      date: "2026-11-21",
      designIndex: 1,
      stats: { totalTokens: 100, sessionCount: 2 },
    });
    expect(decodeURIComponent(yesterday?.imageUrl ?? "")).toContain("<svg");
    await ada.post("/sync/session", { externalId: "now", source: "pi", completionTokens: 7 });
    await settle(t);
    expect(await me.query(api.wrapped.getTodayWrapped, {})).toMatchObject({
      date: "2026-11-22",
      stats: { totalTokens: 7 },
    });
    expect(await me.query(api.wrapped.getWrappedStats, {})).toMatchObject({
      sessionCount: 1,
      topModels: [{ model: "unknown", tokens: 7 }],
    });
    expect(await t.query(api.wrapped.getCountdownInfo, {})).toMatchObject({
      currentDate: "2026-11-22",
    });
  });
});

/** Counts days of the ledger that are not copied to `dailyWrapped` yet. */
async function openDays(t: Deployment): Promise<number> {
  const days = await rows(t, "ledgerDays");
  return days.filter(({ copyDueAt }) => copyDueAt !== undefined).length;
}

describe("copies of days", () => {
  test("do not change answers: they are the same before and after a day is copied", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/session", { externalId: "a", source: "pi", promptTokens: 50 });
    await vi.advanceTimersByTimeAsync(5_000);
    await t.finishInProgressScheduledFunctions();
    expect(await openDays(t)).toBe(1);
    expect(await rows(t, "dailyWrapped")).toEqual([]);
    const before = await read(ada.get("/api/stats"));
    expect(before).toMatchObject({ totalTokens: 50 });
    await settle(t);
    expect(await openDays(t)).toBe(0);
    expect(await rows(t, "dailyWrapped")).toHaveLength(1);
    expect(await read(ada.get("/api/stats"))).toEqual(before);
  });

  test("that are out of date are not read, at either end of a range, but what version 1 kept of the day is", async () => {
    const t = deployment();
    const ada = await person(t);
    const report = (externalId: string, promptTokens: number) =>
      ada.post("/sync/session", { externalId, source: "pi", createdAt: NOW, promptTokens });
    await report("a", 50);
    await settle(t);
    await t.run(async ({ db }) => {
      const [day = expect.fail()] = await db.query("dailyWrapped").collect();
      const names = { source: "pi", provider: "", model: "", project: "" };
      const counts = { sessions: 1, messages: 1, promptTokens: 7, completionTokens: 0 };
      const rest = { totalTokens: 7, costNanos: 0, durationMs: 0, lastActiveAt: NOW };
      const rows = [{ ...names, ...counts, ...rest }];
      await db.patch("dailyWrapped", day._id, { stats: { ...day.stats, rows } });
    });
    await report("b", 100);
    await vi.advanceTimersByTimeAsync(5_000);
    await t.finishInProgressScheduledFunctions();
    expect(await openDays(t)).toBe(1);
    const ofDay = () => read(ada.get("/api/stats?from=2026-11-22&to=2026-11-22"));
    expect(await ofDay()).toMatchObject({ totalTokens: 157 });
    await settle(t);
    expect(await ofDay()).toMatchObject({ totalTokens: 157 });
  });

  test("of a day with more rows than a document holds have all of its sums", async () => {
    const t = deployment();
    const ada = await person(t);
    const { userId } = ada;
    const day = Math.floor(NOW / DAY);
    const cell = { sums: { messages: 1, promptTokens: 10 }, gaps: new Map([[0, 1]]) };
    const sums = {
      cells: packCells(new Map([[0, cell]])),
      ...packed(new Map([["Read", new Map([[0, { calls: 2, errors: 1 }]])]])),
    };
    await t.run(async ({ db }) => {
      for (let n = 0; n < 900; n++) {
        const names = { source: "pi", provider: "p".repeat(90), model: "m".repeat(90) };
        const project = `${n} ${"x".repeat(90)}`;
        await db.insert("ledgerGrains", { userId, day, ...names, project, ...sums });
      }
      await db.insert("ledgerDays", { userId, day, grains: 900, copyDueAt: 1 });
    });
    await t.mutation(internal.wrapped.copyDay, { userId, day });
    expect(await openDays(t)).toBe(0);
    const [copy] = await rows(t, "dailyWrapped");
    expect(copy?.stats.grains?.length).toBeLessThan(900);
    const { totals, byTool } = await read<{ totals: object; byTool: { calls: number }[] }>(
      ada.get("/api/stats"),
    );
    expect(totals).toMatchObject({ sessions: 900, messages: 900, promptTokens: 9_000 });
    expect(byTool.reduce((sum, { calls }) => sum + calls, 0)).toBe(1_800);
  });

  test("that were lost are made again by one run of the cron, however many", async () => {
    const t = deployment();
    const { userId } = await person(t);
    await t.run(async ({ db }) => {
      for (let day = 0; day < 210; day++)
        await db.insert("ledgerDays", { userId, day, grains: 0, copyDueAt: 1 });
    });
    await t.mutation(internal.wrapped.closeDays, {});
    await settle(t);
    expect(await rows(t, "ledgerDays")).toEqual([]);
  });

  test("that were lost are made again by the cron", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/session", { externalId: "a", source: "pi", promptTokens: 50 });
    await vi.advanceTimersByTimeAsync(5_000);
    await t.finishInProgressScheduledFunctions();
    await loseScheduled(t);
    vi.setSystemTime(NOW + DAY);
    await t.mutation(internal.wrapped.closeDays, {});
    await settle(t);
    expect(await openDays(t)).toBe(0);
  });
});

test("statistics work with any number of projects, and the sums by project equal the totals", async () => {
  const t = deployment();
  const ada = await person(t);
  const { userId } = ada;
  const row = (n: number) => ({
    ...{ source: "a", provider: "p", model: "m", project: `project-${n}` },
    ...{ sessions: 1, messages: 2, promptTokens: 3, completionTokens: 4, totalTokens: 7 },
    ...{ costNanos: 1_000, durationMs: 5, lastActiveAt: n },
  });
  await t.run(async ({ db }) => {
    for (let day = 10; day < 20; day++) {
      const rows = Array.from({ length: 1_000 }, (_, n) => row(day * 1_000 + n));
      await db.insert("dailyWrapped", { userId, date: `2026-01-${day}`, stats: { rows } });
    }
  });
  const answer = await ada.get("/api/stats");
  expect(answer.status).toBe(200);
  type Split = { project: string; sessions: number; totalTokens: number; cost: number };
  const stats = await read<{ byProject: Split[]; totals: Split }>(answer);
  expect(stats.byProject).toHaveLength(1_000);
  expect(stats.byProject[999]).toMatchObject({ project: "(other)", sessions: 9_001 });
  const sum = (name: "sessions" | "totalTokens") =>
    stats.byProject.reduce((all, one) => all + one[name], 0);
  expect([sum("sessions"), sum("totalTokens")]).toEqual([10_000, 70_000]);
  expect(stats.totals).toMatchObject({ sessions: 10_000, totalTokens: 70_000 });
});
