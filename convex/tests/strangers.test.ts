import { beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import { endpoints } from "../http";
import { deployment, eachTestAt, fromWorkos, person, rows, settle } from "../test.setup";
import type { Deployment } from "../test.setup";

/** The cost of callers without an account is bounded, whatever they send. */

const NOON = Date.UTC(2026, 0, 22, 12);
const UNKNOWN = { Authorization: `Bearer osk_${"x".repeat(32)}` };

eachTestAt(NOON);

async function countsOf(t: Deployment) {
  return (await rows(t, "strangerRequests")).map(({ counts }) => counts);
}

describe("requests without an account", () => {
  test("are counted by their status, and leave no line in the log", async () => {
    const t = deployment();
    await t.fetch("/api/sessions", { headers: UNKNOWN });
    await t.fetch("/sync/session", { method: "POST", headers: UNKNOWN, body: "not json" });
    await t.fetch("/api/sessions");
    await t.fetch("/health");
    await t.fetch("/nothing");
    await t.fetch("/s/nothing");
    await t.fetch("/api/sessions", { method: "PUT" });
    expect(await rows(t, "apiLogs")).toEqual([]);
    expect(await countsOf(t)).toEqual([{ "200": 1, "401": 3, "404": 2, "405": 1 }]);
  });

  test("use one row per hour, however many there are", async () => {
    const t = deployment();
    for (let i = 0; i < 400; i++) await t.fetch("/api/sessions", { headers: UNKNOWN });
    const [counts = {}] = await countsOf(t);
    expect(await rows(t, "strangerRequests")).toHaveLength(1);
    expect(counts["401"]).toBeGreaterThan(200);
    expect(counts["401"]).toBeLessThan(800);
    vi.setSystemTime(NOON + 3_600_000);
    for (let i = 0; i < 3; i++) await t.fetch("/api/sessions", { headers: UNKNOWN });
    expect((await countsOf(t)).slice(1)).toEqual([{ "401": 3 }]);
    expect(await rows(t, "apiLogs")).toEqual([]);
  });

  test("are pruned with the log", async () => {
    const t = deployment();
    await t.fetch("/health");
    vi.setSystemTime(NOON + 6 * 86_400_000);
    await t.fetch("/health");
    await t.mutation(internal.apiLogs.prune, {});
    expect(await rows(t, "strangerRequests")).toHaveLength(2);
    vi.setSystemTime(NOON + 8 * 86_400_000);
    await t.mutation(internal.apiLogs.prune, {});
    expect(await rows(t, "strangerRequests")).toHaveLength(1);
  });

  test("include those of a person whose account is being deleted", async () => {
    const t = deployment();
    const ada = await person(t);
    const { key } = await ada.dashboard.mutation(api.apiKeys.create, {});
    await ada.dashboard.action(api.users.deleteAccount, {});
    const headers = { Authorization: `Bearer ${key}` };
    expect((await t.fetch("/api/sessions", { headers })).status).toBe(401);
    expect(await rows(t, "apiLogs")).toEqual([]);
    expect(await countsOf(t)).toEqual([{ "401": 1 }]);
  });
});

describe("a body above 64 kB", () => {
  /** Streams a body; returns the status and how many bytes were read. */
  async function send(t: Deployment, headers: Record<string, string>, bytes: number) {
    const chunk = new Uint8Array(16 * 1024).fill(32);
    let taken = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (taken >= bytes) {
            controller.close();
            return;
          }
          taken += chunk.byteLength;
          controller.enqueue(chunk);
        },
      },
      { highWaterMark: 0 },
    );
    const init = { method: "POST", headers, body, duplex: "half" };
    const { status } = await t.fetch("/sync/batch", init);
    return { status, taken };
  }

  test("of an unknown key is not read to its end", async () => {
    const t = deployment();
    const { status, taken } = await send(t, UNKNOWN, 8_000_000);
    expect(status).toBe(401);
    expect(taken).toBeLessThan(128 * 1024);
  });

  test("is not read at all if its headers state the size", async () => {
    const t = deployment();
    const { status, taken } = await send(t, { ...UNKNOWN, "Content-Length": "8000000" }, 8_000_000);
    expect([status, taken]).toEqual([401, 0]);
  });

  test("of a known key is read, and so is a small one of an unknown key", async () => {
    const t = deployment();
    const ada = await person(t);
    const known = await send(t, { Authorization: `Bearer ${ada.apiKey}` }, 1_000_000);
    expect(known.status).toBe(400);
    expect(known.taken).toBeGreaterThanOrEqual(1_000_000);
    expect((await send(t, UNKNOWN, 32_000)).status).toBe(401);
  });

  test("of a user over the limit is not read", async () => {
    vi.stubEnv("RATE_LIMIT_SYNC", "1");
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/session", { externalId: "s1" });
    const { status, taken } = await send(t, { Authorization: `Bearer ${ada.apiKey}` }, 8_000_000);
    expect(status).toBe(429);
    expect(taken).toBeLessThan(128 * 1024);
  });

  test("of a new person's token creates their account", async () => {
    const t = deployment();
    const sessions = [{ externalId: "s1", title: "t".repeat(90_000) }];
    const answer = await fromWorkos(t, "user_01").fetch("/sync/batch", {
      method: "POST",
      headers: { Authorization: "Bearer a.b.c" },
      body: JSON.stringify({ sessions }),
    });
    expect(answer.status).toBe(200);
    expect(await rows(t, "sessions")).toHaveLength(1);
  });

  test("is refused by the webhook endpoint before its signature is checked", async () => {
    vi.stubEnv("WORKOS_WEBHOOK_SECRET", "whsec_test");
    const t = deployment();
    const headers = { "WorkOS-Signature": `t=${NOON}, v1=${"0".repeat(64)}` };
    const body = JSON.stringify({ x: "x".repeat(300_000) });
    const answer = await t.fetch("/webhooks/workos", { method: "POST", headers, body });
    expect(answer.status).toBe(413);
  });
});

test("browsers and proxies may not store any answer of the API", async () => {
  const t = deployment();
  const ada = await person(t);
  for (const { route } of endpoints) {
    const path = route.path.replace(/:\w+/, "x");
    const known: Record<string, string> = { Authorization: `Bearer ${ada.apiKey}` };
    for (const headers of [known, {}]) {
      const init = { method: route.method, headers, ...(route.body ? { body: "{}" } : {}) };
      const answer = await t.fetch(path, init);
      if (route.path.startsWith("/.well-known/") && answer.ok) continue;
      expect([path, answer.headers.get("Cache-Control")]).toEqual([path, "no-store"]);
    }
  }
  const today = await ada.get("/api/wrapped/today.svg");
  expect([today.status, today.headers.get("Cache-Control")]).toEqual([200, "no-store"]);
});

describe("sign-ins", () => {
  let asked = 0;
  beforeEach(() => {
    asked = 0;
    vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
    vi.stubEnv("WORKOS_API_KEY", "sk_test");
    vi.stubEnv("RATE_LIMIT_SIGN_IN", "3");
    vi.stubGlobal("fetch", () => {
      asked += 1;
      return Promise.resolve(Response.json({ error: "invalid_grant" }, { status: 400 }));
    });
  });
  const attempt = async (t: Deployment, params: object = { code: "guess" }) =>
    await t
      .action(api.auth.signIn, { provider: "workos", params })
      .then(() => "signed in")
      .catch((error: unknown) => String(error));

  test("with guessed codes cause a bounded number of requests to WorkOS per minute", async () => {
    const t = deployment();
    for (let i = 0; i < 3; i++) expect(await attempt(t)).toContain("did not accept");
    for (let i = 0; i < 5; i++) expect(await attempt(t)).toContain("RATE_LIMITED");
    expect(asked).toBe(3);
    vi.setSystemTime(NOON + 60_000);
    expect(await attempt(t)).toContain("did not accept");
  });

  test("without a code, or with an impossible one, cause no request to WorkOS", async () => {
    const t = deployment();
    for (const code of ["", "x".repeat(10_000), 7, null]) await attempt(t, { code });
    await attempt(t, { code: "guess", codeVerifier: "x".repeat(10_000) });
    expect(asked).toBe(0);
    expect(await attempt(t)).toContain("did not accept");
  });

  test("with unknown tokens over HTTP cause a bounded number of requests to WorkOS per minute", async () => {
    vi.stubGlobal("fetch", () => {
      asked += 1;
      return Promise.resolve(Response.json({}, { status: 404 }));
    });
    const t = deployment();
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const headers = { Authorization: "Bearer a.b.c" };
      const answer = await fromWorkos(t, `user_${i}`).fetch("/api/sessions", { headers });
      statuses.push(answer.status);
      if (answer.status === 429) expect(answer.headers.get("Retry-After")).toBe("20");
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect(asked).toBe(3);
    await settle(t);
    expect(await rows(t, "users")).toHaveLength(3);
  });

  test("are not limited if the operator turns the limit off", async () => {
    vi.stubEnv("RATE_LIMIT_SIGN_IN", "off");
    const t = deployment();
    for (let i = 0; i < 5; i++) await attempt(t);
    expect(asked).toBe(5);
  });
});
