import { describe, expect, test, vi } from "vitest";
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
  type Deployment,
  type Person,
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

/** Counts the only session as version 1 did: as a whole, on its day, and not message by message. */
async function countAsVersion1(t: Deployment): Promise<void> {
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
}

test.each([
  ["all data", (ada: Person) => ada.dashboard.mutation(api.users.deleteAllData, {})],
  ["the session alone", (ada: Person) => ada.send("DELETE", "/api/sessions/old", "")],
])("deleting %s takes what version 1 counted of it from the statistics", async (_, remove) => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("old", ["hello", "hi"], { createdAt: NOON - 60_000 }));
  await settle(t);
  await countAsVersion1(t);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 1, totalTokens: 7 });
  vi.setSystemTime(NOON + 1_000);
  await remove(ada);
  vi.setSystemTime(NOON + 2_000);
  await ada.post("/sync/batch", conversation("new", ["hello again"]));
  await settle(t);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 1, totalTokens: 0 });
});

test("deleting the last session that version 1 counted on a day keeps what is counted of others on that day", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("old", ["hello", "hi"], { createdAt: NOON - 60_000 }));
  await settle(t);
  await countAsVersion1(t);
  await ada.post("/sync/batch", conversation("kept", ["hello"], { createdAt: NOON - 50_000 }));
  await settle(t);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 2, messageCount: 3 });
  await ada.send("DELETE", "/api/sessions/old", "");
  await settle(t);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 1, messageCount: 1 });
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
  // An empty session counts as five rows of the 500 that a step may take.
  expect(Math.max(...removed)).toBeLessThanOrEqual(100);
  expect(removed.length).toBeGreaterThanOrEqual(3);
});

test("a deletion of version 1 that had ended long ago makes no client forget its copy", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("s", ["hello"]));
  await settle(t);
  const { cursor } = await read<{ cursor: string }>(ada.get("/api/changes"));
  const progress = {
    ...{ sessions: 7, messages: 1, parts: 1, apiLogs: 1 },
    ...{ sessionEmbeddings: 1, messageEmbeddings: 1 },
  };
  const times = { startedAt: NOON - 86_400_000, updatedAt: NOON - 86_400_000 };
  const deletion = { scope: "data" as const, status: "completed" as const, progress, ...times };
  await t.run((ctx) => ctx.db.patch("users", ada.userId, { deletion }));
  await t.mutation(internal.deletion.resumeStalled, {});
  const path = `/api/changes?cursor=${encodeURIComponent(cursor)}`;
  expect(await read(ada.get(path))).toMatchObject({ reset: false });
});

test("one call of the cron moves the states of all users that version 1 left, within its bound", async () => {
  const t = deployment();
  const progress = {
    ...{ sessions: 1, messages: 1, parts: 1, apiLogs: 1 },
    ...{ sessionEmbeddings: 1, messageEmbeddings: 1 },
  };
  const times = { startedAt: NOON, updatedAt: NOON };
  for (const email of ["a@example.com", "b@example.com", "c@example.com"]) {
    const { userId } = await person(t, email);
    const deletion = { scope: "data" as const, status: "completed" as const, progress, ...times };
    await t.run((ctx) => ctx.db.patch("users", userId, { deletion }));
  }
  await t.mutation(internal.deletion.resumeStalled, {});
  expect(await rows(t, "deletions")).toHaveLength(3);
  expect((await rows(t, "users")).filter(({ deletion }) => deletion !== undefined)).toEqual([]);
});

describe("a purge is started again only if it makes no progress", () => {
  const pending = async (t: Deployment) =>
    (await t.run(({ db }) => db.system.query("_scheduled_functions").collect())).filter(
      ({ name, state }) => name.includes("purgeSession") && state.kind === "pending",
    ).length;

  /** A deleted session of many messages, whose purge was lost. */
  async function lostPurge(t: Deployment) {
    const ada = await person(t);
    const texts = Array.from({ length: 1_600 }, (_, n) => `text ${n}`);
    for (let at = 0; at < texts.length; at += 400) {
      const { messages } = conversation("s", texts.slice(at, at + 400));
      const own = messages.map((message, n) => ({ ...message, externalId: `m${at + n}` }));
      await ada.post("/sync/batch", { messages: own });
    }
    await settle(t);
    await ada.send("DELETE", "/api/sessions/s", "");
    await loseScheduled(t);
    const [{ _id: purgeId, sessionId } = expect.fail()] = await rows(t, "purges");
    return { purgeId, sessionId };
  }

  test("the cron leaves alone one whose steps are slow", async () => {
    const t = deployment();
    const purge = await lostPurge(t);
    for (let step = 0; step < 3; step++) {
      vi.setSystemTime(Date.now() + STALLED_MS / 2);
      await t.mutation(internal.deletion.purgeSession, purge);
      await loseScheduled(t);
      await t.mutation(internal.deletion.resumeStalled, {});
      expect(await pending(t)).toBe(0);
    }
    expect((await rows(t, "messages")).length).toBeGreaterThan(0);
    expect(await rows(t, "purges")).toHaveLength(1);
  });

  test("two calls of the cron start a lost one once", async () => {
    const t = deployment();
    await lostPurge(t);
    vi.setSystemTime(Date.now() + STALLED_MS + 1);
    await t.mutation(internal.deletion.resumeStalled, {});
    await t.mutation(internal.deletion.resumeStalled, {});
    expect(await pending(t)).toBe(1);
    await settle(t);
    expect([await rows(t, "messages"), await rows(t, "purges")]).toEqual([[], []]);
  });
});

describe("what one table has taken of a step's bytes is missing to the next", () => {
  const PART_BYTES = 450_000;

  /** A session of one message with 20 large parts. */
  async function withParts(t: Deployment, ada: Person) {
    await ada.post("/sync/batch", conversation("s", ["hello"], { createdAt: NOON - 60_000 }));
    await settle(t);
    const [message = expect.fail()] = await rows(t, "messages");
    const { _id: messageId, userId, sessionId, orderKey } = message;
    await t.run(async ({ db }) => {
      const ids = { userId, sessionId, messageId, orderKey };
      const shape = { order: 0, type: "x", format: "text" as const };
      for (let piece = 0; piece < 20; piece++)
        await db.insert("parts", { ...ids, ...shape, piece, content: "x".repeat(PART_BYTES) });
    });
    return { messageId, userId, sessionId };
  }

  async function partsAfterOneStep(t: Deployment, ada: Person): Promise<number> {
    vi.setSystemTime(NOON + 10_000);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await loseScheduled(t);
    await t.mutation(internal.deletion.step, { userId: ada.userId });
    return (await rows(t, "parts")).length;
  }

  test("days", async () => {
    const t = deployment();
    const ada = await person(t);
    const { sessionId } = await withParts(t, ada);
    await t.run(async ({ db }) => {
      const [day = expect.fail()] = await db.query("sessionDays").collect();
      const { _id, _creationTime, ...own } = day;
      const source = "x".repeat(PART_BYTES);
      for (let n = 1; n <= 5; n++)
        await db.insert("sessionDays", {
          ...own,
          sessionId,
          day: own.day + n,
          source,
          entries: [],
        });
    });
    const left = await partsAfterOneStep(t, ada);
    expect(left).toBeGreaterThanOrEqual(14);
    expect(left).toBeLessThan(20);
  });

  test("vectors", async () => {
    const t = deployment();
    const ada = await person(t);
    const ids = await withParts(t, ada);
    await t.run(async ({ db }) => {
      const embedding = Array.from({ length: 1_536 }, () => 0);
      for (let n = 0; n < 200; n++) {
        const embeddingId = await db.insert("messageEmbeddings", { ...ids, embedding });
        const at = { orderKey: `${n}`, chunk: 0, text: "x", textHash: "x" };
        await db.insert("passages", { ...ids, ...at, embeddingId });
      }
    });
    const left = await partsAfterOneStep(t, ada);
    expect(left).toBeGreaterThanOrEqual(16);
    expect(left).toBeLessThan(20);
  });
});

test("deleting a session of many days takes a bounded number of them at once, and the others soon after", async () => {
  const t = deployment();
  const ada = await person(t);
  const messages = Array.from({ length: 50 }, (_, n) => ({
    ...{ sessionExternalId: "s", externalId: `m${n}`, role: "user", textContent: `${n}` },
    createdAt: NOON - n * 86_400_000,
  }));
  await ada.post("/sync/batch", { messages });
  await settle(t);
  expect(await rows(t, "sessionDays")).toHaveLength(50);
  await ada.send("DELETE", "/api/sessions/s", "");
  expect(await rows(t, "sessionDays")).toHaveLength(30);
  await settle(t);
  expect(await rows(t, "sessionDays")).toEqual([]);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 0 });
});

test("a session that is deleted again a year later, before its first tombstone is removed, stays deleted", async () => {
  const t = deployment();
  const ada = await person(t);
  const announce = () => read(ada.post("/sync/session", { externalId: "s" }));
  await announce();
  await ada.send("DELETE", "/api/sessions/s", "");
  await settle(t);
  expect(await announce()).toMatchObject({ deleted: true });
  vi.setSystemTime(NOON + 366 * 86_400_000);
  expect(await announce()).not.toHaveProperty("deleted");
  await ada.send("DELETE", "/api/sessions/s", "");
  expect(await announce()).toMatchObject({ ok: true, deleted: true });
});
