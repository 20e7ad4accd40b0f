import { expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import {
  conversation,
  deployment,
  eachTestAt,
  loseScheduled,
  person,
  read,
  rows,
  settle,
} from "../test.setup";

/** Deletions of many steps, with what happens between two of them. */

const NOON = Date.UTC(2026, 0, 22, 12);
const STALLED_MS = 600_000;

eachTestAt(NOON);

test("sessions that plugins send between the steps of a data deletion are kept, however many steps follow", async () => {
  const t = deployment();
  const ada = await person(t);
  for (let s = 0; s < 8; s++) {
    const texts = Array.from({ length: 200 }, (_, m) => `text of ${s} ${m}`);
    await ada.post("/sync/batch", conversation(`old${s}`, texts, { model: "m" }));
  }
  await settle(t);
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  await loseScheduled(t);
  const sent: string[] = [];
  const status = async () => (await ada.dashboard.query(api.users.me, {}))?.deletionStatus;
  while ((await status()) !== "completed" && sent.length < 20) {
    vi.setSystemTime(Date.now() + 1_000);
    const id = `new${sent.length}`;
    await ada.post("/sync/batch", conversation(id, [`text of ${id}`], { model: "m" }));
    sent.push(id);
    vi.setSystemTime(Date.now() + 1_000);
    await t.mutation(internal.deletion.step, { userId: ada.userId });
  }
  expect(sent.length).toBeGreaterThan(3);
  await settle(t);
  const { sessions } = await read<{ sessions: { externalId: string; messageCount: number }[] }>(
    ada.get("/api/sessions?limit=100"),
  );
  expect(sessions.map(({ externalId }) => externalId).sort()).toEqual(sent.sort());
  expect(sessions.map(({ messageCount }) => messageCount)).toEqual(sent.map(() => 1));
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: sent.length });
});

test("the state of a deletion whose user is gone is removed when it counts as stalled", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("s", ["hello"]));
  await ada.dashboard.action(api.users.deleteAccount, {});
  await loseScheduled(t);
  await t.run((ctx) => ctx.db.delete("users", ada.userId));
  expect(await rows(t, "deletions")).toHaveLength(1);
  vi.setSystemTime(NOON + STALLED_MS + 1);
  await t.mutation(internal.deletion.resumeStalled, {});
  expect(await rows(t, "deletions")).toEqual([]);
});

test("what version 1 counted of a deleted session leaves the statistics, although another session stays", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("old", ["hello", "hi"], { createdAt: NOON - 60_000 }));
  await settle(t);
  await t.run(async ({ db }) => {
    const [session = expect.fail()] = await db.query("sessions").collect();
    const tables = ["sessionDays", "ledgerGrains", "ledgerDays"] as const;
    for (const table of tables) {
      for (const { _id } of await db.query(table).collect()) await db.delete(table, _id as never);
    }
    const names = { source: "opencode", provider: "unknown", model: "", project: "" };
    const numbers = { promptTokens: 7, completionTokens: 0, totalTokens: 7, costNanos: 0 };
    const row = { ...names, ...numbers, sessions: 1, messages: 2, durationMs: 0, lastActiveAt: 1 };
    const [day = expect.fail()] = await db.query("dailyWrapped").collect();
    await db.patch("dailyWrapped", day._id, { stats: { rows: [row] } });
    await db.patch("sessions", session._id, {
      ...{ booked: undefined, counted: undefined },
      ledger: { date: "2026-01-22", row },
    });
  });
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 1, totalTokens: 7 });
  vi.setSystemTime(NOON + 1_000);
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  vi.setSystemTime(NOON + 2_000);
  await ada.post("/sync/batch", conversation("new", ["hello again"]));
  await settle(t);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 1, totalTokens: 0 });
});

test("a session that its owner deletes between the steps of a data deletion stays deleted, and clients hear of it", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("old", ["hello"]));
  await settle(t);
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  await loseScheduled(t);
  vi.setSystemTime(Date.now() + 1_000);
  await ada.post("/sync/batch", conversation("gone", ["to be deleted"]));
  const gone = await read<{ id: string }>(ada.get("/api/sessions/gone"));
  vi.setSystemTime(Date.now() + 1_000);
  await ada.send("DELETE", "/api/sessions/gone", "");
  for (let step = 0; step < 3; step++) {
    vi.setSystemTime(Date.now() + 1_000);
    await t.mutation(internal.deletion.step, { userId: ada.userId });
  }
  await settle(t);
  const again = await read(ada.post("/sync/session", { externalId: "gone" }));
  expect(again).toMatchObject({ deleted: true });
  expect((await ada.get("/api/sessions/gone")).status).toBe(404);
  vi.setSystemTime(Date.now() + 60_000);
  const { changes } = await read<{ changes: { type: string; id: string }[] }>(
    ada.get("/api/changes"),
  );
  expect(changes).toEqual([expect.objectContaining({ type: "delete", id: gone.id })]);
});

test("a step is bounded by sessions too, also where these are empty", async () => {
  const t = deployment();
  const ada = await person(t);
  await t.run(async ({ db }) => {
    const empty = { source: "opencode", sourceIsExplicit: false, announced: true, reported: [] };
    const times = { createdAt: NOON, updatedAt: NOON, changedAt: NOON };
    for (let n = 0; n < 1_100; n++) {
      const session = { ...empty, ...times, messageCount: 0, isPublic: false };
      await db.insert("sessions", { ...session, userId: ada.userId, externalId: `s${n}` });
    }
  });
  vi.setSystemTime(NOON + 10_000);
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  await loseScheduled(t);
  const left = [1_100];
  while ((left.at(-1) ?? 0) > 0 && left.length < 10) {
    await t.mutation(internal.deletion.step, { userId: ada.userId });
    left.push((await rows(t, "sessions")).length);
  }
  const removed = left.slice(1).map((now, at) => (left[at] ?? 0) - now);
  expect(Math.max(...removed)).toBeLessThanOrEqual(500);
  expect(removed.length).toBeGreaterThanOrEqual(3);
});
