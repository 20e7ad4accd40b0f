import { describe, expect, test, vi } from "vitest";
import { internal } from "../_generated/api";
import { sha256 } from "../lib/hash";
import { deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import { loadProtocolFirst, type Rpc, rpcClient } from "./mcp.fixture";

const NOON = Date.UTC(2026, 0, 22, 12);

loadProtocolFirst();
eachTestAt(NOON);

/** Requests the list several times in sequence; returns the status codes. */
async function listed(who: { get: (path: string) => Promise<Response> }, times = 1) {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) statuses.push((await who.get("/api/sessions")).status);
  return statuses;
}

test("the first request over the limit gets 429 with a retry time", async () => {
  vi.stubEnv("RATE_LIMIT_READ", "3");
  const t = deployment();
  const ada = await person(t);
  vi.setSystemTime(NOON + 15_000);
  const remaining: (string | null)[] = [];
  for (let i = 0; i < 3; i++) {
    const answer = await ada.get("/api/sessions");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("RateLimit-Policy")).toBe('"read";q=3;w=60');
    remaining.push(answer.headers.get("RateLimit"));
  }
  expect(remaining).toEqual(['"read";r=2;t=45', '"read";r=1;t=45', '"read";r=0;t=45']);
  const refused = await ada.get("/api/sessions");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("Retry-After")).toBe("45");
  expect(refused.headers.get("RateLimit")).toBe('"read";r=0;t=45');
  expect(refused.headers.get("RateLimit-Policy")).toBe('"read";q=3;w=60');
  expect(refused.headers.get("Access-Control-Expose-Headers")).toContain("RateLimit");
  expect(await read(refused)).toMatchObject({ code: "RATE_LIMITED" });
  const [, , , line] = await rows(t, "apiLogs");
  expect(line).toMatchObject({ statusCode: 429, errorCode: "RATE_LIMITED" });
  expect(line).not.toHaveProperty("remaining");
});

test("a limit affects only its own user, and a new window resets it", async () => {
  vi.stubEnv("RATE_LIMIT_READ", "2");
  const t = deployment();
  const ada = await person(t);
  const bob = await person(t, "bob@example.com");
  // Not at the beginning of a window.
  vi.setSystemTime(NOON + 50_000);
  expect(await listed(ada, 3)).toEqual([200, 200, 429]);
  expect(await listed(bob)).toEqual([200]);
  vi.setSystemTime(NOON + 59_999);
  expect(await listed(ada)).toEqual([429]);
  vi.setSystemTime(NOON + 60_000);
  expect(await listed(ada, 3)).toEqual([200, 200, 429]);
});

test("a clock that is set back ends a limit instead of making it last", async () => {
  vi.stubEnv("RATE_LIMIT_READ", "2");
  const t = deployment();
  const ada = await person(t);
  expect(await listed(ada, 3)).toEqual([200, 200, 429]);
  vi.setSystemTime(Date.now() - 86_400_000);
  expect(await listed(ada, 2)).toEqual([200, 200]);
  vi.setSystemTime(Date.now() + 60_000);
  expect(await listed(ada, 2)).toEqual([200, 200]);
});

test("all keys of a user count together, and invalid requests count too", async () => {
  vi.stubEnv("RATE_LIMIT_READ", "2");
  const t = deployment();
  const ada = await person(t);
  expect((await ada.get("/api/sessions/unknown")).status).toBe(404);
  const again = await person(t);
  expect(await listed(again, 2)).toEqual([200, 429]);
});

test("one class of endpoints does not use up another", async () => {
  vi.stubEnv("RATE_LIMIT_READ", "1");
  vi.stubEnv("RATE_LIMIT_SEARCH", "2");
  const t = deployment();
  const ada = await person(t);
  const searched = async () => (await ada.get("/api/search?q=x&type=fulltext")).status;
  expect(await listed(ada, 2)).toEqual([200, 429]);
  expect((await ada.post("/sync/session", { externalId: "s1" })).status).toBe(200);
  await settle(t);
  expect([await searched(), await searched(), await searched()]).toEqual([200, 200, 429]);
  expect(await listed(ada)).toEqual([429]);
});

test("tools of MCP count as searches, and over the limit every tool is refused with a retry time", async () => {
  vi.stubEnv("RATE_LIMIT_SEARCH", "3");
  const t = deployment();
  const ada = await person(t);
  const { request, modern } = rpcClient((path, init) => t.fetch(path, init), ada);
  vi.setSystemTime(NOON + 15_000);
  expect((await ada.get("/api/search?q=x&type=fulltext")).status).toBe(200);
  const tools = await request("tools/list");
  expect(tools.headers.get("RateLimit")).toBe('"search";r=1;t=45');
  const { result } = await read<Rpc>(tools);
  const usage = { name: "usage", arguments: {} };
  expect((await modern("tools/call", usage)).headers.get("RateLimit")).toBe('"search";r=0;t=45');
  for (const { name } of result?.tools as { name: string }[]) {
    for (const send of [request, modern]) {
      const refused = await send("tools/call", { name });
      expect([name, refused.status, refused.headers.get("Retry-After")]).toEqual([name, 429, "45"]);
      expect((await read<Rpc>(refused)).error).toMatchObject({
        message: "3 searches a minute are used up; try again in 45 s",
        data: { code: "RATE_LIMITED" },
      });
    }
  }
  expect((await ada.get("/api/search?q=x&type=fulltext")).status).toBe(429);
  vi.setSystemTime(NOON + 60_000);
  expect((await request("tools/call", usage)).status).toBe(200);
});

test("a refused request is told to wait until the window has ended, in whole seconds", async () => {
  vi.stubEnv("RATE_LIMIT_READ", "1");
  const t = deployment();
  const ada = await person(t);
  vi.setSystemTime(NOON + 15_700);
  await ada.get("/api/sessions");
  const refused = await ada.get("/api/sessions");
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "45"]);
  expect(await refused.text()).toContain("try again in 45 s");
});

test("a request that could not be counted has a line in the log, and uses up nothing", async () => {
  vi.stubEnv("RATE_LIMIT_READ", "2");
  const t = deployment();
  const ada = await person(t);
  const key = { kind: "key" as const, hash: await sha256(ada.apiKey), prefix: "osk_" };
  const line = { endpoint: "/api/sessions", method: "GET", requestId: "r", startedAt: NOON };
  const request = { line, statusCode: 503, isUncounted: true };
  for (let n = 0; n < 3; n++) {
    await t.mutation(internal.apiLogs.record, { caller: { ...key, limit: "read" }, ...request });
  }
  expect(await rows(t, "apiLogs")).toHaveLength(3);
  expect(await listed(ada, 3)).toEqual([200, 200, 429]);
});

test("a plugin that sends messages without pause meets no limit", async () => {
  const t = deployment();
  const ada = await person(t);
  for (let i = 0; i < 200; i++) {
    const message = { sessionExternalId: "s1", externalId: `m${i}`, textContent: "x" };
    const answer = await ada.post("/sync/message", message);
    expect([answer.status, answer.headers.get("RateLimit")]).toEqual([200, null]);
  }
  expect(await rows(t, "messages")).toHaveLength(200);
  // No count is kept, so the 5,000th request behaves and costs like the first.
  for (const line of await rows(t, "apiLogs")) expect(line).not.toHaveProperty("remaining");
});

describe("an operator", () => {
  test.each([
    ["READ", undefined, '"read";q=600;w=60'],
    ["SEARCH", undefined, '"search";q=300;w=60'],
    ["EXPORT", undefined, '"export";q=120;w=60'],
    ["SYNC", undefined, null],
    ["READ", " 7 ", '"read";q=7;w=60'],
    ["SYNC", "5", '"sync";q=5;w=60'],
    ["READ", "off", null],
    ["READ", "OFF", null],
    ["READ", "0", null],
    ["READ", "-5", '"read";q=600;w=60'],
    ["READ", "many", '"read";q=600;w=60'],
    ["READ", "", '"read";q=600;w=60'],
  ])("who sets RATE_LIMIT_%s to %j gets the policy %s", async (name, value, policy) => {
    vi.stubEnv(`RATE_LIMIT_${name}`, value);
    const ada = await person(deployment());
    const paths: { [name: string]: string } = {
      READ: "/api/sessions",
      SEARCH: "/api/search?q=x&type=fulltext",
      EXPORT: "/api/export",
      SYNC: "/sync/sessions/list",
    };
    const answer = await ada.get(paths[name] ?? "");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("RateLimit-Policy")).toBe(policy);
  });

  test("who removes a limit admits users who had used it up", async () => {
    vi.stubEnv("RATE_LIMIT_READ", "1");
    const ada = await person(deployment());
    expect(await listed(ada, 2)).toEqual([200, 429]);
    vi.stubEnv("RATE_LIMIT_READ", "off");
    expect(await listed(ada, 2)).toEqual([200, 200]);
  });

  test("may limit /sync too", async () => {
    vi.stubEnv("RATE_LIMIT_SYNC", "1");
    const ada = await person(deployment());
    const first = await ada.post("/sync/session", { externalId: "s1" });
    expect(first.headers.get("RateLimit")).toBe('"sync";r=0;t=60');
    expect((await ada.post("/sync/session", { externalId: "s1" })).status).toBe(429);
  });
});

test("answers to strangers and of public endpoints have no limit headers", async () => {
  const t = deployment();
  for (const answer of [await t.fetch("/health"), await t.fetch("/api/sessions")]) {
    expect(answer.headers.get("RateLimit")).toBeNull();
  }
});
