import { beforeEach, describe, expect, test } from "vitest";
import { endpoints } from "../http";
import { deployment, eachTestAt, person, settle } from "../test.setup";
import type { Person } from "../test.setup";
import { examples } from "../wire/examples";

eachTestAt(Date.UTC(2026, 0, 22, 12));

let ada: Person;
beforeEach(async () => {
  const t = deployment();
  ada = await person(t);
  await ada.post("/sync/batch", examples.syncBatch?.body);
  await settle(t);
});

/** A date as RFC 9745 writes it. */
const DATE = /^@\d{10}$/;

describe("a request under names of older clients", () => {
  test.each([
    ["GET", "/api/sessions?tool=claude-code"],
    ["GET", "/api/search?query=upload"],
    ["GET", "/search?q=upload"],
    ["GET", `/api/sessions/get?id=${examples.getSession?.param}`],
    ["GET", `/api/sessions/${examples.getSession?.param}?limit=5`],
    ["GET", "/api/export/evals?all=true"],
    ["POST", "/api/search", { q: "upload" }],
  ])("%s %s is served, with a Deprecation header", async (method, path, body?: object) => {
    const answer = await ada.send(method, path, body);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Deprecation")).toMatch(DATE);
    expect(answer.headers.get("Access-Control-Expose-Headers")).toContain("Deprecation");
  });

  test("is told apart from one that writes a documented name in the other case, or with an s", async () => {
    for (const path of [
      "/api/sessions?source=claude-code",
      "/api/sessions?includeEmpty=true",
      "/api/export?all=true&anonymise=true",
      "/api/context?q=upload&maxTokens=500",
    ]) {
      const answer = await ada.get(path);
      expect([path, answer.status, answer.headers.get("Deprecation")]).toEqual([path, 200, null]);
    }
  });

  test("never to /sync/*, whose names plugins cannot change", async () => {
    const answer = await ada.post("/sync/session", { sessionId: "s" });
    expect(answer.headers.get("Deprecation")).toBeNull();
  });
});

test("every deprecated endpoint names the one that replaces it", () => {
  const old = endpoints.filter(({ route }) => route.deprecated);
  expect(old.map(({ route }) => route.path)).toContain("/api/export/evals");
  for (const { route } of old)
    expect(route.summary).toMatch(/Alias of `[^`]*\/api\/|id as a query/);
});
