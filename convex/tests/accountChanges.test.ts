import { RateLimiter } from "@convex-dev/rate-limiter";
import { describe, expect, test, vi } from "vitest";
import { api, components, internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import { sha256 } from "../lib/hash";
import { deployment, eachTestAt, fromWorkos, loseScheduled, person } from "../test.setup";
import { rows, settle, type Deployment } from "../test.setup";
import { workosSignature } from "./webhooks.fixture";

/** What changes in an account after it exists: its address, its links, its keys, and the rows that lead to it. */

const NOON = Date.UTC(2026, 0, 22, 12);
const DAY_MS = 86_400_000;
const EMAIL = "kim@example.com";
const CLAIMS = { email: EMAIL, emailVerified: true };

eachTestAt(NOON);

const join = (t: Deployment, id: string, claims = {}) =>
  fromWorkos(t, id, claims).mutation(api.users.getOrCreate, {});

/** Stubs WorkOS so that every request gets this status; returns the times of the requests. */
function stubWorkos(status: number): number[] {
  vi.stubEnv("WORKOS_API_KEY", "sk_test");
  vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const at: number[] = [];
  vi.stubGlobal("fetch", () => {
    at.push(Date.now());
    return Promise.resolve(Response.json({}, { status }));
  });
  return at;
}

test("an address that a later token brings is stored", async () => {
  const t = deployment();
  await join(t, "user_01");
  await join(t, "user_01", { ...CLAIMS, name: "Kim" });
  expect(await rows(t, "users")).toMatchObject([{ email: EMAIL, name: "Kim" }]);
});

test.each([undefined, "true", "false", 1])(
  "an address that a webhook calls %j and not verified is not stored as verified",
  async (email_verified) => {
    vi.stubEnv("WORKOS_WEBHOOK_SECRET", "whsec_test");
    vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
    const t = deployment();
    await join(t, "user_01");
    const data = { id: "user_01", email: EMAIL, email_verified };
    const body = JSON.stringify({ id: "event_1", event: "user.updated", data });
    const headers = { "WorkOS-Signature": await workosSignature(body) };
    await t.fetch("/webhooks/workos", { method: "POST", headers, body });
    const [user] = await rows(t, "users");
    expect(user).toMatchObject({ unverifiedEmail: EMAIL });
    expect(user).not.toHaveProperty("email");
  },
);

test("of two profiles with one time the one that arrives last is stored", async () => {
  vi.stubEnv("WORKOS_WEBHOOK_SECRET", "whsec_test");
  vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
  const t = deployment();
  await join(t, "user_01");
  for (const name of ["First", "Second"]) {
    const updated_at = "2026-01-20T10:00:00.000Z";
    const data = { id: "user_01", email: EMAIL, email_verified: true, first_name: name };
    const body = JSON.stringify({
      id: "event_1",
      event: "user.updated",
      data: { ...data, updated_at },
    });
    const headers = { "WorkOS-Signature": await workosSignature(body) };
    await t.fetch("/webhooks/workos", { method: "POST", headers, body });
  }
  expect(await rows(t, "users")).toMatchObject([{ name: "Second" }]);
});

test("two accounts of one address become one as soon as one of them has no data any more", async () => {
  const t = deployment();
  const kim = await person(t, EMAIL);
  await kim.post("/sync/session", { externalId: "made for the command line" });
  const own = await join(t, "user_01");
  const key = await fromWorkos(t, "user_01").mutation(api.users.generateApiKey, {});
  const headers = { Authorization: `Bearer ${key}` };
  const body = '{"externalId":"mine"}';
  await t.fetch("/sync/session", { method: "POST", headers, body });
  await join(t, "user_01", CLAIMS);
  expect(await rows(t, "users")).toHaveLength(2);
  vi.setSystemTime(NOON + 1_000);
  const named = { email: EMAIL, userId: kim.userId };
  await t.mutation(internal.users.remove, { ...named, scope: "data" });
  await settle(t);
  expect(await join(t, "user_01", CLAIMS)).toBe(own);
  expect(await rows(t, "users")).toMatchObject([{ _id: own, email: EMAIL }]);
  expect((await kim.get("/api/sessions")).status).toBe(200);
});

test("the key of an empty account keeps its times when it moves, and its tools fill an empty list", async () => {
  const t = deployment();
  const kim = await person(t, EMAIL);
  await kim.post("/sync/session", { externalId: "s" });
  await join(t, "user_01");
  vi.setSystemTime(NOON + 60_000);
  const own = fromWorkos(t, "user_01");
  const key = await own.mutation(api.users.generateApiKey, {});
  await own.mutation(api.users.updateEnabledAgents, { enabledAgents: ["pi"] });
  vi.setSystemTime(NOON + 120_000);
  await t.fetch("/api/sessions", { headers: { Authorization: `Bearer ${key}` } });
  vi.setSystemTime(NOON + 180_000);
  expect(await join(t, "user_01", CLAIMS)).toBe(kim.userId);
  expect(await kim.dashboard.query(api.apiKeys.list, {})).toMatchObject([
    { id: "first", createdAt: NOON },
    { createdAt: NOON + 60_000, lastUsedAt: NOON + 120_000 },
  ]);
  expect((await rows(t, "users"))[0]?.enabledAgents).toEqual(["pi"]);
});

test("a token that could create no account, or needs no profile, causes no request to WorkOS", async () => {
  const asked = stubWorkos(503);
  const t = deployment();
  const bearer = { headers: { Authorization: "Bearer header.payload.signature" } };
  expect((await fromWorkos(t, "user_02", CLAIMS).fetch("/api/sessions", bearer)).status).toBe(200);
  await fromWorkos(t, "user_02").action(api.users.deleteAccount, {});
  for (let step = 0; step < 3; step++) {
    await t.mutation(internal.deletion.step, { userId: (await rows(t, "users"))[0]?._id as never });
    if ((await rows(t, "users")).length === 0) break;
  }
  await loseScheduled(t);
  expect(await rows(t, "users")).toEqual([]);
  expect((await fromWorkos(t, "user_02").fetch("/api/sessions", bearer)).status).toBe(401);
  expect(asked).toEqual([]);
});

test("an account is found by its own row if a link leads to one that is gone", async () => {
  const t = deployment();
  const { userId: gone } = await person(t, "gone@example.com");
  await t.run(async ({ db }) => {
    const link = { provider: "workos", providerAccountId: "user_01" };
    await db.insert("authAccounts", { ...link, userId: gone });
    await db.delete("users", gone);
    await db.insert("users", { workosId: "user_01", name: "Kim" });
  });
  const me = await fromWorkos(t, "user_01").query(api.users.me, {});
  expect(me).toMatchObject({ name: "Kim" });
});

test("an account that version 1 deleted is not created again by an old token on that day", async () => {
  const t = deployment();
  const limiter = new RateLimiter(components.rateLimiter);
  const config = { kind: "token bucket" as const, rate: 1, period: DAY_MS, capacity: 1 };
  const key = await sha256("user_01");
  await t.run((ctx) => limiter.limit(ctx, "deletedAccount", { key, config }));
  await expect(join(t, "user_01", CLAIMS)).rejects.toThrow("UNAUTHORIZED");
  expect(await rows(t, "users")).toEqual([]);
  vi.setSystemTime(NOON + DAY_MS);
  await join(t, "user_01", CLAIMS);
  expect(await rows(t, "users")).toHaveLength(1);
});

describe("an account that somebody else's verified address would lead to", () => {
  const line = { endpoint: "/x", method: "GET", requestId: "r", statusCode: 200, durationMs: 1 };

  /** The number of accounts after the owner of both comes, of which the second has `fill`ed something. */
  async function accountsAfter(fill: (t: Deployment, own: Id<"users">) => Promise<unknown>) {
    const t = deployment();
    const kim = await person(t, EMAIL);
    await kim.post("/sync/session", { externalId: "s" });
    await fill(t, await join(t, "user_01"));
    await join(t, "user_01", CLAIMS);
    return (await rows(t, "users")).length;
  }

  test("stays if it has a day in its statistics, and is merged if it has nothing", async () => {
    const day = (t: Deployment, userId: Id<"users">) =>
      t.run(({ db }) => db.insert("dailyWrapped", { userId, date: "2026-01-01", stats: {} }));
    expect(await accountsAfter(day)).toBe(2);
    expect(await accountsAfter(() => Promise.resolve())).toBe(1);
  });

  test("is merged with as many log lines as a merge moves, and stays with one more", async () => {
    const logged = (count: number) => (t: Deployment, userId: Id<"users">) =>
      t.run(async ({ db }) => {
        for (let n = 0; n < count; n++) await db.insert("apiLogs", { ...line, userId });
      });
    expect(await accountsAfter(logged(200))).toBe(1);
    expect(await accountsAfter(logged(201))).toBe(2);
  });
});

describe("while WorkOS does not answer", () => {
  test("a profile is asked for again with growing delays, for two days at most", async () => {
    const asked = stubWorkos(503);
    const t = deployment();
    await join(t, "user_01");
    for (let run = 0; run < 8; run++) {
      vi.runOnlyPendingTimers();
      await t.finishInProgressScheduledFunctions();
    }
    const delays = asked.slice(1).map((at, n) => Math.round((at - (asked[n] ?? 0)) / 60_000));
    expect(delays).toEqual([1, 10, 60, 360, 1_440]);
    expect(await rows(t, "users")).toHaveLength(1);
  });

  test("or refuses for a while, a sign-in is refused as temporary, and not as a wrong code", async () => {
    const t = deployment();
    for (const status of [429, 500]) {
      stubWorkos(status);
      const signIn = t.action(internal.workos.exchangeCode, { code: "c" });
      await expect(signIn).rejects.toThrow("UNAVAILABLE");
    }
    stubWorkos(400);
    const refused = t.action(internal.workos.exchangeCode, { code: "c" });
    await expect(refused).rejects.toThrow("UNAUTHORIZED");
  });
});

test("the name of a key and that of a browser are cut where they are too long for a list", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.dashboard.mutation(api.apiKeys.create, { name: "k".repeat(500) });
  const browser = { hash: await sha256(ada.apiKey), label: "b".repeat(500) };
  await t.mutation(internal.browserSessions.signInWithKey, browser);
  expect((await rows(t, "apiKeys"))[0]?.name?.length).toBeLessThanOrEqual(100);
  expect((await rows(t, "browserSessions"))[0]?.label.length).toBeLessThanOrEqual(120);
});

test("only a key that exists can be replaced, and a list of tools has at most a hundred", async () => {
  const t = deployment();
  const { dashboard } = await person(t);
  await dashboard.mutation(api.users.revokeApiKey, {});
  const rotated = dashboard.mutation(api.apiKeys.rotate, { id: "first" });
  await expect(rotated).rejects.toThrow("not found");
  const enabledAgents = Array.from({ length: 150 }, (_, n) => `tool-${n}`);
  await dashboard.mutation(api.users.updateEnabledAgents, { enabledAgents });
  expect((await rows(t, "users"))[0]).toMatchObject({ enabledAgents: { length: 100 } });
  expect((await rows(t, "users"))[0]).not.toHaveProperty("apiKey");
});

test("signed-in browsers are listed newest first, without those that are over, and one's own is marked", async () => {
  const t = deployment();
  const ada = await person(t);
  const hash = await sha256(ada.apiKey);
  const tokens: string[] = [];
  for (const [day, label] of ["old", "middle", "new"].entries()) {
    vi.setSystemTime(NOON + day * DAY_MS);
    const token = await t.mutation(internal.browserSessions.signInWithKey, { hash, label });
    tokens.push(token ?? expect.fail());
  }
  vi.setSystemTime(NOON + 30 * DAY_MS + 1);
  const caller = { kind: "key" as const, hash, prefix: "osk_" };
  const current = await sha256(tokens[1] ?? "");
  const listed = await t.query(internal.browserSessions.list, { caller, current });
  expect(listed.map(({ label, isCurrent }) => [label, isCurrent])).toEqual([
    ["new", false],
    ["middle", true],
  ]);
});

test("links to pictures stay the same when they are allowed again, and change when they were ended", async () => {
  const t = deployment();
  const ada = await person(t);
  const slug = async () => (await rows(t, "users"))[0]?.pictureSlug;
  const caller = { kind: "key" as const, hash: await sha256(ada.apiKey), prefix: "osk_" };
  const allow = (areAllowed: boolean) =>
    t.mutation(internal.wrapped.setLinks, { caller, areAllowed });
  await allow(true);
  const first = await slug();
  await allow(true);
  expect(await slug()).toBe(first);
  await allow(false);
  expect(await slug()).toBeUndefined();
  await allow(true);
  expect(await slug()).not.toBe(first);
});

test("the command line adds the first key of an account without keys, and then further ones", async () => {
  const t = deployment();
  const userId = await join(t, "user_01", CLAIMS);
  const named = { email: EMAIL, userId, add: true };
  const keys = async () => (await t.query(internal.users.listKeys, { userId }))[0]?.keys;
  await t.mutation(internal.users.createWithApiKey, named);
  expect(await keys()).toMatchObject([{ id: "first" }]);
  await t.mutation(internal.users.createWithApiKey, { ...named, name: "laptop" });
  expect(await keys()).toMatchObject([{ id: "first" }, { name: "laptop" }]);
});

test("the command line refuses an address longer than any mail server accepts", async () => {
  const t = deployment();
  const make = (length: number) =>
    t.mutation(internal.users.createWithApiKey, { email: "@example.com".padStart(length, "a") });
  await expect(make(321)).rejects.toThrow("must be an e-mail address");
  await make(320);
  expect(await rows(t, "users")).toHaveLength(1);
});

test("the use of a further key is noted with that key, whichever of them it is, and again minutes later", async () => {
  const t = deployment();
  const ada = await person(t);
  const made = ["a", "b"].map((name) => ada.dashboard.mutation(api.apiKeys.create, { name }));
  const [, second = expect.fail()] = await Promise.all(made);
  const uses = async () =>
    (await ada.dashboard.query(api.apiKeys.list, {})).map(({ lastUsedAt }) => lastUsedAt);
  const headers = { Authorization: `Bearer ${second.key}` };
  const noted: unknown[] = [];
  for (const minute of [1, 5, 6]) {
    vi.setSystemTime(NOON + minute * 60_000);
    await t.fetch("/api/sessions", { headers });
    noted.push(await uses());
  }
  const at = (minute: number) => [undefined, undefined, NOON + minute * 60_000];
  expect(noted).toEqual([at(1), at(1), at(6)]);
});

test("the command line lists the keys of every user if it names none", async () => {
  const t = deployment();
  const emails = ["a@example.com", "b@example.com", "c@example.com"];
  for (const email of emails) await person(t, email);
  const listed = await t.query(internal.users.listKeys, {});
  expect(listed).toMatchObject(emails.map((email) => ({ email, keys: [{ id: "first" }] })));
});

test("a deletion that the cron has restarted counts as running again", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  await loseScheduled(t);
  vi.setSystemTime(NOON + 600_001);
  for (let call = 0; call < 8; call++) await t.mutation(internal.deletion.resumeStalled, {});
  const jobs = await t.run(({ db }) => db.system.query("_scheduled_functions").collect());
  expect(jobs.filter(({ state }) => state.kind === "pending")).toHaveLength(1);
  const me = await ada.dashboard.query(api.users.me, {});
  expect(me).toMatchObject({ deletionStatus: "pending" });
});
