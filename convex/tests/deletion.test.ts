import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import schema from "../schema";
import {
  allRows,
  conversation,
  deployment,
  eachTestAt,
  fromWorkos,
  loseScheduled,
} from "../test.setup";
import { person, read, rows, settle, type Deployment, type Person } from "../test.setup";

eachTestAt(Date.UTC(2026, 0, 22, 12));

/** Stores sessions with messages, long parts, vectors and notes; each request writes a log line. */
async function fill(t: Deployment, who: Person, sessions: number, messages: number) {
  for (let s = 0; s < sessions; s++) {
    const said = Array.from({ length: messages }, (_, m) => ({
      // Text in a script without spaces, so that search texts are derived too.
      text: `text of ${s} ${m} 漢字検索`,
      parts: [{ type: "text", content: `part of ${s} ${m}` }],
    }));
    await who.post("/sync/session", { externalId: `s${s}`, title: `Session ${s}`, model: "m" });
    await who.post("/sync/batch", { messages: conversation(`s${s}`, said).messages });
  }
  await settle(t);
  await addVectors(t, who.userId);
  for (const sessionId of await idsOf(t, who.userId)) {
    const notes = { sessionId, evalNotes: `notes on ${sessionId}` };
    await who.dashboard.mutation(api.evals.updateEvalNotes, notes);
  }
}

/** Stores what an embedding job stores: a vector for each session, and one unit with its passage. */
async function addVectors(t: Deployment, userId: Id<"users">) {
  const embedding = Array.from({ length: 1536 }, () => 0.5);
  const messages = await rows(t, "messages");
  for (const sessionId of await idsOf(t, userId)) {
    const first = messages.find((message) => message.sessionId === sessionId);
    await t.run(async ({ db }) => {
      const own = { userId, sessionId, embedding, textHash: "h" };
      const vectorId = await db.insert("sessionEmbeddings", own);
      await db.patch("sessions", sessionId, { embeddingId: vectorId });
      if (first === undefined) return;
      const ids = { userId, sessionId, messageId: first._id };
      const embeddingId = await db.insert("messageEmbeddings", { ...ids, embedding });
      const { orderKey } = first;
      const passage = { ...ids, orderKey, chunk: 0, text: "t", textHash: "h", embeddingId };
      await db.insert("passages", passage);
    });
  }
}

/** Lists tables with any of these ids or texts anywhere in a row. */
async function traces(t: Deployment, ...marks: string[]): Promise<string[]> {
  const found = await allRows(t);
  return Object.keys(found).filter((table) => {
    const text = JSON.stringify(found[table]);
    return marks.some((mark) => text.includes(`"${mark}"`));
  });
}

async function idsOf(t: Deployment, userId: Id<"users">): Promise<Id<"sessions">[]> {
  const own = (await rows(t, "sessions")).filter((session) => session.userId === userId);
  return own.map(({ _id }) => _id);
}

describe("deleting a session", () => {
  test("removes everything that belongs to it, and nothing else", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 2, 3);
    const [gone = "", kept = ""] = await idsOf(t, ada.userId);
    await ada.dashboard.mutation(api.sessions.remove, { sessionId: gone });
    expect(await read(ada.get("/api/sessions"))).toMatchObject({ sessions: [{ id: kept }] });
    await settle(t);
    expect(await traces(t, gone)).toEqual([]);
    expect(await allRows(t)).toMatchObject({
      messages: { length: 3 },
      parts: { length: 3 },
      sessionEmbeddings: { length: 1 },
      messageEmbeddings: { length: 1 },
      passages: { length: 1 },
      reviews: { length: 1 },
    });
    expect(await ada.dashboard.query(api.users.stats, {})).toEqual({
      sessionCount: 1,
      messageCount: 3,
    });
  });

  test("is idempotent, and another user's session is not deleted", async () => {
    const t = deployment();
    const ada = await person(t);
    const bob = await person(t, "bob@example.com");
    await fill(t, bob, 1, 1);
    const [sessionId = ""] = await idsOf(t, bob.userId);
    const before = await read(bob.get(`/api/sessions/${sessionId}`));
    expect(before).toMatchObject({ id: sessionId, messages: { length: 1 } });
    await ada.dashboard.mutation(api.sessions.remove, { sessionId });
    await ada.dashboard.mutation(api.sessions.remove, { sessionId: "nonsense" });
    await settle(t);
    expect(await read(bob.get(`/api/sessions/${sessionId}`))).toEqual(before);
    await bob.dashboard.mutation(api.sessions.remove, { sessionId });
    await bob.dashboard.mutation(api.sessions.remove, { sessionId });
    await settle(t);
    expect(await traces(t, sessionId)).toEqual([]);
  });

  test("a session restored under the same id is a new one without the old messages", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 1, 3);
    const [sessionId = ""] = await idsOf(t, ada.userId);
    await ada.dashboard.mutation(api.sessions.remove, { sessionId });
    // Before the purge has run.
    const message = { externalId: "new", role: "user", textContent: "new" };
    await ada.post("/sync/session", { externalId: "s0", restore: true });
    await ada.post("/sync/message", { sessionExternalId: "s0", ...message });
    await settle(t);
    const session = await read(ada.get("/api/sessions/s0"));
    expect(session).toMatchObject({ title: "new", messageCount: 1, messages: [message] });
    expect(session.id).not.toBe(sessionId);
    expect(await traces(t, sessionId)).toEqual([]);
  });
});

describe("deleting all data", () => {
  test("runs in steps whose progress is visible, keeps the account, and reports completion", async () => {
    const t = deployment();
    const ada = await person(t);
    const bob = await person(t, "bob@example.com");
    await fill(t, ada, 3, 4);
    await fill(t, bob, 1, 2);
    const before = await allRows(t);
    const me = ada.dashboard;
    const sessionIds = await idsOf(t, ada.userId);
    expect(await me.mutation(api.users.deleteAllData, {})).toMatchObject({ started: true });
    await me.mutation(api.users.clearDeletionStatus, {});
    expect(await me.query(api.users.me, {})).toMatchObject({ deletionStatus: "pending" });
    expect(await me.mutation(api.users.deleteAllData, {})).toMatchObject({ started: false });
    await settle(t);
    expect(await me.query(api.users.me, {})).toMatchObject({
      hasApiKey: true,
      deletionStatus: "completed",
      deletionProgress: {
        sessions: 3,
        messages: 12,
        parts: 12,
        sessionEmbeddings: 3,
        messageEmbeddings: 3,
        apiLogs: 6,
      },
    });
    expect(await traces(t, ...sessionIds)).toEqual([]);
    expect(await traces(t, ada.userId)).toEqual(["users", "deletions"]);
    const after = await allRows(t);
    for (const table of ["sessions", "messages", "parts", "sessionEmbeddings", "dailyWrapped"]) {
      expect(after[table]).toEqual(ownRows(before[table], bob.userId));
    }
    await me.mutation(api.users.clearDeletionStatus, {});
    await me.mutation(api.users.clearDeletionStatus, {});
    expect(await traces(t, ada.userId)).toEqual(["users"]);
    expect(await me.query(api.users.me, {})).not.toHaveProperty("deletionStatus");
    expect((await ada.get("/api/sessions")).status).toBe(200);
  });

  test("keeps everything a plugin sends after it started, and counts only that", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 2, 3);
    const me = ada.dashboard;
    await me.mutation(api.users.deleteAllData, {});
    vi.setSystemTime(Date.now() + 1_000);
    const message = { sessionExternalId: "fresh", externalId: "m", role: "user", textContent: "x" };
    await ada.post("/sync/message", message);
    await settle(t);
    expect(await me.query(api.users.me, {})).toMatchObject({ deletionStatus: "completed" });
    expect(await read(ada.get("/api/sessions"))).toMatchObject({
      sessions: [{ externalId: "fresh", messageCount: 1 }],
    });
    expect(await me.query(api.users.stats, {})).toEqual({ sessionCount: 1, messageCount: 1 });
  });

  test("keeps messages that arrive for an old session after it started, and no older ones", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 40, 4);
    const old = await idsOf(t, ada.userId);
    const me = ada.dashboard;
    await me.mutation(api.users.deleteAllData, {});
    const sent: string[] = [];
    for (let step = 0; step < 9; step++) {
      vi.setSystemTime(Date.now() + 1_000);
      const sessionExternalId = `s${39 - step}`;
      const title = { externalId: sessionExternalId, title: `New ${step}`, model: "new" };
      if (step % 3 === 0) expect((await ada.post("/sync/session", title)).status).toBe(200);
      for (const externalId of ["m0", "new"]) {
        const message = { sessionExternalId, externalId, role: "user", textContent: "new text" };
        const messages = [{ ...message, promptTokens: 5, parts: [{ type: "x", content: "new" }] }];
        expect((await ada.post("/sync/batch", { messages })).status).toBe(200);
        sent.push(`${sessionExternalId} ${externalId} new text new`);
      }
      vi.advanceTimersToNextTimer();
      await t.finishInProgressScheduledFunctions();
    }
    await settle(t);
    expect(await me.query(api.users.me, {})).toMatchObject({ deletionStatus: "completed" });
    expect(await traces(t, ...old)).toEqual([]);
    const { sessions } = await read<{ sessions: { externalId: string; title?: string }[] }>(
      ada.get("/api/sessions"),
    );
    const kept: string[] = [];
    for (const { externalId } of sessions) {
      const session = await read<{
        messageCount: number;
        messages: { externalId: string; textContent: string; parts: { content: string }[] }[];
      }>(ada.get(`/api/sessions/${externalId}`));
      expect(session.messageCount).toBe(2);
      for (const message of session.messages) {
        const parts = message.parts.map(({ content }) => content).join();
        kept.push(`${externalId} ${message.externalId} ${message.textContent} ${parts}`);
      }
    }
    expect(kept.sort()).toEqual(sent.sort());
    expect(sessions.filter(({ title }) => title?.startsWith("New"))).toHaveLength(3);
    expect(await me.query(api.users.stats, {})).toEqual({ sessionCount: 9, messageCount: 18 });
    expect(await read(ada.get("/api/stats"))).toMatchObject({
      ...{ sessionCount: 9, messageCount: 18, totalTokens: 90 },
    });
    const { parts, messages } = await allRows(t);
    expect([parts?.length, messages?.length]).toEqual([18, 18]);
  });

  test("completes after its owner or the cron restarts a stalled one", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 2, 2);
    const me = ada.dashboard;
    const died = { scope: "data" as const, status: "in_progress" as const };
    const now = Date.now();
    const progress = {
      ...{ sessions: 7, messages: 0, parts: 0, apiLogs: 0 },
      ...{ sessionEmbeddings: 0, messageEmbeddings: 0 },
    };
    const stalled = { ...died, progress, startedAt: now, updatedAt: now };
    await t.run((ctx) => ctx.db.patch("users", ada.userId, { deletion: stalled }));
    expect(await me.mutation(api.users.deleteAllData, {})).toMatchObject({ started: false });
    vi.setSystemTime(now + 601_000);
    await t.mutation(internal.deletion.resumeStalled, {});
    await settle(t);
    expect(await me.query(api.users.me, {})).toMatchObject({
      deletionStatus: "completed",
      deletionProgress: { sessions: 9 },
    });
    await t.run((ctx) => ctx.db.patch("users", ada.userId, { deletion: stalled }));
    vi.setSystemTime(Date.now() + 601_000);
    expect(await me.mutation(api.users.deleteAllData, {})).toMatchObject({ started: true });
  });

  test("leaves nothing of a session at which an earlier deletion stopped", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 2, 2);
    const [sessionId = ""] = await idsOf(t, ada.userId);
    await ada.dashboard.mutation(api.sessions.remove, { sessionId });
    await loseScheduled(t);
    expect(await traces(t, sessionId)).not.toEqual([]);
    vi.setSystemTime(Date.now() + 1_000);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await settle(t);
    expect(await traces(t, sessionId)).toEqual([]);
  });
});

function ownRows(rows: object[] | undefined, userId: string) {
  return (rows ?? []).filter((row) => "userId" in row && row.userId === userId);
}

test("a data deletion that keeps stalling is shown as failed, and can be started again", async () => {
  const t = deployment();
  const ada = await person(t);
  await fill(t, ada, 1, 2);
  const status = async () => (await ada.dashboard.query(api.users.me, {}))?.deletionStatus;
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  const seen: unknown[] = [];
  for (let restart = 0; restart < 6; restart++) {
    await loseScheduled(t);
    vi.setSystemTime(Date.now() + 601_000);
    await t.mutation(internal.deletion.resumeStalled, {});
    seen.push(await status());
  }
  expect(seen).toEqual([...Array.from({ length: 5 }, () => "pending"), "failed"]);
  expect(await ada.dashboard.mutation(api.users.deleteAllData, {})).toMatchObject({
    started: true,
  });
  await settle(t);
  expect([await status(), await idsOf(t, ada.userId)]).toEqual(["completed", []]);
});

describe("deleting the account", () => {
  test("leaves no trace of the user in any row, and does not change other users' rows", async () => {
    vi.stubEnv("RATE_LIMIT_READ", "5");
    const t = deployment();
    const bob = await person(t, "bob@example.com");
    const ada = await person(t);
    await t.run((ctx) => ctx.db.patch("users", ada.userId, { workosId: "user_01" }));
    await fill(t, ada, 3, 4);
    await fill(t, bob, 2, 2);
    await addIdentity(t, ada.userId);
    const me = ada.dashboard;
    const laptop = await me.mutation(api.apiKeys.create, { name: "laptop" });
    await ada.post("/sync/session", { externalId: "deleted before" });
    await ada.send("DELETE", "/api/sessions/deleted%20before", "");
    await settle(t);
    const [shared = ""] = await idsOf(t, ada.userId);
    const { publicSlug = "" } = await me.mutation(api.sessions.setVisibility, {
      sessionId: shared,
      isPublic: true,
    });
    const before = await allRows(t);
    const marks = [ada.userId, "user_01", "ada@example.com", ...(await idsOf(t, ada.userId))];
    // `users` too, and `messageChanges`, whose rows point to sessions.
    expect(await traces(t, ...marks)).toHaveLength(OWNED.length + 2 - WHILE_DELETING.length);

    expect(await me.action(api.users.deleteAccount, {})).toEqual({ started: true });
    // Every credential is refused at once, long before the last row is deleted.
    const headers = { Authorization: `Bearer ${laptop.key}` };
    expect((await ada.get("/api/sessions")).status).toBe(401);
    expect((await t.fetch("/api/sessions", { headers })).status).toBe(401);
    await expect(me.mutation(api.users.generateApiKey, {})).rejects.toThrow("UNAUTHORIZED");
    expect(await me.query(api.apiKeys.list, {})).toEqual([]);
    expect(await me.query(api.users.me, {})).toMatchObject({ deletionStatus: "pending" });
    expect(await me.action(api.users.deleteAccount, {})).toMatchObject({ started: false });
    await settle(t);
    expect(await traces(t, ...marks)).toEqual([]);
    // Rows that Convex Auth stores under its own ids.
    for (const table of ["authRefreshTokens", "authVerificationCodes", "authRateLimits"] as const) {
      expect([table, await rows(t, table)]).toEqual([table, []]);
    }
    expect(await t.query(api.sessions.getPublic, { slug: publicSlug })).toBeNull();
    const after = await allRows(t);
    for (const table of Object.keys(before)) {
      expect([table, ownRows(after[table], bob.userId)]).toEqual([
        table,
        ownRows(before[table], bob.userId),
      ]);
    }
  });

  test("also removes what an unfinished session deletion left", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 1, 3);
    const [sessionId = ""] = await idsOf(t, ada.userId);
    await ada.dashboard.mutation(api.sessions.remove, { sessionId });
    await loseScheduled(t);
    expect(await traces(t, sessionId)).toHaveLength(8);
    await ada.dashboard.action(api.users.deleteAccount, {});
    await settle(t);
    expect(await traces(t, sessionId, ada.userId)).toEqual([]);
  });

  test("prevents anyone from taking over the account, even with the same verified address", async () => {
    const t = deployment();
    const ada = await person(t, "ada@example.com");
    await ada.dashboard.action(api.users.deleteAccount, {});
    const claims = { email: "ada@example.com", emailVerified: true };
    const comer = fromWorkos(t, "user_01", claims);
    const userId = await comer.mutation(api.users.getOrCreate, {});
    expect(userId).not.toBe(ada.userId);
    await settle(t);
    expect((await rows(t, "users")).map(({ _id }) => _id)).toEqual([userId]);
  });

  test("an old token does not recreate the account; a day later the person may sign up again", async () => {
    const t = deployment();
    const ada = fromWorkos(t, "user_01", { email: "ada@example.com" });
    const first = await ada.mutation(api.users.getOrCreate, {});
    await ada.action(api.users.deleteAccount, {});
    await t.mutation(internal.deletion.step, { userId: first });
    expect(await rows(t, "users")).toEqual([]);
    await expect(ada.mutation(api.users.getOrCreate, {})).rejects.toThrow("deleted");
    const bearer = { headers: { Authorization: "Bearer a.b.c" } };
    expect((await ada.fetch("/api/sessions", bearer)).status).toBe(401);
    expect(await rows(t, "users")).toEqual([]);
    await settle(t);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await ada.mutation(api.users.getOrCreate, {})).not.toBe(first);
  });

  test("also removes the person at WorkOS, and retries if WorkOS does not answer", async () => {
    vi.stubEnv("WORKOS_API_KEY", "sk_test");
    vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
    const calls: string[] = [];
    vi.stubGlobal("fetch", (url: string | URL, init: { method: string }) => {
      calls.push(`${init.method} ${String(url)}`);
      const status = calls.length === 1 ? 503 : 404;
      return Promise.resolve(Response.json({ message: "no" }, { status }));
    });
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const t = deployment();
    const ada = fromWorkos(t, "user_01", { email: "ada@example.com", emailVerified: true });
    await ada.mutation(api.users.getOrCreate, {});
    await ada.action(api.users.deleteAccount, {});
    await settle(t);
    const call = "DELETE https://api.workos.com/user_management/users/user_01";
    expect(calls).toEqual([call, call]);
  });

  test("is complete only after a step that finds every table empty, wherever it was interrupted", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 4, 300);
    await ada.dashboard.action(api.users.deleteAccount, {});
    let steps = 0;
    for (; (await rows(t, "users")).length > 0 && steps < 100; steps++) {
      await t.mutation(internal.deletion.step, { userId: ada.userId });
    }
    expect(steps).toBeGreaterThan(4);
    expect(await traces(t, ada.userId)).toEqual([]);
  }, 60_000);
});

/** Stores the rows that Convex Auth has for a person who signed in. */
async function addIdentity(t: Deployment, userId: Id<"users">) {
  await t.run(async (ctx) => {
    const { db } = ctx;
    const account = { userId, provider: "workos", providerAccountId: "user_01" };
    const accountId = await db.insert("authAccounts", account);
    const expirationTime = Date.now();
    const sessionId = await db.insert("authSessions", { userId, expirationTime });
    await db.insert("authRefreshTokens", { sessionId, expirationTime });
    const browser = { kind: "browser" as const, hash: "h", label: "", expiresAt: expirationTime };
    await db.insert("browserSessions", { userId, ...browser });
    const code = { accountId, provider: "workos", code: "c", expirationTime };
    await db.insert("authVerificationCodes", code);
    const tries = { identifier: accountId, lastAttemptTime: 0, attemptsLeft: 1 };
    await db.insert("authRateLimits", tries);
  });
}

/** Tables with rows that belong to a user, directly or by other ids. The deletion must cover a new table, and this list too. */
const OWNED = [
  "apiKeys",
  "apiLogs",
  "authAccounts",
  "authSessions",
  "browserSessions",
  "dailyWrapped",
  "deletedSessions",
  "deletions",
  "ledgerDays",
  "ledgerGrains",
  "messageEmbeddings",
  "messages",
  "parts",
  "passages",
  "purges",
  "reviews",
  "searchTexts",
  "sessionDays",
  "sessionEmbeddings",
  "sessions",
  "tombstones",
];
/** Tables that have rows of a user only while a deletion is running. */
const WHILE_DELETING = ["deletions", "purges"];

test("the deletion covers every table whose rows refer to a user", () => {
  const tables = Object.entries(schema.tables).map(([name, table]) => {
    const text = JSON.stringify(
      (table as unknown as { validator: { json: unknown } }).validator.json,
    );
    return {
      name,
      ofUser: text.includes('"tableName":"users"'),
      hasFiles: text.includes("_storage"),
    };
  });
  const owned = tables.filter(({ ofUser }) => ofUser).map(({ name }) => name);
  expect(owned.sort()).toEqual(OWNED);
  // No table refers to stored files. If one does, the deletion must delete the files too.
  expect(tables.filter(({ hasFiles }) => hasFiles)).toEqual([]);
});
