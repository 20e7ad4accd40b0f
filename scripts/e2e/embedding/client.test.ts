import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { embeddingProvider, embedTexts, requestsOf } from "../../../convex/clients/embeddings";
import {
  answer,
  DIMENSIONS,
  type Provider,
  respond,
  startProvider,
  vectorOf,
} from "./server.fixture";

let server: Provider;
beforeEach(async () => {
  server = await startProvider();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const embed = (...texts: string[]) =>
  embedTexts({ apiKey: "k", baseURL: server.url, model: "m" }, texts);
const quickly = { "retry-after-ms": "1" };

describe("the provider is the environment's", () => {
  test("without a key, or with a blank one, there is none", () => {
    vi.stubEnv("OPENAI_API_KEY", undefined);
    expect(embeddingProvider()).toBeUndefined();
    vi.stubEnv("OPENAI_API_KEY", "  ");
    expect(embeddingProvider()).toBeUndefined();
  });

  test("with a key it is OpenAI's small model, unless told otherwise", () => {
    vi.stubEnv("OPENAI_API_KEY", "k");
    expect(embeddingProvider()).toEqual({ apiKey: "k", model: "text-embedding-3-small" });
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    vi.stubEnv("OPENAI_EMBEDDING_MODEL", "other");
    expect(embeddingProvider()).toMatchObject({ baseURL: "http://127.0.0.1:1/v1", model: "other" });
  });
});

describe("texts become vectors in order", () => {
  test("in one request that asks for 1,536 dimensions", async () => {
    const outcome = await embed("one", "two");
    expect(outcome).toEqual({ ok: true, vectors: [vectorOf("one"), vectorOf("two")] });
    expect(server.requests).toMatchObject([
      { model: "m", dimensions: DIMENSIONS, input: ["one", "two"] },
    ]);
  });

  test("whatever order the server numbers them in", async () => {
    const body = answer(["one", "two"]);
    server.faults.push(respond(200, { ...body, data: [...body.data].reverse() }));
    expect((await embed("one", "two")).vectors).toEqual([vectorOf("one"), vectorOf("two")]);
  });

  test("and nothing is asked for when there is nothing", async () => {
    expect(await embed()).toEqual({ ok: true, vectors: [] });
    expect(server.requests).toEqual([]);
  });

  test("requests hold as many texts as inputs and tokens allow", () => {
    const short = Array.from({ length: 1_000 }, (_, i) => `text ${i}`);
    expect(requestsOf(short).map((texts) => texts.length)).toEqual([512, 488]);
    const long = Array.from({ length: 300 }, () => "x".repeat(4_000));
    const sizes = requestsOf(long).map((texts) => texts.length);
    expect(sizes.reduce((a, b) => a + b)).toBe(300);
    expect(Math.max(...sizes) * 4_000).toBeLessThan(300_000 * 3);
    expect(sizes).toHaveLength(2);
  });
});

describe("a passing problem is reported at once, because a run that waits holds a job", () => {
  test.each([
    ["429", respond(429, { error: { message: "slow down" } }, quickly)],
    ["500", respond(500, { error: { message: "oops" } }, quickly)],
    ["503 with a page", respond(503, "<html>", { ...quickly, "content-type": "text/html" })],
    ["a cut connection", (response: { destroy: () => void }) => response.destroy()],
  ])("%s", async (_, fault) => {
    server.faults.push(fault);
    expect(await embed("one")).toMatchObject({ ok: false, failure: { isPermanent: false } });
    expect(server.requests).toHaveLength(1);
  });
});

describe("a lasting problem is told apart", () => {
  const failure = async (...texts: string[]) => {
    const outcome = await embed(...texts);
    return outcome.ok ? undefined : outcome.failure;
  };

  test("429 to the end says when to come back", async () => {
    server.always = respond(429, { error: { message: "no" } }, { ...quickly, "retry-after": "7" });
    const limited = { kind: "rate_limited", isPermanent: false, retryAfterMs: 7_000 };
    expect(await failure("one")).toMatchObject(limited);
    expect(server.requests).toHaveLength(1);
  });

  test("an empty account will not fill by waiting", async () => {
    const body = { error: { message: "quota", code: "insufficient_quota" } };
    server.always = respond(429, body, quickly);
    expect(await failure("one")).toMatchObject({ kind: "rate_limited", isPermanent: true });
  });

  test("500 to the end is unavailable", async () => {
    server.always = respond(500, {}, quickly);
    expect(await failure("one")).toMatchObject({ kind: "unavailable", isPermanent: false });
  });

  test("no answer in time is unavailable", async () => {
    server.always = () => {};
    const impatient = {
      apiKey: "k",
      baseURL: server.url,
      model: "m",
      timeoutMs: 40,
      maxRetries: 1,
    };
    const outcome = await embedTexts(impatient, ["one"]);
    expect(outcome).toMatchObject({
      ok: false,
      failure: { kind: "unavailable", isPermanent: false },
    });
    expect(server.requests).toHaveLength(2);
  });

  test("a server that is not there is unavailable", async () => {
    await server.close();
    expect(await failure("one")).toMatchObject({ kind: "unavailable", isPermanent: false });
  });

  test.each([401, 403, 404])("%d is refused, and not tried again", async (status) => {
    server.always = respond(status, { error: { message: "no" } });
    expect(await failure("one")).toMatchObject({ kind: "refused", isPermanent: true });
    expect(server.requests).toHaveLength(1);
  });

  test("a vector of another length is an invalid answer that names both lengths", async () => {
    server.always = (response, { input }) =>
      respond(200, answer(input, 768))(response, { input, model: "" });
    expect(await failure("one")).toMatchObject({
      kind: "invalid_answer",
      message: "The embedding model answered 768 dimensions instead of 1536.",
    });
  });

  test.each([
    ["no data", {}],
    ["too few", answer([])],
    ["no numbers", { data: [{ index: 0, embedding: "AAAA" }] }],
    ["holes", { data: [{ index: 5, embedding: vectorOf("x") }] }],
    ["not numbers", { data: [{ index: 0, embedding: vectorOf("x").map(() => null) }] }],
  ])("an answer with %s is invalid", async (_, body) => {
    server.always = respond(200, body);
    expect(await failure("one")).toMatchObject({ kind: "invalid_answer" });
  });

  test("malformed JSON is a failure, not an exception", async () => {
    server.always = respond(200, '{"data": [');
    expect(await failure("one")).toMatchObject({ kind: "unavailable" });
  });
});

describe("what is too large for the provider", () => {
  const refusing = (tooMuch: (input: string[]) => boolean) => {
    server.always = (response, request) =>
      tooMuch(request.input)
        ? respond(400, { error: { message: "maximum context length" } })(response, request)
        : respond(200, answer(request.input))(response, request);
  };

  test("is sent in halves, and comes back in order", async () => {
    refusing((input) => input.length > 2);
    const texts = ["a", "b", "c", "d", "e"];
    expect(await embed(...texts)).toEqual({
      ok: true,
      vectors: texts.map((text) => vectorOf(text)),
    });
  });

  test("is embedded by its beginning when it is a single text", async () => {
    refusing((input) => (input[0] ?? "").length > 1_000);
    const text = "word ".repeat(700);
    expect((await embed(text)).ok).toBe(true);
    expect(server.requests[server.requests.length - 1]?.input[0]?.length).toBeGreaterThan(400);
  });

  test("ends in a refusal when nothing is small enough, after a bounded number of requests", async () => {
    refusing(() => true);
    const outcome = await embed(...Array.from({ length: 400 }, () => "word ".repeat(100)));
    expect(outcome).toMatchObject({ ok: false, vectors: [], failure: { kind: "refused" } });
    expect(server.requests.length).toBeLessThan(15);
  });

  test("keeps the vectors that were paid for before a failure", async () => {
    const texts = Array.from({ length: 600 }, (_, i) => `text ${i}`);
    server.faults.push(undefined, respond(401, {}));
    const outcome = await embed(...texts);
    expect(outcome.ok).toBe(false);
    expect(outcome.vectors).toHaveLength(512);
  });
});
