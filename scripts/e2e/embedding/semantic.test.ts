import { describe, expect, test } from "vitest";
import {
  conversation,
  person,
  read,
  type TestSession,
  type Person,
} from "../../../convex/test.setup";
import type { ContextAnswer } from "../../../convex/wire/context";
import type { SearchAnswer } from "../../../convex/wire/search";
import { answer, respond } from "./server.fixture";
import { ada, clock, eachTestWithProvider, HOUR, server, t } from "./world.fixture";

eachTestWithProvider();

/** Syncs a session in which this was said, and lets it be embedded. */
async function sync(who: Person, externalId: string, said: string[], about: TestSession = {}) {
  await who.post("/sync/batch", conversation(externalId, said, about));
  await clock.advance(t, HOUR);
}
async function search(who: Person, body: object): Promise<SearchAnswer> {
  const response = await who.post("/search", body);
  expect(response.status).toBe(200);
  return await read<SearchAnswer>(response);
}
const ids = ({ results }: SearchAnswer) => results.map((result) => result.externalId);

describe("semantic search", () => {
  test("finds the passage that means it, nearest first, each session once", async () => {
    await sync(ada, "keys", ["rotate the signing keys", "rotated the signing keys every month"]);
    await sync(ada, "build", ["speed up the build"], { title: "Build" });
    const found = await search(ada, { query: "signing keys rotate", type: "semantic" });
    expect(found).toMatchObject({ type: "semantic", degraded: false });
    expect(ids(found)[0]).toBe("keys");
    expect(new Set(ids(found)).size).toBe(ids(found).length);
    expect(found.results[0]).toMatchObject({
      matchedIn: ["semantic"],
      snippet: "rotate the signing keys",
    });
    const scores = found.results.map((result) => result.score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const score of scores) expect(score >= 0 && score <= 1).toBe(true);
  });

  test("never finds another user's text", async () => {
    const eve = await person(t, "eve@example.com");
    await sync(eve, "secret", ["rotate the signing keys"], { title: "signing keys" });
    const contextOf = async (who: Person) => {
      const { context } = await read<ContextAnswer>(who.get("/api/context?q=signing+keys"));
      return context.map(({ externalId }) => externalId);
    };
    for (const type of ["semantic", "hybrid"]) {
      expect(ids(await search(eve, { query: "signing keys", type }))).toEqual(["secret"]);
      expect(ids(await search(ada, { query: "signing keys", type }))).toEqual([]);
    }
    expect(await contextOf(eve)).toEqual(["secret"]);
    expect(await contextOf(ada)).toEqual([]);
  });

  test("finds nothing where nothing has anything in common with the query, nor does context", async () => {
    await sync(ada, "keys", ["rotate the signing keys", "rotated the signing keys every month"]);
    await sync(ada, "build", ["speed up the build"], { title: "Build" });
    for (const type of ["semantic", "hybrid"]) {
      const found = await search(ada, { query: "qwertynothing", type });
      expect(found).toMatchObject({ results: [], degraded: false, truncated: false });
    }
    const context = await read<ContextAnswer>(ada.get("/api/context?q=qwertynothing"));
    expect(context).toMatchObject({ context: [], text: "", degraded: false });
    expect(
      (await search(ada, { query: "qwertynothing build", type: "hybrid" })).results,
    ).toMatchObject([{ externalId: "build" }]);
  });

  test("honours filters that no vector index has", async () => {
    await sync(ada, "a", ["rotate keys"], { source: "claude-code", projectName: "p1" });
    await sync(ada, "b", ["hello", "rotate keys"], { source: "pi", projectName: "p2" });
    const by = async (filter: object) =>
      ids(await search(ada, { query: "rotate keys", type: "semantic", ...filter }));
    expect(await by({ source: "pi" })).toEqual(["b"]);
    expect(await by({ project: "p1" })).toEqual(["a"]);
    expect(await by({ role: "assistant" })).toEqual(["b"]);
  });

  test("names the sessions whose news wait to be embedded, and no other user's", async () => {
    const search1 = () => search(ada, { query: "signing keys", type: "semantic" });
    await sync(ada, "old", ["rotate the signing keys"]);
    expect(await search1()).not.toHaveProperty("pending");
    const eve = await person(t, "eve@example.com");
    await eve.post("/sync/batch", conversation("hers", ["signing keys of Eve"]));
    for (const id of ["new", "newer"]) {
      await ada.post("/sync/batch", conversation(id, ["the signing keys again"]));
    }
    await clock.advance(t, 5_000);
    expect(await search1()).toMatchObject({ pending: 2 });
    expect(await search(ada, { query: "keys", type: "hybrid" })).toMatchObject({ pending: 2 });
    await clock.advance(t, HOUR);
    expect(await search1()).not.toHaveProperty("pending");
  });

  test("names copies under the best of them", async () => {
    const said = ["rotate the signing keys every month, please"];
    await sync(ada, "original", said);
    await sync(ada, "fork", said, { parentExternalId: "original" });
    await sync(ada, "other", ["which keys are signing keys"]);
    for (const type of ["semantic", "hybrid"]) {
      const { results, facets } = await search(ada, { query: "rotate signing keys", type });
      expect(results).toHaveLength(2);
      const best = results.find(({ alsoIn }) => alsoIn !== undefined);
      const places = [best?.externalId, ...(best?.alsoIn ?? []).map((copy) => copy.externalId)];
      expect(places.sort()).toEqual(["fork", "original"]);
      expect(facets.source.map(({ count }) => count)).toEqual([3]);
    }
  });

  test("a wrong key costs no embedding", async () => {
    const response = await t.fetch("/search", {
      method: "POST",
      headers: { Authorization: "Bearer osk_wrongwrongwrongwrongwrongwrongwrongwrong" },
      body: JSON.stringify({ query: "keys", type: "semantic" }),
    });
    expect(response.status).toBe(401);
    expect(server.requests).toEqual([]);
  });

  test.each([
    ["too long for a model", "keys ".repeat(4_000), ["s"]],
    ["emoji", "🎉🚀", []],
    ["punctuation", "?!…", []],
  ])("a query of %s is answered", async (_, query, expected) => {
    await sync(ada, "s", ["rotate keys"]);
    const before = server.requests.length;
    expect(ids(await search(ada, { query, type: "semantic" }))).toEqual(expected);
    const sent = server.requests.slice(before).flatMap(({ input }) => input);
    expect(sent).toHaveLength(1);
    for (const text of sent) {
      expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(8_000);
    }
  });

  test("while the provider fails it is a 503 without its details", async () => {
    server.always = respond(
      500,
      { error: { message: "internal secrets" } },
      { "retry-after-ms": "1" },
    );
    const response = await ada.post("/search", { query: "keys", type: "semantic" });
    expect(response.status).toBe(503);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: "UNAVAILABLE" });
    expect(text).not.toContain("secrets");
  });
});

describe("hybrid search", () => {
  test("merges both, and says which side found what", async () => {
    server.always = (response, request) =>
      respond(200, answer(request.input.map((text) => text.replace("keychain", "keys"))))(
        response,
        request,
      );
    await sync(ada, "both", ["rotate the signing keys"], { title: "Keys" });
    await sync(ada, "near", ["something about the keychain"]);
    const found = await search(ada, { query: "signing keys", type: "hybrid" });
    expect(found).toMatchObject({ type: "hybrid", degraded: false });
    expect(found.results[0]).toMatchObject({
      externalId: "both",
      matchedIn: ["fulltext", "semantic"],
    });
    expect(found.results.find((one) => one.externalId === "near")?.matchedIn).toEqual(["semantic"]);
    const scores = found.results.map((result) => result.score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(scores[0]).toBeLessThanOrEqual(1);
  });

  test("puts what the query names by its id first", async () => {
    await sync(ada, "0198c-keys", ["something else entirely"]);
    await sync(ada, "near", ["0198c-keys 0198c-keys 0198c-keys"]);
    const { results } = await search(ada, { query: "0198c-keys", type: "hybrid" });
    expect(results[0]).toMatchObject({ externalId: "0198c-keys", matchedIn: ["id"] });
    expect(results.map(({ externalId }) => externalId)).toEqual(["0198c-keys", "near"]);
  });

  test.each([
    ["fails", respond(500, {}, { "retry-after-ms": "1" })],
    ["has revoked the key", respond(401, {})],
    ["answers nonsense", respond(200, "<html>")],
  ])("answers full text while the provider %s, and says so", async (_, fault) => {
    await sync(ada, "s", ["rotate the signing keys"]);
    server.always = fault;
    const found = await search(ada, { query: "signing", type: "hybrid" });
    expect(found).toMatchObject({ degraded: true, results: [{ externalId: "s" }] });
    expect(found.reason).toContain("provider");
  });
});

test("the context holds what only meaning finds", async () => {
  await sync(ada, "keys", ["why", "the keychain is rotated monthly"]);
  server.always = (response, request) =>
    respond(200, answer(request.input.map((text) => text.replace("cadence", "rotated monthly"))))(
      response,
      request,
    );
  const found = await read<ContextAnswer>(ada.get("/api/context?q=cadence"));
  expect(found).toMatchObject({ degraded: false, sessionCount: 1 });
  expect(found.text).toContain("the keychain is rotated monthly");
});
