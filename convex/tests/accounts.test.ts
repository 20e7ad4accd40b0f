import { beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import { conversation, deployment, eachTestAt, fromWorkos, person, read } from "../test.setup";
import { allRows, rows, settle, type Deployment } from "../test.setup";
import { workosSignature } from "./webhooks.fixture";

/** Which account a person, a webhook or the operator gets, through the public functions. */

const NOON = Date.UTC(2026, 0, 22, 12);
const EMAIL = "kim@example.com";
const BEARER = { headers: { Authorization: "Bearer header.payload.signature" } };

eachTestAt(NOON);
beforeEach(() => {
  vi.stubEnv("WORKOS_WEBHOOK_SECRET", "whsec_test");
  vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
});

type Profile = {
  email?: unknown;
  email_verified?: unknown;
  first_name?: string;
  updated_at?: string;
};

/** Stubs WorkOS with these profiles, by user id; returns the requests it received. */
function stubWorkos(profiles: { [id: string]: Profile | "down" }): string[] {
  vi.stubEnv("WORKOS_API_KEY", "sk_test");
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string | URL) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    const id = pathname.split("/").at(-1) ?? "";
    const profile = profiles[id];
    if (profile === "down") return Promise.resolve(Response.json({}, { status: 503 }));
    if (profile === undefined) return Promise.resolve(Response.json({}, { status: 404 }));
    return Promise.resolve(Response.json({ object: "user", id, ...profile }));
  });
  return asked;
}

async function sendWebhook(t: Deployment, data: Profile & { id: string }, createdAt?: string) {
  const event = { id: "event_1", event: "user.updated", data, created_at: createdAt };
  const body = JSON.stringify(event);
  const headers = { "WorkOS-Signature": await workosSignature(body) };
  expect((await t.fetch("/webhooks/workos", { method: "POST", headers, body })).status).toBe(200);
}

const join = (t: Deployment, id: string, claims = {}) =>
  fromWorkos(t, id, claims).mutation(api.users.getOrCreate, {});
const makeKey = (t: Deployment, email = EMAIL) =>
  t.mutation(internal.users.createWithApiKey, { email });

describe("a stranger who claims an address before its owner arrives", () => {
  test.each<[string, (t: Deployment) => Promise<unknown>]>([
    ["by a token", (t) => join(t, "user_evil", { email: EMAIL, emailVerified: false })],
    ["by a token without a word", (t) => join(t, "user_evil", { email: EMAIL })],
    [
      "by a token with a text",
      (t) => join(t, "user_evil", { email: EMAIL, emailVerified: "false" }),
    ],
    [
      "by the profile",
      async (t) => {
        stubWorkos({ user_evil: { email: EMAIL, email_verified: false } });
        await join(t, "user_evil");
        await settle(t);
      },
    ],
    [
      "by a profile with a text",
      async (t) => {
        stubWorkos({ user_evil: { email: EMAIL, email_verified: "false" } });
        await join(t, "user_evil");
        await settle(t);
      },
    ],
    [
      "by a webhook",
      async (t) => {
        await join(t, "user_evil", { email: "evil@example.com", emailVerified: true });
        await sendWebhook(t, { id: "user_evil", email: EMAIL, email_verified: false });
      },
    ],
    [
      "by a row of version 1",
      async (t) => {
        await t.run(({ db }) => db.insert("users", { workosId: "user_evil", email: EMAIL }));
      },
    ],
  ])("%s gets neither the operator's key nor the owner's sign-in", async (_, claim) => {
    const t = deployment();
    await claim(t);
    const [evil] = await rows(t, "users");
    const { userId, apiKey } = await makeKey(t);
    expect(userId).not.toBe(evil?._id);
    const owner = await join(t, "user_01", { email: EMAIL, emailVerified: true });
    expect(owner).toBe(userId);
    const headers = { Authorization: `Bearer ${apiKey}` };
    await t.fetch("/sync/session", { method: "POST", headers, body: '{"externalId":"s1"}' });
    expect(await rows(t, "sessions")).toMatchObject([{ userId }]);
    expect(await t.mutation(internal.users.revokeKeys, { email: EMAIL })).toBe(1);
  });
});

describe("an account made from the command line", () => {
  test.each<[string, unknown, boolean]>([
    ["KIM@EXAMPLE.com", true, true],
    [EMAIL, "true", false],
    [EMAIL, "false", false],
    [EMAIL, false, false],
    [EMAIL, undefined, false],
    ["\u212Aim@example.com", true, false],
    ["\uFEFFkim@example.com", true, false],
  ])("is taken over by %j with verification %j: %s", async (email, emailVerified, isTaken) => {
    const t = deployment();
    const { userId } = await makeKey(t);
    expect((await join(t, "user_01", { email, emailVerified })) === userId).toBe(isTaken);
  });

  test("is found by its address even after 15 unverified rows of version 1 with that address", async () => {
    const t = deployment();
    await t.run(async ({ db }) => {
      for (let i = 0; i < 15; i++)
        await db.insert("users", { workosId: `evil_${i}`, email: EMAIL });
    });
    const { userId } = await makeKey(t);
    expect((await makeKey(t)).userId).toBe(userId);
    expect(await join(t, "user_01", { email: EMAIL, emailVerified: true })).toBe(userId);
  });

  describe("whose owner comes with a token without an address", () => {
    const profile = { email: EMAIL, email_verified: true, first_name: "Kim" };

    test.each<[string, (t: Deployment) => Promise<unknown>]>([
      ["first over HTTP, reading", (t) => fromWorkos(t, "user_01").fetch("/api/sessions", BEARER)],
      [
        "first over HTTP, writing",
        (t) =>
          fromWorkos(t, "user_01").fetch("/sync/session", {
            ...BEARER,
            method: "POST",
            body: JSON.stringify({ externalId: "mine" }),
          }),
      ],
      ["first in the dashboard", (t) => join(t, "user_01")],
      [
        "first in the dashboard, where they create keys",
        async (t) => {
          await fromWorkos(t, "user_01").mutation(api.users.generateApiKey, {});
          await fromWorkos(t, "user_01").mutation(api.apiKeys.create, { name: "laptop" });
          await fromWorkos(t, "user_01").mutation(api.users.updateEnabledAgents, {
            enabledAgents: ["pi"],
          });
        },
      ],
    ])("stays one account: %s", async (_, arrive) => {
      stubWorkos({ user_01: profile });
      const t = deployment();
      const kim = await person(t, EMAIL);
      await kim.post("/sync/batch", conversation("s1", ["a", "b"]));
      await arrive(t);
      await settle(t);
      expect(await rows(t, "users")).toMatchObject([{ _id: kim.userId, workosId: "user_01" }]);
      const { sessions } = await read<{ sessions: { externalId: string }[] }>(
        fromWorkos(t, "user_01").fetch("/api/sessions", BEARER),
      );
      expect(sessions.map(({ externalId }) => externalId)).toContain("s1");
      for (const { userId } of await rows(t, "sessions")) expect(userId).toBe(kim.userId);
      for (const { userId } of await rows(t, "apiLogs")) expect(userId).toBe(kim.userId);
      for (const { userId } of await rows(t, "apiKeys")) expect(userId).toBe(kim.userId);
      expect(await fromWorkos(t, "user_01").query(api.users.me, {})).toMatchObject({
        email: EMAIL,
        hasApiKey: true,
      });
      expect((await kim.get("/api/sessions")).status).toBe(200);
    });

    test("keys created in the empty account keep working after the merge", async () => {
      stubWorkos({ user_01: profile });
      const t = deployment();
      const kim = await person(t, EMAIL);
      const first = await fromWorkos(t, "user_01").mutation(api.users.generateApiKey, {});
      const { key } = await fromWorkos(t, "user_01").mutation(api.apiKeys.create, {});
      const empty = (await rows(t, "users")).find(({ workosId }) => workosId === "user_01");
      if (empty === undefined) throw new Error("The first sight of user_01 made no account");
      const session = { userId: empty._id, expirationTime: Date.now() + 60_000 };
      await t.run((ctx) => ctx.db.insert("authSessions", session));
      await settle(t);
      for (const apiKey of [kim.apiKey, first, key]) {
        const headers = { Authorization: `Bearer ${apiKey}` };
        expect((await t.fetch("/api/sessions", { headers })).status).toBe(200);
      }
      expect(await kim.dashboard.query(api.apiKeys.list, {})).toHaveLength(3);
      expect(await rows(t, "authSessions")).toMatchObject([{ userId: kim.userId }]);
    });

    test("everything else of the empty account moves too, and nothing refers to it afterwards", async () => {
      stubWorkos({ user_01: profile });
      const t = deployment();
      const kim = await person(t, EMAIL);
      await kim.dashboard.mutation(api.users.updateEnabledAgents, { enabledAgents: ["pi"] });
      await fromWorkos(t, "user_01").mutation(api.users.generateApiKey, {});
      const empty = (await rows(t, "users")).find(({ workosId }) => workosId === "user_01");
      const userId = empty?._id ?? expect.fail();
      const progress = { sessions: 0, messages: 0, parts: 0, apiLogs: 0 };
      await t.run(async ({ db }) => {
        await db.patch("users", userId, { enabledAgents: ["claude-code"], timeZone: "Asia/Tokyo" });
        const browser = { kind: "browser" as const, hash: "h", label: "Firefox" };
        await db.insert("browserSessions", { ...browser, userId, expiresAt: NOON + 1 });
        await db.insert("authAccounts", { userId, provider: "other", providerAccountId: "kim" });
        const line = { endpoint: "/x", method: "GET", statusCode: 200, durationMs: 1 };
        for (let n = 0; n < 3; n++) await db.insert("apiLogs", { ...line, requestId: "r", userId });
        await db.insert("deletions", {
          ...{ userId, scope: "data" as const, status: "completed" as const },
          ...{ startedAt: NOON, updatedAt: NOON },
          progress: { ...progress, sessionEmbeddings: 0, messageEmbeddings: 0 },
        });
      });
      await settle(t);
      const all = await allRows(t);
      const referring = Object.keys(all).filter((table) =>
        JSON.stringify(all[table]).includes(userId),
      );
      expect(referring).toEqual([]);
      const moved = (await rows(t, "apiLogs")).filter(({ endpoint }) => endpoint === "/x");
      expect(moved.map((line) => line.userId)).toEqual(Array(3).fill(kim.userId));
      const links = (await rows(t, "authAccounts")).filter(({ provider }) => provider === "other");
      expect(links).toMatchObject([{ userId: kim.userId }]);
      expect(await rows(t, "browserSessions")).toMatchObject([{ userId: kim.userId }]);
      expect(await rows(t, "users")).toMatchObject([
        { enabledAgents: ["pi"], timeZone: "Asia/Tokyo" },
      ]);
    });

    test("an account whose owner deleted its only session stays, so that no plugin brings that back", async () => {
      const t = deployment();
      const { userId, token } = {
        userId: await join(t, "user_01"),
        token: fromWorkos(t, "user_01"),
      };
      const send = () =>
        token.fetch("/sync/session", {
          ...BEARER,
          method: "POST",
          body: JSON.stringify({ externalId: "mine" }),
        });
      await send();
      await token.fetch("/api/sessions/mine", { ...BEARER, method: "DELETE" });
      await settle(t);
      await person(t, EMAIL);
      await join(t, "user_01", { email: EMAIL, emailVerified: true });
      await settle(t);
      expect(await read(send())).toMatchObject({ deleted: true });
      expect(await t.run(({ db }) => db.get("users", userId))).not.toBeNull();
    });

    test("an account with a deletion to finish is not empty: it stays, and is finished", async () => {
      stubWorkos({ user_01: profile });
      const t = deployment();
      await person(t, EMAIL);
      await join(t, "user_01");
      const own = (await rows(t, "users")).find(({ workosId }) => workosId === "user_01");
      const userId = own?._id ?? expect.fail();
      await t.run(async ({ db }) => {
        const [other = expect.fail()] = (await db.query("users").collect()).filter(
          ({ workosId }) => workosId === undefined,
        );
        const times = { createdAt: NOON, updatedAt: NOON, changedAt: NOON };
        const plain = { source: "pi", sourceIsExplicit: true, announced: true, reported: [] };
        const session = { ...times, ...plain, messageCount: 0, isPublic: false, externalId: "x" };
        const sessionId = await db.insert("sessions", { ...session, userId: other._id });
        await db.insert("purges", { userId, sessionId, updatedAt: NOON });
      });
      await settle(t);
      expect((await rows(t, "users")).map(({ _id }) => _id)).toContain(userId);
    });

    test("no second account is created over HTTP while WorkOS does not answer", async () => {
      const profiles: { [id: string]: Profile | "down" } = { user_01: "down" };
      stubWorkos(profiles);
      vi.spyOn(console, "error").mockImplementation(() => undefined);
      const t = deployment();
      const kim = await person(t, EMAIL);
      const answer = await fromWorkos(t, "user_01").fetch("/api/sessions", BEARER);
      expect(answer.status).toBe(503);
      expect(await rows(t, "users")).toHaveLength(1);
      profiles.user_01 = profile;
      expect((await fromWorkos(t, "user_01").fetch("/api/sessions", BEARER)).status).toBe(200);
      expect(await rows(t, "users")).toMatchObject([{ _id: kim.userId }]);
    });

    test("an account that already has data takes over an empty one, with its key", async () => {
      stubWorkos({ user_01: profile });
      const t = deployment();
      const own = await join(t, "user_01");
      const key = await fromWorkos(t, "user_01").mutation(api.users.generateApiKey, {});
      const headers = { Authorization: `Bearer ${key}` };
      const body = JSON.stringify({ externalId: "mine" });
      await t.fetch("/sync/session", { method: "POST", headers, body });
      const made = await makeKey(t);
      await settle(t);
      expect(made.userId).not.toBe(own);
      expect(await rows(t, "users")).toMatchObject([{ _id: own, email: EMAIL }]);
      expect(await rows(t, "sessions")).toMatchObject([{ userId: own }]);
      const given = { headers: { Authorization: `Bearer ${made.apiKey}` } };
      const { sessions } = await read<{ sessions: object[] }>(
        t.fetch("/api/sessions?include_empty=true", given),
      );
      expect(sessions).toMatchObject([{ externalId: "mine" }]);
    });

    test("two accounts with data are not mixed, and neither loses anything", async () => {
      stubWorkos({ user_01: profile });
      const t = deployment();
      const own = await join(t, "user_01");
      const key = await fromWorkos(t, "user_01").mutation(api.users.generateApiKey, {});
      const kim = await person(t, EMAIL);
      for (const apiKey of [key, kim.apiKey]) {
        const headers = { Authorization: `Bearer ${apiKey}` };
        const body = JSON.stringify({ externalId: "mine" });
        await t.fetch("/sync/session", { method: "POST", headers, body });
      }
      await settle(t);
      expect(await rows(t, "users")).toHaveLength(2);
      const owners = (await rows(t, "sessions")).map(({ userId }) => userId);
      expect(new Set(owners)).toEqual(new Set([own, kim.userId]));
    });
  });
});

describe("the address of an account", () => {
  const row = async (t: Deployment) => (await rows(t, "users"))[0];

  test("loses its verification when it changes to an unverified one, and gains it again", async () => {
    const t = deployment();
    await join(t, "user_01", { email: EMAIL, emailVerified: true });
    expect(await row(t)).toMatchObject({ email: EMAIL, emailVerificationTime: NOON });
    const changed = { id: "user_01", email: "New@Example.com", email_verified: false };
    await sendWebhook(t, changed);
    expect(await row(t)).not.toHaveProperty("emailVerificationTime");
    expect(await row(t)).not.toHaveProperty("email");
    const me = () => fromWorkos(t, "user_01").query(api.users.me, {});
    expect(await me()).toMatchObject({ email: "new@example.com" });
    vi.setSystemTime(NOON + 5_000);
    await sendWebhook(t, { ...changed, email_verified: true });
    expect(await row(t)).toMatchObject({
      email: "new@example.com",
      emailVerificationTime: NOON + 5_000,
    });
    expect(await row(t)).not.toHaveProperty("unverifiedEmail");
  });

  test("gets a new time of verification when it changes to another verified address", async () => {
    const t = deployment();
    await join(t, "user_01", { email: EMAIL, emailVerified: true });
    vi.setSystemTime(NOON + 5_000);
    await sendWebhook(t, { id: "user_01", email: "b@example.com", email_verified: true });
    expect(await row(t)).toMatchObject({
      email: "b@example.com",
      emailVerificationTime: NOON + 5_000,
    });
  });

  test("is not reverted by an older webhook or by a token from before the change", async () => {
    const t = deployment();
    await join(t, "user_01", { email: EMAIL, emailVerified: true, name: "Old" });
    const at = (updated_at: string, email: string, first_name: string) =>
      sendWebhook(t, { id: "user_01", email, email_verified: true, first_name, updated_at });
    await at("2026-01-20T10:00:00.000Z", "b@example.com", "B");
    await at("2026-01-21T10:00:00.000Z", "c@example.com", "C");
    await at("2026-01-20T10:00:00.000Z", "b@example.com", "B");
    expect(await row(t)).toMatchObject({ email: "c@example.com", name: "C" });
    await join(t, "user_01", { email: EMAIL, emailVerified: true, name: "Old" });
    expect(await row(t)).toMatchObject({ email: "c@example.com", name: "C" });
    await at("2026-01-21T10:00:00.001Z", "d@example.com", "D");
    expect(await row(t)).toMatchObject({ email: "d@example.com", name: "D" });
  });

  test("uses the time of the event if the profile has no time", async () => {
    const t = deployment();
    await join(t, "user_01");
    const at = (createdAt: string, email: string) =>
      sendWebhook(t, { id: "user_01", email, email_verified: true }, createdAt);
    await at("2026-01-21T10:00:00.000Z", "b@example.com");
    await at("2026-01-20T10:00:00.000Z", "a@example.com");
    expect(await row(t)).toMatchObject({ email: "b@example.com" });
  });
});

describe("the command line", () => {
  test("refuses an address of several accounts, and accepts the id of one of them", async () => {
    const t = deployment();
    const { userId: first } = await makeKey(t);
    const second = await t.run(({ db }) =>
      db.insert("users", { workosId: "user_02", email: EMAIL, emailVerificationTime: NOON }),
    );
    const before = await rows(t, "users");
    const calls = (userId?: typeof first) => {
      const named = { email: EMAIL, ...(userId ? { userId } : {}) };
      return [
        () => t.mutation(internal.users.createWithApiKey, named),
        () => t.mutation(internal.users.revokeKeys, named),
        () => t.mutation(internal.users.remove, { ...named, scope: "data" }),
      ] as const;
    };
    for (const call of calls()) {
      await expect(call()).rejects.toThrow(`add the userId of one: ${first}, ${second}`);
    }
    expect(await rows(t, "users")).toEqual(before);
    for (const call of calls(second)) await call();
    expect((await rows(t, "users"))[0]).toEqual(before[0]);
  });

  test("finds an account without a verified address only by its id", async () => {
    const t = deployment();
    const userId = await join(t, "user_01", { email: EMAIL });
    const remove = (named: object) =>
      t.mutation(internal.users.remove, { scope: "account", ...named });
    await expect(remove({ email: EMAIL })).rejects.toThrow("User not found");
    await expect(remove({})).rejects.toThrow("INVALID_REQUEST");
    await expect(remove({ userId, email: "other@example.com" })).rejects.toThrow("not found");
    expect(await remove({ userId })).toEqual({ started: true });
    await settle(t);
    expect(await rows(t, "users")).toEqual([]);
  });
});

test("signing in to an account that is being deleted creates no session", async () => {
  const t = deployment();
  await join(t, "user_01", { email: EMAIL, emailVerified: true });
  await fromWorkos(t, "user_01").action(api.users.deleteAccount, {});
  const profile = { workosId: "user_01", email: EMAIL, emailVerified: true };
  await expect(t.mutation(internal.users.ensureFromWorkos, { profile })).rejects.toThrow(
    "UNAUTHORIZED",
  );
});

test("a link to an account that no longer exists is changed to the person's new one", async () => {
  const t = deployment();
  const claims = { email: EMAIL, emailVerified: true };
  const first = await join(t, "user_01", claims);
  await t.run((ctx) => ctx.db.delete("users", first));
  const second = await join(t, "user_01", claims);
  expect(second).not.toBe(first);
  expect(await rows(t, "authAccounts")).toMatchObject([
    { providerAccountId: "user_01", userId: second },
  ]);
});

test("an address with more accounts than are read is decided by no one: nothing is created or taken over", async () => {
  const t = deployment();
  await t.run(async ({ db }) => {
    for (let i = 0; i < 205; i++) await db.insert("users", { workosId: `evil_${i}`, email: EMAIL });
  });
  await expect(makeKey(t)).rejects.toThrow("CONFLICT");
  expect(await rows(t, "users")).toHaveLength(205);
});
