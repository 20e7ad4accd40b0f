import { expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import { deployment, eachTestAt, person, read, rows, settle } from "../test.setup";

/** Sessions that their owner deleted stay deleted, whatever plugins send afterwards. */

eachTestAt(Date.parse("2026-11-22T12:00:00Z"));

const DAY_MS = 24 * 60 * 60 * 1_000;
const SESSION = { externalId: "s", title: "Secret plans" };
const MESSAGE = { sessionExternalId: "s", externalId: "m", role: "user", textContent: "Hello" };

async function deleted() {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", { sessions: [SESSION], messages: [MESSAGE] });
  await settle(t);
  const answer = await ada.send("DELETE", "/api/sessions/s", undefined);
  expect(answer.status).toBe(200);
  await settle(t);
  return { t, ada };
}

test("a plugin that sends a deleted session again gets 200 with `deleted`, and nothing is stored", async () => {
  const { t, ada } = await deleted();
  const session = await ada.post("/sync/session", SESSION);
  expect(session.status).toBe(200);
  expect(await read(session)).toEqual({ ok: true, sessionId: "s", deleted: true });
  const message = await ada.post("/sync/message", MESSAGE);
  expect(message.status).toBe(200);
  expect(await read(message)).toMatchObject({ ok: true, messageId: "m", deleted: true });
  const other = { externalId: "other" };
  const batch = await read(
    ada.post("/sync/batch", { sessions: [SESSION, other], messages: [MESSAGE, MESSAGE] }),
  );
  expect(batch).toMatchObject({
    ok: true,
    sessions: 2,
    messages: 2,
    errors: [],
    results: {
      sessions: { inserted: 1, updated: 0, skipped: 1, deleted: 1 },
      messages: { inserted: 0, updated: 0, skipped: 2, deleted: 2 },
    },
  });
  await settle(t);
  expect((await rows(t, "sessions")).map(({ externalId }) => externalId)).toEqual(["other"]);
  expect(await rows(t, "messages")).toEqual([]);
});

test("a session deleted in the dashboard stays deleted too", async () => {
  const t = deployment();
  const ada = await person(t);
  const { sessionId } = await read<{ sessionId: string }>(ada.post("/sync/session", SESSION));
  await ada.dashboard.mutation(api.sessions.remove, { sessionId });
  expect(await read(ada.post("/sync/session", SESSION))).toMatchObject({ deleted: true });
});

test("a session sent with `restore: true` comes back, and its messages with it", async () => {
  const { t, ada } = await deleted();
  const restored = await read(ada.post("/sync/session", { ...SESSION, restore: true }));
  expect(restored).not.toHaveProperty("deleted");
  expect(await read(ada.post("/sync/message", MESSAGE))).not.toHaveProperty("deleted");
  await settle(t);
  expect(await rows(t, "sessions")).toMatchObject([{ title: "Secret plans", messageCount: 1 }]);
  expect(await rows(t, "tombstones")).toEqual([]);
});

test("a tombstone reveals nothing of what was deleted, and does not affect other users", async () => {
  const { t, ada } = await deleted();
  const [tombstone] = await rows(t, "tombstones");
  expect(tombstone).toEqual({
    _id: expect.any(String) as string,
    _creationTime: expect.any(Number) as number,
    userId: ada.userId,
    key: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    expiresAt: expect.any(Number) as number,
  });
  const lasts = (tombstone?.expiresAt ?? 0) - Date.now();
  expect(Math.round(lasts / DAY_MS)).toBe(365);
  const grace = await person(t, "grace@example.com");
  expect(await read(grace.post("/sync/session", SESSION))).not.toHaveProperty("deleted");
});

test("a session may be sent again after a year, and deleted again, and the cron removes the tombstone", async () => {
  const { t, ada } = await deleted();
  vi.setSystemTime(Date.now() + 365 * DAY_MS + 1);
  expect(await read(ada.post("/sync/session", SESSION))).not.toHaveProperty("deleted");
  await ada.send("DELETE", "/api/sessions/s", undefined);
  expect(await read(ada.post("/sync/session", SESSION))).toMatchObject({ deleted: true });
  vi.setSystemTime(Date.now() + 365 * DAY_MS + 1);
  await t.mutation(internal.deletion.removeExpiredTombstones, {});
  expect(await rows(t, "tombstones")).toEqual([]);
});

test("the cron removes all tombstones and records of deletions older than a year, and no younger ones", async () => {
  const t = deployment();
  const ada = await person(t);
  const start = Date.now();
  const left = async () => {
    await t.mutation(internal.deletion.removeExpiredTombstones, {});
    return [(await rows(t, "tombstones")).length, (await rows(t, "deletedSessions")).length];
  };
  for (const [day, externalId] of [
    [0, "a"],
    [0, "b"],
    [100, "c"],
  ] as const) {
    vi.setSystemTime(start + day * DAY_MS);
    await ada.post("/sync/session", { externalId });
    await ada.send("DELETE", `/api/sessions/${externalId}`, undefined);
  }
  vi.setSystemTime(start + 364 * DAY_MS);
  expect(await left()).toEqual([3, 3]);
  vi.setSystemTime(start + 366 * DAY_MS);
  expect(await left()).toEqual([1, 1]);
});

test("deleting all data also forgets which sessions were deleted before", async () => {
  const { t, ada } = await deleted();
  vi.setSystemTime(Date.now() + 1_000);
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  await settle(t);
  expect(await rows(t, "tombstones")).toEqual([]);
});

test("what is sent while all data is being deleted is stored, also of a session that was deleted before, but not of one deleted since", async () => {
  const { t, ada } = await deleted();
  vi.setSystemTime(Date.now() + 1_000);
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  vi.setSystemTime(Date.now() + 1_000);
  expect(await read(ada.post("/sync/message", MESSAGE))).not.toHaveProperty("deleted");
  await ada.post("/sync/session", { externalId: "other" });
  await ada.send("DELETE", "/api/sessions/other", undefined);
  const again = await read(ada.post("/sync/session", { externalId: "other" }));
  expect(again).toMatchObject({ deleted: true });
  await settle(t);
  expect(await read(ada.get("/api/sessions/s"))).toMatchObject({ messageCount: 1 });
  await ada.send("DELETE", "/api/sessions/s", undefined);
  await settle(t);
  expect(await read(ada.post("/sync/message", MESSAGE))).toMatchObject({ deleted: true });
});
