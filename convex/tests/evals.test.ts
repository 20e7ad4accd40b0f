import { describe, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { allPages, deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Deployment } from "../test.setup";

const NOW = Date.UTC(2026, 10, 22, 12);

eachTestAt(NOW);

/** Creates a user with the sessions a, b and c, newest first. */
async function reviewer(t: Deployment, name = "ada") {
  const who = await person(t, `${name}@example.com`);
  for (const [index, id] of ["a", "b", "c"].entries()) {
    await who.post("/sync/session", {
      externalId: id,
      source: id === "a" ? "claude-code" : "opencode",
      model: `model-${id}`,
      createdAt: NOW - (index + 1) * 1_000,
    });
  }
  await settle(t);
  const own = (await rows(t, "sessions")).filter(({ userId }) => userId === who.userId);
  const [a, b, c] = own.map(({ _id }) => _id);
  if (!a || !b || !c) throw new Error("The sessions are not there");
  return { ...who, a, b, c };
}

describe("PATCH /api/sessions/:id", () => {
  test("sets the given fields, keeps the others, and returns the session", async () => {
    const t = deployment();
    const ada = await reviewer(t);
    await ada.send("PATCH", "/api/sessions/a", { evalTags: [" x ", "x", "y"], evalNotes: "n" });
    const answer = await read<{ session: object }>(
      ada.send("PATCH", "/api/sessions/a", {
        evalReady: true,
        evalStatus: "golden",
        evalNotes: null,
      }),
    );
    expect(answer).toMatchObject({
      externalId: "a",
      evalReady: true,
      evalStatus: "golden",
      evalTags: ["x", "y"],
      reviewedAt: expect.any(Number) as number,
      isPublic: false,
    });
    expect(answer).not.toHaveProperty("evalNotes");
    expect(answer.session).toMatchObject({ evalTags: ["x", "y"] });
  });

  test("review texts are in the session and its export, and not in list rows", async () => {
    const t = deployment();
    const ada = await reviewer(t);
    const texts = { evalNotes: "slow", expectedOutput: "42" };
    await ada.send("PATCH", "/api/sessions/a", { evalReady: true, ...texts });
    await ada.send("PATCH", "/api/sessions/a", { expectedOutput: "43" });
    const written = { evalNotes: "slow", expectedOutput: "43" };
    expect(await read(ada.get("/api/sessions/a"))).toMatchObject(written);
    expect(await read(ada.get("/api/export?format=json"))).toMatchObject({ sessions: [written] });
    expect(await rows(t, "reviews")).toHaveLength(1);
    const stored = await t.run((ctx) => ctx.db.get("sessions", ada.a));
    expect(Object.keys(stored ?? {})).not.toContain("evalNotes");
    await ada.send("PATCH", "/api/sessions/a", { evalNotes: "", expectedOutput: null });
    expect(await rows(t, "reviews")).toEqual([]);
  });

  test("plugins do not replace a title set here, and search finds it", async () => {
    const t = deployment();
    const ada = await reviewer(t);
    await ada.send("PATCH", "/api/sessions/a", { title: "Mine" });
    await ada.post("/sync/session", { externalId: "a", title: "Plugin's" });
    await settle(t);
    expect(await read(ada.get("/api/sessions/a"))).toMatchObject({ title: "Mine" });
    const stored = await t.run((ctx) => ctx.db.get("sessions", ada.a));
    expect(stored?.searchableText).toContain("Mine");
    await ada.send("PATCH", "/api/sessions/a", { title: null });
    await ada.post("/sync/session", { externalId: "a", title: "Plugin's" });
    expect(await read(ada.get("/api/sessions/a"))).toMatchObject({ title: "Plugin's" });
  });

  test.each([
    [{ evalStatus: "great" }, "evalStatus"],
    [{ evalReady: "yes" }, "evalReady"],
    [{ evalTags: [1] }, "evalTags.0"],
    [{ evalTags: ["x".repeat(101)] }, "evalTags"],
    [{ evalTags: Array.from({ length: 51 }, (_, i) => `t${i}`) }, "evalTags"],
    [{ evalNotes: "x".repeat(10_001) }, "evalNotes"],
    [{ expectedOutput: "x".repeat(50_001) }, "expectedOutput"],
    [{ title: 7 }, "title"],
    [{ status: "golden" }, "status"],
    [{ "": 1 }, ""],
  ])("%j answers 400, names the field and changes nothing", async (edits, path) => {
    const t = deployment();
    const ada = await reviewer(t);
    const answer = await ada.send("PATCH", "/api/sessions/a", { isPublic: true, ...edits });
    expect(answer.status).toBe(400);
    expect(await read(answer)).toMatchObject({ details: [{ path }] });
    expect(await read(ada.get("/api/sessions/a"))).toMatchObject({ isPublic: false });
  });

  test("answers 404 for another user's session and does not change it", async () => {
    const t = deployment();
    const ada = await reviewer(t);
    const eve = await person(t, "eve@example.com");
    const before = await rows(t, "sessions");
    for (const id of [ada.a, "a"]) {
      expect((await eve.send("PATCH", `/api/sessions/${id}`, { title: "x" })).status).toBe(404);
      expect((await eve.send("DELETE", `/api/sessions/${id}`, "")).status).toBe(404);
    }
    await settle(t);
    expect(await rows(t, "sessions")).toEqual(before);
  });
});

test("DELETE /api/sessions/:id removes the session and its statistics at once, and leaves nothing", async () => {
  const t = deployment();
  const ada = await reviewer(t);
  await ada.post("/sync/message", {
    sessionExternalId: "a",
    externalId: "m",
    role: "user",
    textContent: "hi",
  });
  await settle(t);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 3, messageCount: 1 });
  expect(await read(ada.send("DELETE", "/api/sessions/a", ""))).toMatchObject({ ok: true });
  expect((await ada.get("/api/sessions/a")).status).toBe(404);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 2, messageCount: 0 });
  await settle(t);
  expect(await rows(t, "messages")).toEqual([]);
});

describe("the dashboard's functions", () => {
  test("marking or setting a status sets the time of review, unmarking clears it, a note keeps it", async () => {
    const t = deployment();
    const { dashboard, a: sessionId } = await reviewer(t);
    await dashboard.mutation(api.evals.updateEvalStatus, { sessionId, evalStatus: "correct" });
    await dashboard.mutation(api.evals.setEvalReady, { sessionId, evalReady: true });
    const { sessions } = await dashboard.query(api.evals.listEvalSessions, {});
    expect(sessions).toMatchObject([
      { _id: sessionId, evalStatus: "correct", reviewedAt: Date.now() },
    ]);
    vi.setSystemTime(NOW + 60_000);
    const reviewed = async () => (await rows(t, "sessions"))[0]?.reviewedAt;
    await dashboard.mutation(api.evals.updateEvalNotes, { sessionId, evalNotes: "later" });
    expect(await reviewed()).toBe(sessions[0]?.reviewedAt);
    await dashboard.mutation(api.evals.updateEvalStatus, { sessionId, evalStatus: "incorrect" });
    expect(await reviewed()).toBe(NOW + 60_000);
    await dashboard.mutation(api.evals.updateEvalStatus, { sessionId, evalStatus: "correct" });
    await dashboard.mutation(api.evals.setEvalReady, { sessionId, evalReady: false });
    const stored = await t.run((ctx) => ctx.db.get("sessions", sessionId));
    expect(stored).toMatchObject({ evalReady: false, evalStatus: "correct" });
    expect(stored).not.toHaveProperty("reviewedAt");
  });

  test("a review does not change when the session was last active", async () => {
    const t = deployment();
    const { dashboard, a: sessionId } = await reviewer(t);
    const updatedAt = async () =>
      (await t.run((ctx) => ctx.db.get("sessions", sessionId)))?.updatedAt;
    const before = await updatedAt();
    vi.setSystemTime(NOW + 60_000);
    await dashboard.mutation(api.evals.updateEvalStatus, { sessionId, evalStatus: "correct" });
    await dashboard.mutation(api.evals.setEvalReady, { sessionId, evalReady: true });
    await settle(t);
    expect(await updatedAt()).toBe(before);
  });

  test("list matching sessions, newest first, with counts over all matches", async () => {
    const t = deployment();
    const { dashboard, a, b, c } = await reviewer(t);
    const golden = { sessionIds: [a, b], evalStatus: "golden" as const };
    await dashboard.mutation(api.evals.bulkUpdate, { sessionIds: [a, b, c], evalReady: true });
    await dashboard.mutation(api.evals.bulkUpdateEvalStatus, golden);
    await dashboard.mutation(api.evals.bulkAddTags, { sessionIds: [b], tags: ["t2", "t1"] });
    const list = (args: object) => dashboard.query(api.evals.listEvalSessions, args);
    expect((await list({})).sessions.map(({ externalId }) => externalId)).toEqual(["a", "b", "c"]);
    expect((await list({})).stats).toMatchObject({
      total: 3,
      bySource: { opencode: 2, claudeCode: 1 },
      byStatus: { golden: 2, unset: 1 },
    });
    expect((await list({ evalStatus: "golden", source: "opencode" })).stats.total).toBe(1);
    expect((await list({ tags: ["t1", "none"] })).stats.total).toBe(1);
    expect((await list({ tags: [] })).stats.total).toBe(3);
    expect((await list({ dateFrom: NOW - 2_000, dateTo: NOW - 2_000 })).stats.total).toBe(1);
    expect(await dashboard.query(api.evals.getEvalTags, {})).toEqual(["t1", "t2"]);
    expect(await dashboard.query(api.evals.getEvalModels, {})).toEqual([
      "model-a",
      "model-b",
      "model-c",
    ]);
    const preview = await dashboard.query(api.evals.previewExport, { sessionIds: "all" });
    expect(preview).toMatchObject({ sessionCount: 3, testCaseCount: 0 });
    expect(preview.warnings).toEqual(["3 sessions have no messages"]);
  });

  test("page by status and tag, each session once", async () => {
    const t = deployment();
    const { dashboard, a, b, c } = await reviewer(t);
    const edits = { evalReady: true, evalTags: ["x"] };
    await dashboard.mutation(api.evals.bulkUpdate, { sessionIds: [a, b, c], ...edits });
    const pages = await allPages(
      (cursor) => dashboard.query(api.evals.listPage, { tag: "x", limit: 1, cursor }),
      (page) => page.cursor,
    );
    const found = pages.map(({ sessions }) => sessions.map(({ externalId }) => externalId));
    expect(found).toEqual([["a"], ["b"], ["c"]]);
  });

  test("return empty answers for signed-out callers, never an error", async () => {
    const t = deployment();
    expect((await t.query(api.evals.listEvalSessions, {})).sessions).toEqual([]);
    expect(await t.query(api.evals.getEvalTags, {})).toEqual([]);
    expect(await t.query(api.evals.getEvalModels, {})).toEqual([]);
    expect(await t.query(api.evals.previewExport, { sessionIds: "all" })).toMatchObject({
      sessionCount: 0,
    });
  });

  test("do not find another user's session, and skip it in a bulk update", async () => {
    const t = deployment();
    const ada = await reviewer(t);
    const eve = await reviewer(t, "eve");
    const change = eve.dashboard.mutation(api.evals.setEvalReady, {
      sessionId: ada.a,
      evalReady: true,
    });
    await expect(change).rejects.toThrow("Session not found");
    expect(
      await eve.dashboard.mutation(api.evals.bulkUpdateEvalStatus, {
        sessionIds: [ada.a, eve.a, "nonsense"],
        evalStatus: "golden",
      }),
    ).toEqual({ updated: 1, failed: 2 });
    expect((await t.run((ctx) => ctx.db.get("sessions", ada.a)))?.evalStatus).toBeUndefined();
  });
});
