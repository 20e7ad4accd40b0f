import { beforeEach, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { conversation, deployment, eachTestAt, person, read, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";

eachTestAt(Date.UTC(2026, 0, 22, 12));

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

type Me = {
  key: { prefix: string; name: string | null } | null;
  counts?: { sessions: number; messages: number };
};

test("GET /api/me tells whose key it is, its limits, and how much is stored", async () => {
  await ada.post("/sync/batch", conversation("s", ["one", "two"]));
  await (await person(t, "eve@example.com")).post("/sync/batch", conversation("e", ["three"]));
  await settle(t);
  expect(await read(ada.get("/api/me"))).toEqual({
    address: "ada@example.com",
    name: null,
    key: {
      prefix: ada.apiKey.slice(0, 12),
      name: null,
      createdAt: expect.any(Number) as number,
    },
    limits: {
      sync: { perMinute: null },
      read: { perMinute: 600 },
      search: { perMinute: 300 },
      export: { perMinute: 120 },
    },
    counts: { sessions: 1, messages: 2 },
    timeZone: "UTC",
    embeddings: false,
  });
});

test("each key is described as itself, and a token has none", async () => {
  const { key } = await ada.dashboard.mutation(api.apiKeys.create, { name: "laptop" });
  const headers = { Authorization: `Bearer ${key}` };
  const me = await read<Me>(t.fetch("/api/me", { headers }));
  expect(me.key).toMatchObject({ prefix: key.slice(0, 12), name: "laptop" });
  expect(JSON.stringify(me)).not.toContain(key);
  const withToken = { headers: { Authorization: "Bearer e30.e30.e30" } };
  expect((await read<Me>(ada.dashboard.fetch("/api/me", withToken))).key).toBeNull();
});

test("counts=false leaves out the counts, which read every day", async () => {
  expect(await read<Me>(ada.get("/api/me?counts=false"))).not.toHaveProperty("counts");
});

test("limits are those that the operator has set", async () => {
  vi.stubEnv("RATE_LIMIT_READ", "off");
  vi.stubEnv("RATE_LIMIT_SEARCH", "7");
  expect(await read(ada.get("/api/me"))).toMatchObject({
    limits: { read: { perMinute: null }, search: { perMinute: 7 } },
  });
});

test("a wrong key is 401, so that a plugin can check its key", async () => {
  const headers = { Authorization: "Bearer osk_wrong" };
  expect((await t.fetch("/api/me", { headers })).status).toBe(401);
  expect((await t.fetch("/api/me")).status).toBe(401);
});
