import { describe, expect, test } from "vitest";
import { BODY_MAX_BYTES } from "../http/body";
import { endpoints } from "../http";
import { CAPABILITIES } from "../wire/health";
import { deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Route } from "../wire/route";

const NOW = Date.UTC(2026, 0, 22, 12);

eachTestAt(NOW);

/** Guarantees of every route, including new ones. */
const routes = endpoints.map(({ route }) => route);
const named = (list: Route[]) =>
  list.map((route) => [`${route.method} ${route.path}`, route] as const);
const guarded = routes.filter(({ access }) => access === "caller");
const withBody = routes.filter(({ body }) => body !== undefined);

const urlOf = (route: Route) => route.path.replace(/:[^/]+/, "some-id");
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

type ErrorBody = { error: unknown; message: unknown; code: string; requestId: unknown };

async function expectError(answer: Response, status: number, code: string) {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(answer.headers.get("Content-Type")).toMatch(/^application\/json/);
  const body = await read<ErrorBody>(answer);
  expect(body).toMatchObject({
    code,
    error: expect.any(String) as unknown,
    message: expect.any(String) as unknown,
  });
  expect(body.requestId).toBe(answer.headers.get("X-Request-Id"));
  return body;
}

describe.each(named(guarded))("%s without the right credentials", (_, route) => {
  test.each<[string, Record<string, string>]>([
    ["none", {}],
    ["an empty header", { Authorization: " " }],
    ["another scheme", { Authorization: "Basic b3NrXzE6" }],
    ["no token", { Authorization: "Bearer " }],
    ["a wrong key", { Authorization: `Bearer osk_${"x".repeat(32)}` }],
    ["a key that is none", { Authorization: "Bearer nonsense" }],
  ])("%s answers 401 as JSON with CORS", async (_, headers) => {
    const t = deployment();
    const init = { method: route.method, headers, ...(route.body ? { body: "{" } : {}) };
    const answer = await t.fetch(urlOf(route), init);
    expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer/);
    await expectError(answer, 401, "UNAUTHORIZED");
  });
});

test("every wrong credential gets the same message", async () => {
  const t = deployment();
  await person(t);
  const ask = async (Authorization: string) =>
    (await read<ErrorBody>(t.fetch("/api/sessions", { headers: { Authorization } }))).message;
  const wrong = ["Bearer osk_a", `Bearer osk_${"x".repeat(32)}`, "Bearer eyJ.eyJ.sig", "Digest x"];
  const [words, ...others] = await Promise.all(wrong.map(ask));
  expect(words).toEqual(expect.any(String));
  expect(others).toEqual([words, words, words]);
});

test.each(["Bearer KEY x", "xBearer KEY", "Basic x, Bearer KEY", "KEY"])(
  "a valid key inside other text is refused: %s",
  async (header) => {
    const t = deployment();
    const { apiKey } = await person(t);
    const headers = { Authorization: header.replace("KEY", apiKey) };
    await expectError(await t.fetch("/api/sessions", { headers }), 401, "UNAUTHORIZED");
  },
);

test("the authentication scheme ignores case, and any number of spaces may follow", async () => {
  const t = deployment();
  const { apiKey } = await person(t);
  const answer = await t.fetch("/api/sessions", {
    headers: { Authorization: `bEaReR    ${apiKey}` },
  });
  expect(answer.status).toBe(200);
});

describe.each(named(routes))("%s", (_, route) => {
  const others = METHODS.filter(
    (method) => !routes.some((other) => other.method === method && other.path === route.path),
  );

  test.each(others.filter((method) => !isServedByPrefix(method, route)))(
    "answers %s with 405 and names the allowed methods",
    async (method) => {
      const answer = await deployment().fetch(urlOf(route), { method });
      expect(answer.headers.get("Allow")).toContain(route.method);
      await expectError(answer, 405, "METHOD_NOT_ALLOWED");
    },
  );

  test("answers an OPTIONS preflight", async () => {
    const answer = await deployment().fetch(urlOf(route), { method: "OPTIONS" });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("Access-Control-Allow-Methods")).toContain(route.method);
    expect(answer.headers.get("Access-Control-Allow-Headers")).toContain("Authorization");
  });

  test("is also reached with a doubled slash", async () => {
    const t = deployment();
    const ada = await person(t);
    const init = { method: route.method, ...(route.body ? { body: "{}" } : {}) };
    const headers = { Authorization: `Bearer ${ada.apiKey}` };
    const answerAt = async (url: string) => {
      const answer = await t.fetch(url, { ...init, headers });
      return [answer.status, (await answer.text()).replace(/"requestId":"\w+"/, "")];
    };
    expect(await answerAt(`/${urlOf(route)}`)).toEqual(await answerAt(urlOf(route)));
    const lines = await rows(t, "apiLogs");
    const logged = route.access === "caller" ? [route.path, route.path] : [];
    expect(lines.map(({ endpoint }) => endpoint)).toEqual(logged);
  });
});

/** `/api/sessions/get` by PATCH is the session with the id "get". */
function isServedByPrefix(method: string, route: Route): boolean {
  return routes.some(
    (other) =>
      other.method === method &&
      other.path.includes(":") &&
      route.path.startsWith(other.path.slice(0, other.path.indexOf(":"))),
  );
}

describe.each(named(withBody))("%s refuses", (_, route) => {
  test.each([
    ["malformed JSON", "{not json", 400, "INVALID_REQUEST"],
    ["nothing", "", 400, "INVALID_REQUEST"],
    ["null", "null", 400, "INVALID_REQUEST"],
    ["an array", "[]", 400, "INVALID_REQUEST"],
    ["a string", '"x"', 400, "INVALID_REQUEST"],
  ])("%s", async (_, body, status, code) => {
    const ada = await person(deployment());
    await expectError(await ada.send(route.method, urlOf(route), body), status, code);
  });

  test("a body over the limit, and states the limit", async () => {
    const ada = await person(deployment());
    const body = JSON.stringify({ externalId: "x".repeat(BODY_MAX_BYTES) });
    const error = await expectError(
      await ada.send(route.method, urlOf(route), body),
      413,
      "PAYLOAD_TOO_LARGE",
    );
    expect(error.message).toContain(String(BODY_MAX_BYTES));
  });
});

describe("paths", () => {
  test("/ tells programs what this is and where to go on; browsers get a page", async () => {
    const t = deployment();
    const index = await t.fetch("/", { headers: { Accept: "*/*" } });
    expect(index.status).toBe(200);
    expect(await read(index)).toMatchObject({
      name: "OpenSync",
      openapi: expect.stringMatching(/^https:.*\/openapi.json$/) as string,
    });
    const page = await t.fetch("/", { headers: { Accept: "text/html,*/*" } });
    expect(page.headers.get("Content-Type")).toContain("text/html");
  });

  test.each([
    "/nothing",
    "/api",
    "/api/sessions/",
    "/sync/session/",
    "/api/sessions/a/b",
    "/..%2f",
  ])("%s answers 404 as JSON with CORS", async (path) => {
    const ada = await person(deployment());
    await expectError(await ada.get(path), 404, "NOT_FOUND");
  });

  test.each(["nope", "%", "%ff", "%00", "a".repeat(2_000), "..", "🎉"])(
    "the session %s does not exist: 404",
    async (id) => {
      const ada = await person(deployment());
      await expectError(await ada.get(`/api/sessions/get?id=${id}`), 404, "NOT_FOUND");
    },
  );

  test("an id in a path is trimmed like the id that was sent", async () => {
    const ada = await person(deployment());
    await ada.post("/sync/session", { externalId: " padded " });
    const answer = await read(ada.get("/api/sessions/%20padded%20"));
    expect(answer).toMatchObject({ externalId: "padded" });
  });

  test("an external id with special characters is found in its URL-encoded form", async () => {
    const ada = await person(deployment());
    const externalId = "a/b c?d#e%f&g=日本";
    await ada.post("/sync/session", { externalId, title: "T" });
    const answer = await read(ada.get(`/api/sessions/${encodeURIComponent(externalId)}`));
    expect(answer).toMatchObject({ externalId, title: "T" });
  });
});

describe("an unreadable parameter is refused by name, never ignored", () => {
  test.each([
    ["/api/stats?from=-1", "from must be a day"],
    ["/api/stats?from=2026-02-30", "from must be a day"],
    ["/api/stats?to=tomorrow", "to must be a day"],
    ["/api/export?anonymize=maybe", "anonymize must be true or false"],
    ["/api/search?q=x&type=regex", "type must be one of fulltext, semantic, hybrid"],
  ])("%s", async (path, words) => {
    const ada = await person(deployment());
    const error = await expectError(await ada.get(path), 400, "INVALID_REQUEST");
    expect(error.message).toContain(words);
  });

  test.each([
    [{ sessions: true }, "sessions must be a list"],
    [{ sessions: [7] }, "must be an object"],
  ])("%j", async (body, words) => {
    const ada = await person(deployment());
    expect(JSON.stringify(await read(ada.post("/sync/batch", body)))).toContain(words);
  });
});

describe("a body", () => {
  test("that is not UTF-8 is refused, because invalid bytes would be replaced, even in ids", async () => {
    const t = deployment();
    const ada = await person(t);
    const body = new Uint8Array([...new TextEncoder().encode('{"externalId":"'), 0xe9, 0x22, 0x7d]);
    const headers = { Authorization: `Bearer ${ada.apiKey}` };
    const answer = await t.fetch("/sync/session", { method: "POST", headers, body });
    const error = await expectError(answer, 400, "INVALID_REQUEST");
    expect(error.message).toContain("UTF-8");
  });

  test("that is compressed is refused, and the message says why", async () => {
    const t = deployment();
    const ada = await person(t);
    const headers = { Authorization: `Bearer ${ada.apiKey}`, "Content-Encoding": "gzip" };
    const answer = await t.fetch("/sync/session", { method: "POST", headers, body: "\u001f" });
    const error = await expectError(answer, 400, "INVALID_REQUEST");
    expect(error.message).toContain("Content-Encoding gzip");
  });

  test("is told whether a text is missing or of another kind", async () => {
    const ada = await person(deployment());
    const detailOf = async (body: object) =>
      (await read<{ details: object[] }>(ada.post("/search", body))).details;
    expect(await detailOf({ query: 5 })).toEqual([{ path: "query", message: "must be text" }]);
    expect(await detailOf({})).toEqual([{ path: "query", message: "is required" }]);
  });

  test("may contain unpaired surrogates, which become U+FFFD", async () => {
    const ada = await person(deployment());
    await ada.post("/sync/session", { externalId: "s", title: "a \ud83d b" });
    const patch = { title: "c \ud83d d", evalNotes: "\udc00", evalTags: ["\ud800"] };
    const patched = await read(ada.send("PATCH", "/api/sessions/s", JSON.stringify(patch)));
    expect(patched).toMatchObject({ title: "c \ufffd d", evalTags: ["\ufffd"] });
    const eve = await person(deployment());
    for (const type of ["fulltext", "hybrid"]) {
      expect((await eve.post("/search", { query: "\ud800 x", type })).status).toBe(200);
    }
  });
});

test("a name of a file that has to be cut is not cut inside a character", async () => {
  const t = deployment();
  const ada = await person(t);
  const url = `https://example.com/${"a".repeat(479)}😀.png`;
  for (const type of ["text", "thinking", "tool-result"]) {
    const parts = [{ type, content: [{ type: "image_url", image_url: { url } }] }];
    await read(ada.post("/sync/message", { sessionExternalId: "s", externalId: type, parts }));
  }
  await settle(t);
  expect((await ada.get("/api/export?format=markdown&id=s")).status).toBe(200);
});

describe("page parameters", () => {
  test.each([
    ["limit=201", 200],
    ["limit=1000000000", 200],
    ["limit=", 50],
  ])("%s is clamped: %i sessions", async (query, expected) => {
    const ada = await person(deployment());
    const sessions = Array.from({ length: 210 }, (_, i) => ({ externalId: `s${i}` }));
    await ada.post("/sync/batch", { sessions });
    const list = await read<{ sessions: object[] }>(ada.get(`/api/sessions?${query}`));
    expect(list.sessions).toHaveLength(expected);
  });

  test.each([
    ["/api/sessions?limit=0", "limit"],
    ["/api/sessions?limit=1e3", "limit"],
    ["/api/sessions?limit=-1", "limit"],
    ["/api/sessions?limit=2.0", "limit"],
    ["/api/sessions?limit=0x10", "limit"],
    ["/api/sessions/s?messages_limit=0", "messages_limit"],
    ["/api/search?q=x&limit=0", "limit"],
    ["/api/context?q=x&max_tokens=0", "max_tokens"],
    ["/api/context?q=x&max_tokens=99", "max_tokens"],
    ["/api/messages/m?before=1e3", "before"],
    ["/api/changes?limit=0", "limit"],
    ["/sync/sessions/list?limit=0", "limit"],
    ["/api/export?all=true&limit=1e3", "limit"],
    ["/api/sessions?min_tokens=1e3", "min_tokens"],
  ])(
    "%s is refused: a number is written in digits, and none of nothing is asked for",
    async (path, name) => {
      const ada = await person(deployment());
      const error = await expectError(await ada.get(path), 400, "INVALID_REQUEST");
      expect(error.message).toMatch(
        new RegExp(`${name} must be a whole number in digits, (0|1|100) or more`),
      );
    },
  );

  test("numbers of messages may be 0", async () => {
    const ada = await person(deployment());
    const ids = { sessionExternalId: "s", externalId: "m" };
    await ada.post("/sync/message", { ...ids, textContent: "Hi" });
    expect((await ada.get("/api/messages/m?before=0&after=0")).status).toBe(200);
    expect((await ada.get("/api/sessions?min_tokens=0")).status).toBe(200);
  });

  test.each([
    "/api/sessions?cursor=x",
    "/api/sessions?cursor=W10",
    "/api/sessions/s?messages_cursor=%00",
  ])("%s: a cursor that is none answers 400 and names it", async (path) => {
    const ada = await person(deployment());
    await ada.post("/sync/session", { externalId: "s" });
    const error = await expectError(await ada.get(path), 400, "INVALID_REQUEST");
    expect(error.message).toContain("cursor");
  });
});

test("GET /health needs no key and returns status, version and time", async () => {
  const answer = await read(deployment().fetch("/health"));
  expect(answer).toEqual({
    status: "ok",
    version: "1.0.0",
    timestamp: NOW,
    capabilities: [...CAPABILITIES],
  });
  for (const path of ["/health/", "//health", "//health/"]) {
    expect((await deployment().fetch(path)).status).toBe(200);
  }
});

test("every request of a user has a log line with its outcome, and no row contains a key or a body", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/session", { externalId: "s", title: "very secret" });
  await ada.post("/sync/session", {});
  await ada.get("/api/sessions/none");
  await t.fetch("/api/sessions", { headers: { Authorization: "Bearer osk_wrong" } });
  await t.fetch("/health");
  await t.fetch("/api/sessions", { method: "PUT" });
  await t.fetch(`/nothing/${ada.apiKey}/${"x".repeat(500)}`);
  const lines = await rows(t, "apiLogs");
  const shown = lines.map(({ endpoint, method, statusCode, errorCode, userId }) => [
    method,
    endpoint,
    statusCode,
    errorCode,
    userId === ada.userId,
  ]);
  expect(shown).toEqual([
    ["POST", "/sync/session", 200, undefined, true],
    ["POST", "/sync/session", 400, "INVALID_REQUEST", true],
    ["GET", "/api/sessions/:id", 404, "NOT_FOUND", true],
  ]);
  const counts = await rows(t, "strangerRequests");
  expect(JSON.stringify([lines, counts])).not.toMatch(new RegExp(`very secret|${ada.apiKey}`));
});

test("the database contains only a key's SHA-256 and prefix, never the key", async () => {
  const t = deployment();
  const { apiKey } = await person(t);
  const [user] = await rows(t, "users");
  expect(apiKey).toMatch(/^osk_[A-Za-z0-9_-]{32}$/);
  expect(user?.apiKey).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(user)).not.toContain(apiKey);
  expect(apiKey.startsWith(user?.apiKeyPrefix ?? "-")).toBe(true);
});
