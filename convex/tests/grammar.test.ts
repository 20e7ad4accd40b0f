import { beforeEach, describe, expect, test } from "vitest";
import { conversation, deployment, eachTestAt, person, read, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";

eachTestAt(Date.UTC(2026, 0, 22, 12));

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
  for (const id of ["a", "b", "c"]) {
    const fields = { source: id === "c" ? "codex" : "claude-code" };
    await ada.post("/sync/batch", conversation(id, [`about ${id}`, "done", "thanks"], fields));
  }
  await settle(t);
});

describe("Link with rel=next", () => {
  /** Follows the links of answers as a client does that knows nothing else; returns their bodies. */
  async function follow(path: string): Promise<{ [name: string]: unknown }[]> {
    const bodies = [];
    for (let next: string | undefined = path; next !== undefined && bodies.length < 20;) {
      const answer = await ada.get(next);
      expect(answer.status).toBe(200);
      bodies.push(await read(answer));
      next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("Link") ?? "")?.[1];
    }
    return bodies;
  }

  test.each([
    ["/api/sessions?limit=1", 3],
    ["/api/sessions?limit=2&sort=tokens", 2],
    ["/api/sessions/a?limit=2", 2],
    ["/api/sessions/a?messagesLimit=1&order=desc", 3],
    ["/api/sessions/get?id=a&messages_limit=1", 3],
    ["/api/changes?limit=2", 2],
    ["/sync/sessions/list?limit=1", 4],
  ])("leads through %s in %i answers", async (path, expected) => {
    expect(await follow(path)).toHaveLength(expected);
  });

  test("continues under whatever name the cursor was sent", async () => {
    const { messagesCursor } = await read(ada.get("/api/sessions/a?limit=1"));
    for (const name of ["cursor", "messagesCursor", "messages_cursor"]) {
      const path = `/api/sessions/a?limit=1&${name}=${String(messagesCursor)}`;
      expect([name, (await follow(path)).length]).toEqual([name, 2]);
    }
  });
});

describe("a search", () => {
  test.each(["/search", "/api/search"])("is asked by GET and POST at %s", async (path) => {
    const byQuery = await read(ada.get(`${path}?q=about&limit=2&project_name=`));
    const byBody = await read(ada.post(path, { q: "about", limit: 2 }));
    expect((byQuery["results"] as object[]).length).toBe(2);
    expect(byBody).toEqual(byQuery);
  });
});

describe("a key", () => {
  const ask = async (headers: { [name: string]: string }) =>
    (await t.fetch("/api/sessions", { headers })).status;

  test("is accepted as a bearer token, in Basic authentication and as X-API-Key", async () => {
    const { apiKey } = ada;
    expect(await ask({ Authorization: `Bearer ${apiKey}` })).toBe(200);
    expect(await ask({ Authorization: `Basic ${btoa(`${apiKey}:`)}` })).toBe(200);
    expect(await ask({ Authorization: `Basic ${btoa(`me:${apiKey}`)}` })).toBe(200);
    expect(await ask({ "X-API-Key": apiKey })).toBe(200);
  });

  test.each<{ [name: string]: string }>([
    { Authorization: "Basic !!!" },
    { Authorization: `Basic ${btoa("me:secret")}` },
    { Authorization: `Basic ${btoa(`osk_${"x".repeat(32)}:`)}` },
    { "X-API-Key": "secret" },
    { "X-API-Key": `osk_${"x".repeat(32)}` },
  ])("that is wrong is refused in the same words: %j", async (headers) => {
    const answer = await t.fetch("/api/sessions", { headers });
    expect(answer.status).toBe(401);
    expect((await read(answer))["message"]).toContain("unknown, revoked or expired");
  });

  test("in Authorization counts before one in X-API-Key", async () => {
    const both = { Authorization: "Bearer osk_wrong", "X-API-Key": ada.apiKey };
    expect(await ask(both)).toBe(401);
  });

  test("that is missing is asked for, with what to send", async () => {
    const { message } = await read<{ message: string }>(t.fetch("/api/sessions"));
    expect(message).toContain("Authorization: Bearer osk_");
    expect(message).toContain("npm run key");
  });
});

test("browsers may send the headers that clients use, and read those that answers have", async () => {
  const { headers } = await t.fetch("/api/sessions", { method: "OPTIONS" });
  const allowed = headers.get("Access-Control-Allow-Headers") ?? "";
  for (const name of ["Authorization", "X-API-Key", "Prefer", "If-None-Match", "traceparent"]) {
    expect(allowed).toContain(name);
  }
  const exposed = headers.get("Access-Control-Expose-Headers") ?? "";
  for (const name of ["ETag", "Link", "Preference-Applied"]) expect(exposed).toContain(name);
});

describe("an entity tag", () => {
  const tagged = (path: string, tag: string, method = "GET") =>
    t.fetch(path, {
      method,
      headers: { Authorization: `Bearer ${ada.apiKey}`, "If-None-Match": tag },
    });

  test.each([
    "/api/sessions",
    "/api/sessions/a",
    "/api/sessions/get?id=a",
    "/api/export?session_ids=a&format=openai",
    "/openapi.json",
  ])("of %s saves the answer to whoever has it", async (path) => {
    const first = await ada.get(path);
    const tag = first.headers.get("ETag") ?? "";
    expect(tag).toMatch(/^W\/"[0-9a-f]{32}"$/);
    const again = await tagged(path, `"other", ${tag}`);
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect(again.headers.get("ETag")).toBe(tag);
    expect(again.headers.has("X-Request-Id")).toBe(true);
    expect((await tagged(path, 'W/"0"')).status).toBe(200);
  });

  test("changes with the session", async () => {
    const tag = (await ada.get("/api/sessions/a")).headers.get("ETag") ?? "";
    await ada.send("PATCH", "/api/sessions/a", { evalStatus: "golden" });
    expect((await tagged("/api/sessions/a", tag)).status).toBe(200);
  });

  test("does not open what belongs to others, or what does not exist", async () => {
    const tag = (await ada.get("/api/sessions/a")).headers.get("ETag") ?? "";
    const eve = await person(t, "eve@example.com");
    const headers = { Authorization: `Bearer ${eve.apiKey}`, "If-None-Match": tag };
    expect((await t.fetch("/api/sessions/a", { headers })).status).toBe(404);
    expect((await tagged("/api/sessions/none", "*")).status).toBe(404);
  });
});

describe("GET /sync/sessions/list", () => {
  test("lists all ids by default, as plugins expect", async () => {
    expect(await read(ada.get("/sync/sessions/list"))).toEqual({ sessionIds: ["a", "b", "c"] });
  });

  test("has pages, sources and details for who asks for them", async () => {
    const first = await read(ada.get("/sync/sessions/list?limit=2&detail=true"));
    expect(first["sessionIds"]).toEqual(["a", "b"]);
    expect(first["sessions"]).toMatchObject([
      { externalId: "a", messageCount: 3, source: "claude-code" },
      { externalId: "b", messageCount: 3 },
    ]);
    const path = `/sync/sessions/list?limit=2&cursor=${String(first["cursor"])}`;
    expect(await read(ada.get(path))).toEqual({ sessionIds: ["c"], cursor: null });
    const codex = await read(ada.get("/sync/sessions/list?source=codex"));
    expect(codex).toEqual({ sessionIds: ["c"] });
    const eve = await person(t, "eve@example.com");
    expect(await read(eve.get(path))).toEqual({ sessionIds: [], cursor: null });
  });

  test.each(["limit=abc", "limit=-1", "cursor=zz", "detail=perhaps"])(
    "%s is refused",
    async (query) => {
      expect((await ada.get(`/sync/sessions/list?${query}`)).status).toBe(400);
    },
  );
});
