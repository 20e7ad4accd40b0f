import { expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import { sha256 } from "../lib/hash";
import {
  conversation,
  deployment,
  eachTestAt,
  fromWorkos,
  loseScheduled,
  SITE,
} from "../test.setup";
import { person, read, rows, settle, type Deployment, type Person } from "../test.setup";

/** What a deletion of all data counts, when it may start again, and which sessions it covers then. */

const NOON = Date.UTC(2026, 0, 22, 12);
const STALLED_MS = 600_000;

eachTestAt(NOON);

const me = (who: Person) => who.dashboard.query(api.users.me, {});
const deleteAll = (who: Person) => who.dashboard.mutation(api.users.deleteAllData, {});
const step = (t: Deployment, { userId }: Person) => t.mutation(internal.deletion.step, { userId });
const sendAfter = (who: Person) =>
  who.post("/sync/message", { sessionExternalId: "s", externalId: "m", textContent: "after" });
const textsOf = async (who: Person) => {
  const session = read<{ messages: { textContent: string }[] }>(who.get("/api/sessions/s"));
  return (await session).messages.map(({ textContent }) => textContent);
};
const line = { endpoint: "/x", method: "GET", requestId: "r", statusCode: 200, durationMs: 1 };

test("the progress of a deletion adds up what all of its steps removed", async () => {
  const t = deployment();
  const ada = await person(t);
  for (const id of ["a", "b"]) {
    const said = [{ text: "hello", parts: [{ type: "x", content: id }] }];
    await ada.post("/sync/batch", conversation(id, said));
  }
  await settle(t);
  await t.run(async ({ db }) => {
    const { userId } = ada;
    const embedding = Array.from({ length: 1_536 }, () => 0);
    for (const { _id: messageId, sessionId, orderKey } of await db.query("messages").collect()) {
      const own = { userId, sessionId, embedding };
      const embeddingId = await db.insert("sessionEmbeddings", { ...own, textHash: "h" });
      await db.patch("sessions", sessionId, { embeddingId });
      const ids = { userId, sessionId, messageId };
      const vectorId = await db.insert("messageEmbeddings", { ...ids, embedding });
      const passage = { ...ids, orderKey, chunk: 0, text: "t", textHash: "h" };
      await db.insert("passages", { ...passage, embeddingId: vectorId });
      const part = { ...ids, orderKey, type: "x", format: "text" as const, content: "x" };
      // Two sessions have more rows than one step removes.
      for (let piece = 0; piece < 260; piece++)
        await db.insert("parts", { ...part, order: 9, piece });
    }
    for (let n = 0; n < 520; n++) await db.insert("apiLogs", { ...line, userId });
  });
  const stored = {
    parts: (await rows(t, "parts")).length,
    logs: (await rows(t, "apiLogs")).length,
  };
  vi.setSystemTime(NOON + 60_000);
  await deleteAll(ada);
  await loseScheduled(t);
  let steps = 0;
  for (; (await me(ada))?.deletionStatus !== "completed" && steps < 20; steps++) await step(t, ada);
  expect(steps).toBeGreaterThanOrEqual(3);
  expect((await me(ada))?.deletionProgress).toEqual({
    ...{ sessions: 2, messages: 2, parts: stored.parts, apiLogs: stored.logs },
    ...{ sessionEmbeddings: 2, messageEmbeddings: 2 },
  });
  // The next deletion counts from the beginning, and has nothing to remove.
  await deleteAll(ada);
  const none = { sessions: 0, messages: 0, parts: 0, apiLogs: 0 };
  expect((await me(ada))?.deletionProgress).toEqual({
    ...{ ...none, sessionEmbeddings: 0, messageEmbeddings: 0 },
  });
});

test("a deletion that makes progress is not started again, however long it has run", async () => {
  const t = deployment();
  const ada = await person(t);
  await t.run(async ({ db }) => {
    for (let n = 0; n < 1_600; n++) await db.insert("apiLogs", { ...line, userId: ada.userId });
  });
  vi.setSystemTime(NOON + 10_000);
  await deleteAll(ada);
  await loseScheduled(t);
  for (let n = 0; n < 3; n++) {
    vi.setSystemTime(Date.now() + STALLED_MS / 2);
    await step(t, ada);
    expect(await deleteAll(ada)).toMatchObject({ started: false });
  }
  expect(await me(ada)).toMatchObject({ deletionStatus: "in_progress" });
});

test("the reason of a failed deletion is gone when it is started again", async () => {
  const t = deployment();
  const ada = await person(t);
  await deleteAll(ada);
  await loseScheduled(t);
  for (let lost = 0; lost < 6; lost++) {
    vi.setSystemTime(Date.now() + STALLED_MS + 1);
    await t.mutation(internal.deletion.resumeStalled, {});
    await loseScheduled(t);
  }
  expect(await me(ada)).toMatchObject({ deletionStatus: "failed" });
  await deleteAll(ada);
  const { deletionStatus, deletionError } = (await me(ada)) ?? {};
  expect({ deletionStatus, deletionError }).toEqual({ deletionStatus: "pending" });
});

test("what is sent to a session that a deletion started again covers is kept in a new one", async () => {
  const t = deployment();
  const ada = await person(t);
  await deleteAll(ada);
  await loseScheduled(t);
  vi.setSystemTime(NOON + STALLED_MS / 2);
  await ada.post("/sync/batch", conversation("s", ["between"]));
  await settle(t);
  vi.setSystemTime(NOON + STALLED_MS + 1);
  expect(await deleteAll(ada)).toMatchObject({ started: true });
  await loseScheduled(t);
  vi.setSystemTime(NOON + STALLED_MS + 10_000);
  await sendAfter(ada);
  await step(t, ada);
  await settle(t);
  expect(await textsOf(ada)).toEqual(["after"]);
});

test("a session created in the moment in which the deletion started is covered as a whole", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("s", ["before"]));
  await settle(t);
  await deleteAll(ada);
  await loseScheduled(t);
  await t.run(async ({ db }) => {
    const [session = expect.fail()] = await db.query("sessions").collect();
    const [deletion = expect.fail()] = await db.query("deletions").collect();
    const startedAt = session._creationTime;
    await db.patch("deletions", deletion._id, { startedAt });
    await db.patch("users", ada.userId, { deleting: { scope: "data", startedAt } });
  });
  vi.setSystemTime(NOON + 10_000);
  await sendAfter(ada);
  await step(t, ada);
  await settle(t);
  expect(await textsOf(ada)).toEqual(["after"]);
});

test("the owner can remove the state of a deletion that version 1 stored, before any cron has run", async () => {
  const t = deployment();
  const ada = await person(t);
  const progress = {
    ...{ sessions: 1, messages: 1, parts: 1, apiLogs: 1 },
    ...{ sessionEmbeddings: 1, messageEmbeddings: 1 },
  };
  const times = { startedAt: NOON, updatedAt: NOON };
  const deletion = { scope: "data" as const, status: "completed" as const, progress, ...times };
  await t.run((ctx) => ctx.db.patch("users", ada.userId, { deletion }));
  expect(await me(ada)).toMatchObject({ deletionStatus: "completed" });
  await ada.dashboard.mutation(api.users.clearDeletionStatus, {});
  expect(await me(ada)).not.toHaveProperty("deletionStatus");
});

test("no key and no token of an account works any more as soon as its deletion has started", async () => {
  const t = deployment();
  const ada = await person(t);
  const { key } = await ada.dashboard.mutation(api.apiKeys.create, {});
  const email = "ada@example.com";
  const { code } = await t.mutation(internal.browserSessions.createLink, { email });
  await ada.dashboard.action(api.users.deleteAccount, {});
  expect(await me(ada)).toMatchObject({ hasApiKey: false, deletionStatus: "pending" });
  expect((await rows(t, "users"))[0]).not.toHaveProperty("apiKey");
  const headers = { Authorization: `Bearer ${key}` };
  expect((await t.fetch("/api/sessions", { headers })).status).toBe(401);
  const form = { headers: { Origin: SITE, Accept: "text/html" }, method: "POST" };
  for (const fields of [{ key }, { code }]) {
    const body = new URLSearchParams(Object.entries(fields)).toString();
    const answer = await t.fetch("/sign-in", { ...form, body });
    expect(answer.headers.get("Set-Cookie") ?? "").not.toContain("__Host-opensync=");
  }
  expect(await rows(t, "browserSessions")).toEqual([]);
  expect(await ada.dashboard.query(api.users.stats, {})).toBeNull();
  const make = ada.dashboard.mutation(api.users.generateApiKey, {});
  await expect(make).rejects.toThrow("UNAUTHORIZED");
});

test("a deletion of all data keeps every key, signed-in browser and sign-in", async () => {
  const t = deployment();
  const ada = await person(t);
  const { key } = await ada.dashboard.mutation(api.apiKeys.create, {});
  const hash = await sha256(key);
  await t.mutation(internal.browserSessions.signInWithKey, { hash, label: "laptop" });
  await t.run(async ({ db }) => {
    const { userId } = ada;
    const sessionId = await db.insert("authSessions", { userId, expirationTime: 2 * NOON });
    await db.insert("authRefreshTokens", { sessionId, expirationTime: 2 * NOON });
    await db.insert("authAccounts", { userId, provider: "p", providerAccountId: "x" });
  });
  await ada.post("/sync/session", { externalId: "s" });
  vi.setSystemTime(NOON + 10_000);
  await deleteAll(ada);
  await settle(t);
  expect(await rows(t, "sessions")).toEqual([]);
  const kept = ["apiKeys", "browserSessions", "authSessions", "authRefreshTokens"] as const;
  for (const table of [...kept, "authAccounts" as const]) {
    expect([table, (await rows(t, table)).length]).toEqual([table, 1]);
  }
  const headers = { Authorization: `Bearer ${key}` };
  expect((await t.fetch("/api/sessions", { headers })).status).toBe(200);
});

test("a deletion whose step has used up its bytes is not complete, although it has rows left", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("s", ["hello"]));
  await settle(t);
  await t.run(async ({ db }) => {
    const [message = expect.fail()] = await db.query("messages").collect();
    const { _id: messageId, userId, sessionId, orderKey } = message;
    const part = { userId, sessionId, messageId, orderKey, type: "x", format: "text" as const };
    for (let piece = 0; piece < 5; piece++)
      await db.insert("parts", { ...part, order: 9, piece, content: "x".repeat(1_000_000) });
  });
  vi.setSystemTime(NOON + 10_000);
  await deleteAll(ada);
  await loseScheduled(t);
  const statuses: unknown[] = [];
  for (let n = 0; n < 2; n++) {
    await step(t, ada);
    statuses.push((await me(ada))?.deletionStatus, (await rows(t, "messages")).length);
  }
  expect(statuses).toEqual(["in_progress", 1, "completed", 0]);
});

test("a deletion of the account also removes days and sums of which no session is left", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("s", ["hello"]));
  await settle(t);
  await t.run(async ({ db }) => {
    const [grain = expect.fail()] = await db.query("ledgerGrains").collect();
    const { _id, _creationTime, ...own } = grain;
    await db.insert("ledgerGrains", { ...own, day: own.day - 1 });
    await db.insert("ledgerDays", { userId: ada.userId, day: own.day - 1, grains: 1 });
  });
  await ada.dashboard.action(api.users.deleteAccount, {});
  await settle(t);
  for (const table of ["users", "ledgerGrains", "ledgerDays", "dailyWrapped"] as const) {
    expect([table, await rows(t, table)]).toEqual([table, []]);
  }
});

test("what joined the calls and results of a deleted session is gone with it", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("s", ["hello"]));
  await settle(t);
  const [{ _id: sessionId } = expect.fail()] = await rows(t, "sessions");
  await t.run(({ db }) => db.insert("callLinks", { sessionId, links: "" }));
  await ada.send("DELETE", "/api/sessions/s", "");
  await settle(t);
  expect(await rows(t, "callLinks")).toEqual([]);
});

test("one call of the cron starts every deletion and every purge again that was lost", async () => {
  const t = deployment();
  for (const email of ["a@example.com", "b@example.com", "c@example.com"]) {
    const who = await person(t, email);
    await who.post("/sync/session", { externalId: "s" });
    await who.send("DELETE", "/api/sessions/s", "");
    await deleteAll(who);
  }
  await loseScheduled(t);
  vi.setSystemTime(NOON + STALLED_MS + 1);
  await t.mutation(internal.deletion.resumeStalled, {});
  const jobs = await t.run(({ db }) => db.system.query("_scheduled_functions").collect());
  const started = jobs.filter(({ state }) => state.kind === "pending").map(({ name }) => name);
  expect(started.filter((name) => name.includes("purgeSession"))).toHaveLength(3);
  expect(started.filter((name) => name.includes("step"))).toHaveLength(3);
});

test("the record of a deleted identity is gone a day after the account", async () => {
  const t = deployment();
  await fromWorkos(t, "user_01").mutation(api.users.getOrCreate, {});
  await fromWorkos(t, "user_01").action(api.users.deleteAccount, {});
  expect(await rows(t, "tombstones")).toHaveLength(1);
  await settle(t);
  expect(await rows(t, "users")).toEqual([]);
  expect(await rows(t, "tombstones")).toEqual([]);
});
