import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import { allRows, conversation, deployment, eachTestAt, loseScheduled } from "../test.setup";
import { rowsOfDay } from "./stats.fixture";
import { person, read, rows, settle, type Deployment, type Person } from "../test.setup";

/** Deletions in several steps: their progress, interruptions, restarts, and states of version 1. */

const NOON = Date.UTC(2026, 0, 22, 12);
const STALLED_MS = 600_000;

eachTestAt(NOON);

/** Stores sessions `s0`, `s1` … with this number of messages; returns their ids in order. */
async function store(t: Deployment, who: Person, sessions: number, messages: number) {
  for (let s = 0; s < sessions; s++) {
    const texts = Array.from({ length: messages }, (_, m) => `text of ${s} ${m}`);
    await who.post("/sync/batch", conversation(`s${s}`, texts, { model: "m" }));
  }
  await settle(t);
  const own = (await rows(t, "sessions")).filter(({ userId }) => userId === who.userId);
  return own.map(({ _id }) => _id);
}

/** Runs the cron that restarts stalled deletions. */
async function resumeStalled(t: Deployment) {
  await t.mutation(internal.deletion.resumeStalled, {});
}

/** Lists tables with a row that contains this id. */
async function tablesWith(t: Deployment, id: string): Promise<string[]> {
  const found = await allRows(t);
  return Object.keys(found).filter((table) => JSON.stringify(found[table]).includes(`"${id}"`));
}

describe("a shared page", () => {
  async function shared(t: Deployment, who: Person) {
    await store(t, who, 1, 2);
    const { publicSlug } = await read<{ publicSlug: string }>(
      who.send("PATCH", "/api/sessions/s0", { isPublic: true }),
    );
    return publicSlug;
  }
  const statuses = async (t: Deployment, slug: string) => {
    const found: unknown[] = [];
    for (const form of ["", ".md", ".json"]) {
      found.push((await t.fetch(`/s/${slug}${form}`)).status);
    }
    return [...found, (await t.query(api.sessions.getPublic, { slug })) === null];
  };

  test.each(["account", "data"] as const)(
    "answers 404 as soon as the deletion of the owner's %s has started",
    async (scope) => {
      const t = deployment();
      const ada = await person(t);
      const slug = await shared(t, ada);
      expect(await statuses(t, slug)).toEqual([200, 200, 200, false]);
      await t.mutation(internal.users.remove, { email: "ada@example.com", scope });
      expect(await rows(t, "sessions")).toHaveLength(1);
      expect(await statuses(t, slug)).toEqual([404, 404, 404, true]);
    },
  );

  test("still works for a session created after a data deletion started, and for other users", async () => {
    const t = deployment();
    const ada = await person(t);
    const bob = await person(t, "bob@example.com");
    const theirs = await shared(t, bob);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    vi.setSystemTime(NOON + 3_600_000);
    await ada.post("/sync/batch", conversation("fresh", ["new"]));
    const { publicSlug } = await read<{ publicSlug: string }>(
      ada.send("PATCH", "/api/sessions/fresh", { isPublic: true }),
    );
    expect(await statuses(t, publicSlug)).toEqual([200, 200, 200, false]);
    expect(await statuses(t, theirs)).toEqual([200, 200, 200, false]);
    await settle(t);
    expect(await statuses(t, publicSlug)).toEqual([200, 200, 200, false]);
  });
});

describe("the state of a deletion", () => {
  test("changes with every step, without writing the user's row that every message reads", async () => {
    const t = deployment();
    const ada = await person(t);
    await store(t, ada, 8, 200);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await loseScheduled(t);
    const [user] = await rows(t, "users");
    const seen: number[] = [];
    for (let step = 0; step < 3; step++) {
      await t.mutation(internal.deletion.step, { userId: ada.userId });
      expect(await rows(t, "users")).toEqual([user]);
      const me = await ada.dashboard.query(api.users.me, {});
      expect(me?.deletionStatus).toBe("in_progress");
      seen.push(me?.deletionProgress?.messages ?? 0);
    }
    expect(new Set(seen).size).toBe(3);
    await t.mutation(internal.deletion.step, { userId: ada.userId });
    await settle(t);
    expect(await ada.dashboard.query(api.users.me, {})).toMatchObject({
      deletionStatus: "completed",
      deletionProgress: { sessions: 8, messages: 8 * 200 },
    });
    expect(await tablesWith(t, ada.userId)).toEqual(["users", "deletions"]);
  });

  test.each(["pending", "in_progress", "completed", "failed"] as const)(
    "that version 1 stored as %s in the user's row is shown, moved, and continued if it was open",
    async (status) => {
      const t = deployment();
      const ada = await person(t);
      const [first = ""] = await store(t, ada, 2, 3);
      const progress = {
        ...{ sessions: 7, messages: 1, parts: 1, apiLogs: 1 },
        ...{ sessionEmbeddings: 1, messageEmbeddings: 1 },
      };
      const times = { startedAt: Date.now() + 1_000, updatedAt: Date.now() };
      await t.run(async ({ db }) => {
        // Version 1 had deleted this row and was removing the session's messages.
        await db.delete("sessions", first as Id<"sessions">);
        const sessionId = first as Id<"sessions">;
        const deletion = { scope: "data" as const, status, progress, ...times, sessionId };
        await db.patch("users", ada.userId, { deletion });
      });
      const me = () => ada.dashboard.query(api.users.me, {});
      expect(await me()).toMatchObject({ deletionStatus: status, deletionProgress: progress });
      await resumeStalled(t);
      expect(await me()).toMatchObject({ deletionStatus: status, deletionProgress: progress });
      expect((await rows(t, "users"))[0]).not.toHaveProperty("deletion");
      vi.setSystemTime(times.updatedAt + STALLED_MS + 1);
      await resumeStalled(t);
      await settle(t);
      const isOpen = status === "pending" || status === "in_progress";
      expect(await me()).toMatchObject({
        deletionStatus: isOpen ? "completed" : status,
        deletionProgress: { sessions: isOpen ? 8 : 7 },
      });
      expect(await rows(t, "sessions")).toHaveLength(isOpen ? 0 : 1);
      expect(await tablesWith(t, first)).toEqual([]);
      await ada.dashboard.mutation(api.users.clearDeletionStatus, {});
      expect(await me()).not.toHaveProperty("deletionStatus");
    },
  );

  test("of version 1 is continued by the step that version 1 scheduled", async () => {
    const t = deployment();
    const ada = await person(t);
    await store(t, ada, 2, 3);
    const progress = {
      ...{ sessions: 7, messages: 0, parts: 0, apiLogs: 0 },
      ...{ sessionEmbeddings: 0, messageEmbeddings: 0 },
    };
    const times = { startedAt: Date.now() + 1_000, updatedAt: Date.now() };
    const deletion = { scope: "account" as const, status: "in_progress" as const, progress };
    await t.run((ctx) =>
      ctx.db.patch("users", ada.userId, { deletion: { ...deletion, ...times } }),
    );
    expect((await ada.get("/api/sessions")).status).toBe(401);
    await t.mutation(internal.deletion.step, { userId: ada.userId });
    await settle(t);
    expect(await tablesWith(t, ada.userId)).toEqual([]);
  });
});

describe("the purge of a deleted session", () => {
  test("is restarted by the cron after being lost at any step, and leaves nothing", async () => {
    const t = deployment();
    const ada = await person(t);
    const [gone = "", kept = ""] = await store(t, ada, 2, 700);
    const before = (await rows(t, "messages")).filter(({ sessionId }) => sessionId === kept);
    await ada.dashboard.mutation(api.sessions.remove, { sessionId: gone });
    const left: number[] = [];
    for (let lost = 0; lost < 3; lost++) {
      await loseScheduled(t);
      vi.setSystemTime(Date.now() + STALLED_MS + 1);
      await resumeStalled(t);
      vi.runOnlyPendingTimers();
      await t.finishInProgressScheduledFunctions();
      left.push((await rows(t, "messages")).filter(({ sessionId }) => sessionId === gone).length);
    }
    expect(left[0]).toBeLessThan(700);
    expect(left[1]).toBeLessThan(left[0] ?? 0);
    await settle(t);
    expect(await tablesWith(t, gone)).toEqual([]);
    expect(await rows(t, "purges")).toEqual([]);
    expect((await rows(t, "messages")).filter(({ sessionId }) => sessionId === kept)).toEqual(
      before,
    );
  });

  test("that is running is not started a second time", async () => {
    const t = deployment();
    const ada = await person(t);
    const [gone = ""] = await store(t, ada, 1, 3);
    await ada.dashboard.mutation(api.sessions.remove, { sessionId: gone });
    const jobs = async () =>
      (await t.run(({ db }) => db.system.query("_scheduled_functions").collect())).filter(
        ({ name, state }) => name.includes("purgeSession") && state.kind === "pending",
      ).length;
    vi.setSystemTime(NOON + STALLED_MS - 60_000);
    await resumeStalled(t);
    expect(await jobs()).toBe(1);
  });
});

describe("a deletion in many steps", () => {
  const step = (t: Deployment, userId: Id<"users">) =>
    t.mutation(internal.deletion.step, { userId });

  test("removes sign-ins with more tokens than one step allows, and never a sign-in before its tokens", async () => {
    const t = deployment();
    const ada = await person(t);
    await t.run(async ({ db }) => {
      const { userId } = ada;
      const expirationTime = NOON;
      for (let s = 0; s < 4; s++) {
        const sessionId = await db.insert("authSessions", { userId, expirationTime });
        for (let i = 0; i < 300; i++) {
          await db.insert("authRefreshTokens", { sessionId, expirationTime });
        }
        const account = { userId, provider: `p${s}`, providerAccountId: "x" };
        const accountId = await db.insert("authAccounts", account);
        for (let i = 0; i < 200; i++) {
          const code = { accountId, provider: "p", code: `c${s} ${i}`, expirationTime };
          await db.insert("authVerificationCodes", code);
        }
      }
    });
    await ada.dashboard.action(api.users.deleteAccount, {});
    await loseScheduled(t);
    let steps = 0;
    for (; (await rows(t, "users")).length > 0 && steps < 20; steps++) {
      await step(t, ada.userId);
      const sessions = new Set((await rows(t, "authSessions")).map(({ _id }) => _id));
      const tokens = await rows(t, "authRefreshTokens");
      expect(tokens.filter(({ sessionId }) => !sessions.has(sessionId))).toEqual([]);
      const accounts = new Set((await rows(t, "authAccounts")).map(({ _id }) => _id));
      const codes = await rows(t, "authVerificationCodes");
      expect(codes.filter(({ accountId }) => !accounts.has(accountId))).toEqual([]);
    }
    expect(steps).toBeGreaterThanOrEqual(4);
    expect(await rows(t, "authRefreshTokens")).toEqual([]);
    expect(await rows(t, "authVerificationCodes")).toEqual([]);
  });

  test("bounds a step by bytes: large messages take several steps", async () => {
    const t = deployment();
    const ada = await person(t);
    await store(t, ada, 1, 1);
    await t.run(async ({ db }) => {
      const [message] = await db.query("messages").collect();
      if (message === undefined) throw new Error("no message");
      const { _id: messageId, userId, sessionId, orderKey } = message;
      const ids = { userId, sessionId, messageId, orderKey };
      const shape = { order: 0, type: "x", format: "text" as const, content: "x".repeat(450_000) };
      for (let piece = 0; piece < 26; piece++)
        await db.insert("parts", { ...ids, ...shape, piece });
    });
    const bytes = async () =>
      (await rows(t, "parts")).reduce((sum, row) => sum + JSON.stringify(row).length, 0);
    const before = await bytes();
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await loseScheduled(t);
    const left = [before];
    while ((left.at(-1) ?? 0) > 0 && left.length < 10) {
      await step(t, ada.userId);
      left.push(await bytes());
    }
    const removed = left.slice(1).map((now, index) => (left[index] ?? 0) - now);
    expect(Math.max(...removed)).toBeLessThan(5_000_000);
    expect(removed.length).toBeGreaterThanOrEqual(3);
  });

  test("bounds a step by rows", async () => {
    const t = deployment();
    const ada = await person(t);
    await t.run(async ({ db }) => {
      const line = {
        endpoint: "/x",
        method: "GET",
        statusCode: 200,
        durationMs: 1,
        requestId: "r",
      };
      for (let i = 0; i < 1_800; i++) await db.insert("apiLogs", { ...line, userId: ada.userId });
    });
    vi.setSystemTime(NOON + 1_000);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await loseScheduled(t);
    const left: number[] = [1_800];
    while ((left.at(-1) ?? 0) > 0 && left.length < 20) {
      await step(t, ada.userId);
      left.push((await rows(t, "apiLogs")).length);
    }
    expect(left).toEqual([1_800, 1_300, 800, 300, 0]);
  });

  test("bounds a step by what vectors and days cost, which is more than their rows", async () => {
    const t = deployment();
    const ada = await person(t);
    const messages = Array.from({ length: 150 }, (_, n) => ({
      ...{ sessionExternalId: "s", externalId: `m${n}`, role: "user", textContent: `${n}` },
      createdAt: NOON - n * 24 * 3_600_000,
    }));
    await ada.post("/sync/batch", { messages });
    await settle(t);
    const [{ _id: messageId, sessionId } = expect.fail()] = await rows(t, "messages");
    await t.run(async ({ db }) => {
      const ids = { userId: ada.userId, sessionId, messageId };
      const embedding = Array.from({ length: 1_536 }, () => 0);
      for (let n = 0; n < 600; n++) {
        const embeddingId = await db.insert("messageEmbeddings", { ...ids, embedding });
        const at = { orderKey: `${n}`, chunk: 0, text: "x", textHash: "x" };
        await db.insert("passages", { ...ids, ...at, embeddingId });
      }
    });
    vi.setSystemTime(NOON + 1_000);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await loseScheduled(t);
    const count = async () => {
      const tables = ["sessionDays", "passages", "messages"] as const;
      return await Promise.all(tables.map(async (table) => (await rows(t, table)).length));
    };
    const left = [await count()];
    while (left.at(-1)?.some((n) => n > 0) && left.length < 20) {
      await step(t, ada.userId);
      left.push(await count());
    }
    const removed = left.slice(1).map((now, i) => now.map((n, at) => (left[i]?.[at] ?? 0) - n));
    expect(left.at(-1)).toEqual([0, 0, 0]);
    for (const [days = 0, passages = 0, others = 0] of removed) {
      // A day changes five rows, and a passage has its vector. The last day and passage may exceed the budget.
      expect(5 * days + 2 * passages + others).toBeLessThanOrEqual(505);
    }
  });

  test("of data keeps the keys, and log lines and days from after it started", async () => {
    const t = deployment();
    const ada = await person(t);
    await store(t, ada, 2, 3);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await loseScheduled(t);
    vi.setSystemTime(NOON + 3_600_000);
    await ada.post("/sync/batch", conversation("fresh", ["new", "answer"]));
    const fresh = Date.now();
    await settle(t);
    await step(t, ada.userId);
    await settle(t);
    const lines = await rows(t, "apiLogs");
    expect(lines.map(({ _creationTime }) => _creationTime >= fresh)).toEqual([true]);
    const days = await rows(t, "dailyWrapped");
    expect(days.flatMap((day) => rowsOfDay(day).map(({ messages }) => messages))).toEqual([2]);
    expect((await ada.get("/api/sessions")).status).toBe(200);
    const [user] = await rows(t, "users");
    expect(user).not.toHaveProperty("deleting");
    expect(await ada.dashboard.query(api.users.me, {})).toMatchObject({
      deletionStatus: "completed",
    });
  });

  test("of an account replaces a data deletion, but a data deletion does not replace it", async () => {
    const t = deployment();
    const ada = await person(t);
    await store(t, ada, 2, 3);
    expect(await ada.dashboard.mutation(api.users.deleteAllData, {})).toMatchObject({
      started: true,
    });
    const remove = (scope: "data" | "account") =>
      t.mutation(internal.users.remove, { userId: ada.userId, scope });
    expect(await remove("data")).toEqual({ started: false });
    expect(await remove("account")).toEqual({ started: true });
    await expect(remove("data")).rejects.toThrow("User not found");
    expect((await ada.get("/api/sessions")).status).toBe(401);
    await settle(t);
    expect(await tablesWith(t, ada.userId)).toEqual([]);
  });

  test("of an account never fails, however often its steps are lost", async () => {
    const t = deployment();
    const ada = await person(t);
    await store(t, ada, 1, 3);
    await ada.dashboard.action(api.users.deleteAccount, {});
    for (let lost = 0; lost < 9; lost++) {
      await loseScheduled(t);
      vi.setSystemTime(Date.now() + STALLED_MS + 1);
      await resumeStalled(t);
      expect(await ada.dashboard.query(api.users.me, {})).toMatchObject({
        deletionStatus: "pending",
      });
    }
    await settle(t);
    expect(await tablesWith(t, ada.userId)).toEqual([]);
  });

  test("that failed is shown with its reason, and deletes nothing sent afterwards", async () => {
    const t = deployment();
    const ada = await person(t);
    await store(t, ada, 1, 3);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    for (let lost = 0; lost < 6; lost++) {
      await loseScheduled(t);
      vi.setSystemTime(Date.now() + STALLED_MS + 1);
      await resumeStalled(t);
    }
    const failed = await ada.dashboard.query(api.users.me, {});
    expect(failed).toMatchObject({ deletionStatus: "failed" });
    expect(failed?.deletionError).toContain("Start it again");
    await step(t, ada.userId);
    await ada.post("/sync/batch", conversation("s0", ["again"]));
    await settle(t);
    expect(await rows(t, "sessions")).toHaveLength(1);
  });

  test("fails after its sixth stall, even if steps ran between them", async () => {
    const t = deployment();
    const ada = await person(t);
    await t.run(async ({ db }) => {
      const line = { endpoint: "/x", method: "GET", statusCode: 200, durationMs: 1 };
      for (let n = 0; n < 3_600; n++) {
        await db.insert("apiLogs", { ...line, requestId: "r", userId: ada.userId });
      }
    });
    vi.setSystemTime(NOON + 1_000);
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    const statuses: unknown[] = [];
    for (let stall = 0; stall < 6; stall++) {
      await step(t, ada.userId);
      await loseScheduled(t);
      vi.setSystemTime(Date.now() + STALLED_MS + 1);
      await resumeStalled(t);
      const { deletionStatus } = (await ada.dashboard.query(api.users.me, {})) ?? {};
      statuses.push(deletionStatus);
    }
    expect(statuses.slice(0, 5)).not.toContain("failed");
    expect(statuses[5]).toBe("failed");
  });

  test("is not restarted before the stall timeout", async () => {
    const t = deployment();
    const ada = await person(t);
    await store(t, ada, 1, 3);
    const begun = Date.now();
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await loseScheduled(t);
    vi.setSystemTime(begun + STALLED_MS - 1);
    await resumeStalled(t);
    expect(await ada.dashboard.mutation(api.users.deleteAllData, {})).toMatchObject({
      started: false,
    });
    await settle(t);
    expect(await rows(t, "sessions")).toHaveLength(1);
    vi.setSystemTime(begun + STALLED_MS + 1);
    expect(await ada.dashboard.mutation(api.users.deleteAllData, {})).toMatchObject({
      started: true,
    });
    await settle(t);
    expect(await rows(t, "sessions")).toEqual([]);
  });
});

test("deleting a person at WorkOS is retried with growing delays, for a limited time", async () => {
  vi.stubEnv("WORKOS_API_KEY", "sk_test");
  vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
  const at: number[] = [];
  vi.stubGlobal("fetch", () => {
    at.push(Date.now());
    return Promise.resolve(Response.json({ message: "no" }, { status: 503 }));
  });
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const t = deployment();
  await t.mutation(internal.users.removeFromWorkos, { workosId: "user_01" });
  expect(at).toEqual([]);
  await t.run(({ scheduler }) =>
    scheduler.runAfter(0, internal.workos.deletePerson, { workosId: "user_01", tries: 0 }),
  );
  await settle(t).catch(() => undefined);
  const waits = at.slice(1).map((now, index) => Math.round((now - (at[index] ?? 0)) / 60_000));
  expect(waits).toEqual([1, 10, 60, 360, 1_440]);
});
