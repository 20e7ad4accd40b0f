import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import { allRows, conversation, deployment, eachTestAt, fromWorkos, person } from "../test.setup";
import { rows, settle, type Deployment } from "../test.setup";

const NOON = Date.UTC(2026, 0, 22, 12);

eachTestAt(NOON);

/** The status of a request made with this key. */
async function statusWith(t: Deployment, key: string): Promise<number> {
  const headers = { Authorization: `Bearer ${key}` };
  return (await t.fetch("/api/sessions", { headers })).status;
}

describe("the row of a person from WorkOS", () => {
  test("is created by the first authenticated mutation, whichever it is", async () => {
    const t = deployment();
    await fromWorkos(t, "user_01").mutation(api.users.updateEnabledAgents, {
      enabledAgents: ["cursor", "pi", "cursor-sync", "claude-code"],
    });
    expect(await fromWorkos(t, "user_01").query(api.users.me, {})).toMatchObject({
      hasApiKey: false,
      enabledAgents: ["cursor-sync", "pi", "claude-code"],
    });
  });

  test("is also created by the first HTTP request, reading or writing", async () => {
    const t = deployment();
    const list = await fromWorkos(t, "user_01").fetch("/api/sessions", bearer);
    expect(list.status).toBe(200);
    const sent = await fromWorkos(t, "user_02").fetch("/sync/session", {
      ...bearer,
      method: "POST",
      body: JSON.stringify({ externalId: "s1" }),
    });
    expect(sent.status).toBe(200);
    const workosIds = (await rows(t, "users")).map(({ workosId }) => workosId);
    expect(workosIds).toEqual(["user_01", "user_02"]);
  });

  test("is one row for both issuers of AuthKit, however often the person signs in", async () => {
    const t = deployment();
    const shared = { issuer: "https://api.workos.com/", subject: "user_01" };
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      ids.add(await fromWorkos(t, "user_01").mutation(api.users.getOrCreate, {}));
      ids.add(await t.withIdentity(shared).mutation(api.users.getOrCreate, {}));
    }
    expect(ids.size).toBe(1);
  });

  test("keeps e-mail and name when a later token has no claims", async () => {
    const t = deployment();
    const claims = { email: "ada@example.com", name: "Ada" };
    await fromWorkos(t, "user_01", claims).mutation(api.users.getOrCreate, {});
    await fromWorkos(t, "user_01").mutation(api.users.getOrCreate, {});
    expect(await fromWorkos(t, "user_01").query(api.users.me, {})).toMatchObject(claims);
  });

  test("takes over a user created from the command line only for a verified address", async () => {
    const t = deployment();
    const ada = await person(t, "ada@example.com");
    const join = (subject: string, emailVerified: boolean) =>
      fromWorkos(t, subject, { email: "ada@example.com", emailVerified }).mutation(
        api.users.getOrCreate,
        {},
      );
    expect(await join("user_02", false)).not.toBe(ada.userId);
    expect(await join("user_01", true)).toBe(ada.userId);
    expect(await join("user_03", true)).not.toBe(ada.userId);
  });

  test("gets e-mail and name from WorkOS when the token has none", async () => {
    vi.stubEnv("WORKOS_API_KEY", "sk_test");
    vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
    const asked: string[] = [];
    vi.stubGlobal("fetch", (url: string | URL) => {
      asked.push(String(url));
      return Promise.resolve(
        Response.json({
          object: "user",
          id: "user_01",
          email: "ada@example.com",
          email_verified: true,
          first_name: "Ada",
          last_name: "Lovelace",
        }),
      );
    });
    const t = deployment();
    await fromWorkos(t, "user_01").mutation(api.users.getOrCreate, {});
    await settle(t);
    expect(asked).toEqual(["https://api.workos.com/user_management/users/user_01"]);
    expect(await fromWorkos(t, "user_01").query(api.users.me, {})).toMatchObject({
      email: "ada@example.com",
      name: "Ada Lovelace",
    });
  });

  test.each([
    "https://evil.example",
    "https://api.workos.com.evil.example/",
    "https://api.workos.com/client_1",
  ])("is never made for an issuer that is not WorkOS: %s", async (issuer) => {
    const t = deployment();
    const stranger = t.withIdentity({ issuer, subject: "user_01" });
    await expect(stranger.mutation(api.users.getOrCreate, {})).rejects.toThrow("UNAUTHORIZED");
    expect((await stranger.fetch("/api/sessions", bearer)).status).toBe(401);
    expect(await rows(t, "users")).toEqual([]);
  });

  test("is not found by a token with the same subject from another issuer", async () => {
    const t = deployment();
    await fromWorkos(t, "user_01", { name: "Ada" }).mutation(api.users.getOrCreate, {});
    const stranger = t.withIdentity({ issuer: "https://evil.example", subject: "user_01" });
    expect(await stranger.query(api.users.me, {})).toBeNull();
    expect((await stranger.fetch("/api/sessions", bearer)).status).toBe(401);
    await expect(stranger.mutation(api.users.generateApiKey, {})).rejects.toThrow("UNAUTHORIZED");
  });
});

const bearer = { headers: { Authorization: "Bearer header.payload.signature" } };

describe("API keys", () => {
  test("a key is shown once, stored as a hash, and is in no other answer, row or log", async () => {
    const t = deployment();
    const logged = vi.spyOn(console, "log");
    const ada = await person(t);
    const me = ada.dashboard;
    const first = await me.mutation(api.users.generateApiKey, {});
    const { key } = await me.mutation(api.apiKeys.create, { name: "laptop" });
    for (const secret of [first, key]) {
      expect(secret).toMatch(/^osk_[A-Za-z0-9_-]{32}$/);
      expect(await statusWith(t, secret)).toBe(200);
    }
    const everything = JSON.stringify([
      await allRows(t),
      await me.query(api.users.me, {}),
      await me.query(api.apiKeys.list, {}),
      logged.mock.calls,
    ]);
    for (const secret of [first, key]) expect(everything).not.toContain(secret.slice(13));
  });

  test("the first key, replaced or revoked, stops working at once", async () => {
    const t = deployment();
    const ada = await person(t);
    const me = ada.dashboard;
    const key = await me.mutation(api.users.generateApiKey, {});
    expect([await statusWith(t, ada.apiKey), await statusWith(t, key)]).toEqual([401, 200]);
    await me.mutation(api.users.revokeApiKey, {});
    expect(await statusWith(t, key)).toBe(401);
    expect(await me.query(api.users.me, {})).toMatchObject({ hasApiKey: false });
  });

  test("several keys work at the same time, and each can be rotated or removed separately", async () => {
    const t = deployment();
    const ada = await person(t);
    const me = ada.dashboard;
    const status = (key: string) => statusWith(t, key);
    const laptop = await me.mutation(api.apiKeys.create, { name: "laptop" });
    const server = await me.mutation(api.apiKeys.create, {});
    expect([await status(ada.apiKey), await status(laptop.key), await status(server.key)]).toEqual([
      200, 200, 200,
    ]);
    const rotated = await me.mutation(api.apiKeys.rotate, { id: laptop.id });
    expect([await status(laptop.key), await status(rotated)]).toEqual([401, 200]);
    await me.mutation(api.apiKeys.remove, { id: server.id });
    expect([await status(server.key), await status(rotated)]).toEqual([401, 200]);
    await me.mutation(api.apiKeys.remove, { id: "first" });
    expect([await status(ada.apiKey), await status(rotated)]).toEqual([401, 200]);
    expect(await me.query(api.apiKeys.list, {})).toMatchObject([
      { id: laptop.id, name: "laptop", prefix: rotated.slice(0, 12) },
    ]);
  });

  test("are limited to fifty besides the first, and removing one makes room", async () => {
    const me = (await person(deployment())).dashboard;
    const made = [];
    for (let i = 0; i < 50; i++) made.push(await me.mutation(api.apiKeys.create, {}));
    await expect(me.mutation(api.apiKeys.create, {})).rejects.toThrow("at most 50");
    await me.mutation(api.apiKeys.remove, { id: made[7]?.id ?? "" });
    await me.mutation(api.apiKeys.create, {});
    expect(await me.query(api.apiKeys.list, {})).toHaveLength(51);
  });

  test("the list says when each key was last used, exact to five minutes", async () => {
    const t = deployment();
    const ada = await person(t);
    const me = ada.dashboard;
    const further = await me.mutation(api.apiKeys.create, { name: "laptop" });
    const lastUses = async () =>
      (await me.query(api.apiKeys.list, {})).map(({ lastUsedAt }) => lastUsedAt);
    expect(await lastUses()).toEqual([undefined, undefined]);
    await ada.get("/api/sessions");
    expect(await lastUses()).toEqual([NOON, undefined]);
    // A second use shortly after is not written.
    vi.setSystemTime(NOON + 299_000);
    await ada.get("/api/sessions");
    await statusWith(t, further.key);
    expect(await lastUses()).toEqual([NOON, NOON + 299_000]);
    vi.setSystemTime(NOON + 300_000);
    await ada.get("/api/sessions");
    await statusWith(t, further.key);
    expect(await lastUses()).toEqual([NOON + 300_000, NOON + 299_000]);
    await me.mutation(api.apiKeys.rotate, { id: further.id });
    expect(await lastUses()).toEqual([NOON + 300_000, undefined]);
  });

  test("another user's key is treated as missing", async () => {
    const t = deployment();
    const bob = await person(t, "bob@example.com");
    const { id, key } = await bob.dashboard.mutation(api.apiKeys.create, {});
    const ada = (await person(t)).dashboard;
    await expect(ada.mutation(api.apiKeys.rotate, { id })).rejects.toThrow("not found");
    await expect(ada.mutation(api.apiKeys.remove, { id })).rejects.toThrow("not found");
    await expect(ada.mutation(api.apiKeys.remove, { id: "nonsense" })).rejects.toThrow("not found");
    expect(await statusWith(t, key)).toBe(200);
  });

  test("the command line replaces the key of a known address", async () => {
    const t = deployment();
    const ada = await person(t);
    const again = await t.mutation(internal.users.createWithApiKey, { email: "ada@example.com" });
    expect(again.userId).toBe(ada.userId);
    expect([await statusWith(t, ada.apiKey), await statusWith(t, again.apiKey)]).toEqual([
      401, 200,
    ]);
  });
});

describe("from the command line", () => {
  test("revoking all keys of a user affects no one else", async () => {
    const t = deployment();
    const ada = await person(t);
    const bob = await person(t, "bob@example.com");
    const { key } = await ada.dashboard.mutation(api.apiKeys.create, { name: "laptop" });
    const revoke = () => t.mutation(internal.users.revokeKeys, { email: "ada@example.com" });
    expect(await revoke()).toBe(2);
    expect([await statusWith(t, ada.apiKey), await statusWith(t, key)]).toEqual([401, 401]);
    expect(await statusWith(t, bob.apiKey)).toBe(200);
    expect(await revoke()).toBe(0);
  });

  test.each(["data", "account"] as const)(
    "deleting a user's %s affects no one else",
    async (scope) => {
      const t = deployment();
      const ada = await person(t);
      const bob = await person(t, "bob@example.com");
      for (const who of [ada, bob]) await who.post("/sync/batch", conversation("s", ["hello"]));
      await settle(t);
      const remove = () => t.mutation(internal.users.remove, { email: "ada@example.com", scope });
      expect(await remove()).toEqual({ started: true });
      await settle(t);
      expect(await statusWith(t, ada.apiKey)).toBe(scope === "data" ? 200 : 401);
      expect(await rows(t, "sessions")).toMatchObject([{ userId: bob.userId }]);
      expect(await rows(t, "messages")).toMatchObject([{ userId: bob.userId }]);
      expect(await rows(t, "users")).toHaveLength(scope === "data" ? 2 : 1);
    },
  );

  test("spellings of an address are equal, on the command line and from WorkOS", async () => {
    const t = deployment();
    const make = (email: string) => t.mutation(internal.users.createWithApiKey, { email });
    const { userId } = await make("Ada@Example.com");
    const again = await make(" ada@example.COM");
    expect(again.userId).toBe(userId);
    const verified = { email: "ADA@example.com", emailVerified: true };
    const same = await fromWorkos(t, "user_01", verified).mutation(api.users.getOrCreate, {});
    expect(same).toBe(userId);
    expect(await rows(t, "users")).toMatchObject([{ email: "ada@example.com" }]);
    expect(await t.mutation(internal.users.revokeKeys, { email: "aDa@example.com " })).toBe(1);
    expect(await statusWith(t, again.apiKey)).toBe(401);
    for (const none of ["", "nonsense", "a b@example.com"]) {
      await expect(make(none)).rejects.toThrow("INVALID_REQUEST");
    }
    expect(await rows(t, "users")).toHaveLength(1);
  });

  test("an unknown address finds nobody, and a shared address alone finds none of its accounts", async () => {
    const t = deployment();
    const email = "ada@example.com";
    const remove = (named: { email: string; userId?: Id<"users"> }) =>
      t.mutation(internal.users.remove, { scope: "account", ...named });
    await expect(remove({ email })).rejects.toThrow("User not found");
    const claims = { email, emailVerified: true };
    const second = await fromWorkos(t, "user_01", claims).mutation(api.users.getOrCreate, {});
    // Version 1 could store two accounts with one address.
    const first = { userId: await t.run(({ db }) => db.insert("users", { email })) };
    await expect(remove({ email })).rejects.toThrow(second);
    await expect(remove({ email: "bob@example.com", userId: second })).rejects.toThrow("not found");
    expect(await remove({ email, userId: second })).toEqual({ started: true });
    await settle(t);
    expect(await rows(t, "users")).toMatchObject([{ _id: first.userId }]);
  });
});

test("the account's queries return empty answers to signed-out callers and do not throw", async () => {
  const t = deployment();
  expect(await t.query(api.users.me, {})).toBeNull();
  expect(await t.query(api.users.stats, {})).toBeNull();
  expect(await t.query(api.apiKeys.list, {})).toEqual([]);
  expect(await t.action(api.users.deleteAccount, {})).toMatchObject({ started: false });
});

test("the statistics of the account count sessions and messages", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("s1", ["a", "b"]));
  await ada.post("/sync/batch", conversation("s2", ["c"]));
  await settle(t);
  expect(await ada.dashboard.query(api.users.stats, {})).toEqual({
    sessionCount: 2,
    messageCount: 3,
  });
});
