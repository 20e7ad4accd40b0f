import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import schema from "./schema";
import {
  allRows,
  deployment,
  fromWorkos,
  person,
  read,
  settle,
  signedIn,
  type Deployment,
  type Person,
} from "./test.setup";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 22, 12) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** Sessions with messages, long parts and vectors, and a line of the log for each request. */
async function fill(t: Deployment, who: Person, sessions: number, messages: number) {
  for (let s = 0; s < sessions; s++) {
    await who.post("/sync/session", { externalId: `s${s}`, title: `Session ${s}`, model: "m" });
    await who.post("/sync/batch", {
      messages: Array.from({ length: messages }, (_, m) => ({
        sessionExternalId: `s${s}`,
        externalId: `m${m}`,
        role: m % 2 ? "assistant" : "user",
        textContent: `text of ${s} ${m}`,
        parts: [{ type: "text", content: `part of ${s} ${m}` }],
      })),
    });
  }
  await settle(t);
  await addVectors(t, who.userId);
}

async function addVectors(t: Deployment, userId: Id<"users">) {
  await t.run(async (ctx) => {
    const embedding = Array.from({ length: 1536 }, () => 0.5);
    const sessions = await ctx.db
      .query("sessions")
      .withIndex("by_user", (q) => q.eq("userId", userId))
      .collect();
    for (const { _id: sessionId } of sessions) {
      const row = { userId, sessionId, embedding, textHash: "h" };
      await ctx.db.insert("sessionEmbeddings", row);
      const message = await ctx.db
        .query("messages")
        .withIndex("by_session", (q) => q.eq("sessionId", sessionId))
        .first();
      if (message) {
        const messageId = message._id;
        const ids = { userId, sessionId, messageId };
        const embeddingId = await ctx.db.insert("messageEmbeddings", { ...ids, embedding });
        const { orderKey } = message;
        const passage = { ...ids, orderKey, chunk: 0, text: "t", textHash: "h", embeddingId };
        await ctx.db.insert("passages", passage);
      }
    }
  });
}

/** Tables that hold any of these ids, or texts, anywhere in a row. */
async function traces(t: Deployment, ...marks: string[]): Promise<string[]> {
  const rows = await allRows(t);
  return Object.keys(rows).filter((table) => {
    const text = JSON.stringify(rows[table]);
    return marks.some((mark) => text.includes(`"${mark}"`));
  });
}

async function idsOf(t: Deployment, userId: string): Promise<string[]> {
  const rows = await allRows(t);
  return (rows.sessions as { _id: string; userId: string }[])
    .filter((session) => session.userId === userId)
    .map((session) => session._id);
}

describe("deleting a session", () => {
  test("takes everything that belonged to it, and nothing else", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 2, 3);
    const [gone = "", kept = ""] = await idsOf(t, ada.userId);
    await signedIn(t, ada.userId).mutation(api.sessions.remove, { sessionId: gone });
    expect(await read(ada.get("/api/sessions"))).toMatchObject({ sessions: [{ id: kept }] });
    await settle(t);
    expect(await traces(t, gone)).toEqual([]);
    const { messages, parts, sessionEmbeddings, messageEmbeddings } = await allRows(t);
    expect([messages, parts, sessionEmbeddings, messageEmbeddings].map((r) => r?.length)).toEqual([
      3, 3, 1, 1,
    ]);
    const me = signedIn(t, ada.userId);
    expect(await me.query(api.users.stats, {})).toEqual({ sessionCount: 1, messageCount: 3 });
  });

  test("done twice, or to a session of another user, does no harm", async () => {
    const t = deployment();
    const ada = await person(t);
    const bob = await person(t, "bob@example.com");
    await fill(t, bob, 1, 1);
    const [sessionId = ""] = await idsOf(t, bob.userId);
    await signedIn(t, ada.userId).mutation(api.sessions.remove, { sessionId });
    await signedIn(t, ada.userId).mutation(api.sessions.remove, { sessionId: "nonsense" });
    expect((await bob.get(`/api/sessions/${sessionId}`)).status).toBe(200);
    await signedIn(t, bob.userId).mutation(api.sessions.remove, { sessionId });
    await signedIn(t, bob.userId).mutation(api.sessions.remove, { sessionId });
  });

  test("a later write under the same id makes a fresh session without the old messages", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 1, 3);
    const [sessionId = ""] = await idsOf(t, ada.userId);
    await signedIn(t, ada.userId).mutation(api.sessions.remove, { sessionId });
    // Before the purge has run.
    const message = {
      sessionExternalId: "s0",
      externalId: "new",
      role: "user",
      textContent: "new",
    };
    await ada.post("/sync/message", message);
    await settle(t);
    const session = await read<{ messages: object[]; title?: string; id: string }>(
      ada.get("/api/sessions/s0"),
    );
    expect(session.id).not.toBe(sessionId);
    expect(session).toMatchObject({ title: "new", messageCount: 1, messages: [message0("new")] });
    expect(await traces(t, sessionId)).toEqual([]);
  });
});

const message0 = (externalId: string) => ({ externalId });

describe("deleting all data", () => {
  test("removes it in steps that can be watched, keeps the account, and says when it is done", async () => {
    const t = deployment();
    const ada = await person(t);
    const bob = await person(t, "bob@example.com");
    await fill(t, ada, 3, 4);
    await fill(t, bob, 1, 2);
    const before = await allRows(t);
    const me = signedIn(t, ada.userId);
    const sessionIds = await idsOf(t, ada.userId);
    expect(await me.mutation(api.users.deleteAllData, {})).toMatchObject({ started: true });
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
    expect(await traces(t, ada.userId)).toEqual(["users"]);
    const after = await allRows(t);
    for (const table of ["sessions", "messages", "parts", "sessionEmbeddings", "dailyWrapped"]) {
      expect(after[table]).toEqual(ownRows(before[table], bob.userId));
    }
    await me.mutation(api.users.clearDeletionStatus, {});
    await me.mutation(api.users.clearDeletionStatus, {});
    expect(await me.query(api.users.me, {})).not.toHaveProperty("deletionStatus");
    expect((await ada.get("/api/sessions")).status).toBe(200);
  });

  test("keeps what a plugin sends after it began, whole, and counts only that", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 2, 3);
    const me = signedIn(t, ada.userId);
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

  test("a run that died is started again, by its owner or by the cron, and comes to its end", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 2, 2);
    const me = signedIn(t, ada.userId);
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
});

function ownRows(rows: object[] | undefined, userId: string) {
  return (rows ?? []).filter((row) => "userId" in row && row.userId === userId);
}

describe("deleting the account", () => {
  test("leaves no row with any trace of the user, and the other user's rows untouched", async () => {
    vi.stubEnv("RATE_LIMIT_READ", "5");
    const t = deployment();
    const bob = await person(t, "bob@example.com");
    const ada = await person(t);
    await t.run((ctx) => ctx.db.patch("users", ada.userId, { workosId: "user_01" }));
    await fill(t, ada, 3, 4);
    await fill(t, bob, 2, 2);
    await addIdentity(t, ada.userId);
    const me = signedIn(t, ada.userId);
    const laptop = await me.mutation(api.apiKeys.create, { name: "laptop" });
    const [shared = ""] = await idsOf(t, ada.userId);
    const { publicSlug = "" } = await me.mutation(api.sessions.setVisibility, {
      sessionId: shared,
      isPublic: true,
    });
    const before = await allRows(t);
    const marks = [ada.userId, "user_01", "ada@example.com", ...(await idsOf(t, ada.userId))];
    expect(await traces(t, ...marks)).toHaveLength(OWNED.length + 1);

    expect(await me.action(api.users.deleteAccount, {})).toEqual({ started: true });
    // Every door is closed at once, long before the last row is gone.
    const headers = { Authorization: `Bearer ${laptop.key}` };
    expect((await ada.get("/api/sessions")).status).toBe(401);
    expect((await t.fetch("/api/sessions", { headers })).status).toBe(401);
    await expect(me.mutation(api.users.generateApiKey, {})).rejects.toThrow("UNAUTHORIZED");
    expect(await me.query(api.apiKeys.list, {})).toEqual([]);
    expect(await me.query(api.users.me, {})).toMatchObject({ deletionStatus: "pending" });
    expect(await me.action(api.users.deleteAccount, {})).toMatchObject({ started: false });
    await settle(t);
    expect(await traces(t, ...marks)).toEqual([]);
    expect(await t.query(api.sessions.getPublic, { slug: publicSlug })).toBeNull();
    const after = await allRows(t);
    for (const table of Object.keys(before)) {
      expect([table, ownRows(after[table], bob.userId)]).toEqual([
        table,
        ownRows(before[table], bob.userId),
      ]);
    }
  });

  test("an old token does not make the account again; a day later the person may come back", async () => {
    const t = deployment();
    const ada = fromWorkos(t, "user_01", { email: "ada@example.com" });
    const first = await ada.mutation(api.users.getOrCreate, {});
    await ada.action(api.users.deleteAccount, {});
    await t.mutation(internal.deletion.step, { userId: first });
    expect((await allRows(t)).users).toEqual([]);
    await expect(ada.mutation(api.users.getOrCreate, {})).rejects.toThrow("deleted");
    const bearer = { headers: { Authorization: "Bearer a.b.c" } };
    expect((await ada.fetch("/api/sessions", bearer)).status).toBe(401);
    expect((await allRows(t)).users).toEqual([]);
    await settle(t);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await ada.mutation(api.users.getOrCreate, {})).not.toBe(first);
  });

  test("removes the person at WorkOS too, and tries again when WorkOS does not answer", async () => {
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
    const ada = fromWorkos(t, "user_01", { email: "ada@example.com" });
    await ada.mutation(api.users.getOrCreate, {});
    await ada.action(api.users.deleteAccount, {});
    await settle(t);
    const call = "DELETE https://api.workos.com/user_management/users/user_01";
    expect(calls).toEqual([call, call]);
  });

  test("is complete only in a step that found every table empty, wherever the run broke off", async () => {
    const t = deployment();
    const ada = await person(t);
    await fill(t, ada, 4, 300);
    await signedIn(t, ada.userId).action(api.users.deleteAccount, {});
    let steps = 0;
    while ((await allRows(t)).users?.length) {
      await t.mutation(internal.deletion.step, { userId: ada.userId });
      steps += 1;
    }
    expect(steps).toBeGreaterThan(4);
    expect(await traces(t, ada.userId)).toEqual([]);
  }, 60_000);
});

/** What Convex Auth holds of a person who signed in. */
async function addIdentity(t: Deployment, userId: Id<"users">) {
  await t.run(async (ctx) => {
    const { db } = ctx;
    const account = { userId, provider: "workos", providerAccountId: "user_01" };
    const accountId = await db.insert("authAccounts", account);
    const expirationTime = Date.now();
    const sessionId = await db.insert("authSessions", { userId, expirationTime });
    await db.insert("authRefreshTokens", { sessionId, expirationTime });
    const code = { accountId, provider: "workos", code: "c", expirationTime };
    await db.insert("authVerificationCodes", code);
    const tries = { identifier: accountId, lastAttemptTime: 0, attemptsLeft: 1 };
    await db.insert("authRateLimits", tries);
  });
}

/** Tables with rows that belong to a user, by the ids in them. A new one must be deleted, and listed. */
const OWNED = [
  "apiKeys",
  "apiLogs",
  "authAccounts",
  "authSessions",
  "dailyWrapped",
  "messageEmbeddings",
  "messages",
  "parts",
  "passages",
  "sessionEmbeddings",
  "sessions",
];

test("every table whose rows point to a user is known to the deletion", () => {
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
  // No table refers to stored files: the day one does, deletion must delete the files.
  expect(tables.filter(({ hasFiles }) => hasFiles)).toEqual([]);
});
