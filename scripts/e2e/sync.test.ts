import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine, type TestUser } from "../local/testing.ts";

/** The sync door over real HTTP, on an engine that refuses what Convex refuses. */
let engine: TestEngine;
let ada: TestUser;

beforeAll(async () => {
  engine = await startTestEngine();
  ada = await engine.createUser();
});
afterAll(() => engine.stop());

type Message = { externalId: string; textContent?: string; parts: unknown[] };
type Session = {
  messages: Message[];
  messagesCursor: string | null;
  messageCount: number;
  promptTokens: number;
  title?: string;
};

const post = (path: string, json: unknown) => engine.request(path, { key: ada.apiKey, json });

async function readAll(id: string) {
  const messages: Message[] = [];
  let session: Session | undefined;
  for (let cursor: string | null = ""; cursor !== null; cursor = session.messagesCursor) {
    const query = `messages_limit=200${cursor && `&messages_cursor=${cursor}`}`;
    const answer = await engine.request(`/api/sessions/${id}?${query}`, { key: ada.apiKey });
    expect(answer.status).toBe(200);
    session = (await answer.json()) as Session;
    messages.push(...session.messages);
  }
  return { session, messages };
}

const nested = (depth: number) =>
  JSON.parse(`${'{"$n":'.repeat(depth)}1${"}".repeat(depth)}`) as unknown;

describe("what Convex would refuse as a value is stored and comes back equal", () => {
  test.each<[string, unknown[]]>([
    [
      "20,000 parts",
      Array.from({ length: 20_000 }, (_, i) => ({ type: "text", content: `p${i}` })),
    ],
    ["a 5 MB result", [{ type: "tool-result", content: "0123456789\n".repeat(470_000) }]],
    [
      "200 levels of $-keys",
      [{ type: "tool-call", content: { toolName: "t", args: nested(200) } }],
    ],
    ["20,000 elements", [{ type: "tool-call", content: { args: Array(20_000).fill(0) } }]],
    [
      "odd keys and lone surrogates",
      [
        {
          type: "tool-call",
          content: { "": 1, _id: 2, 日本: "\ud83c", ["k".repeat(1_100)]: "\u0000" },
        },
      ],
    ],
  ])("%s", async (name, parts) => {
    const sessionExternalId = name.replace(/\W/g, "");
    const answer = await post("/sync/message", { sessionExternalId, externalId: "m", parts });
    expect(answer.status).toBe(200);
    // Again, changed: what is replaced must fit a transaction too.
    const changed = [...parts, { type: "text", content: "one more" }];
    await post("/sync/message", { sessionExternalId, externalId: "m", parts: changed });
    const { messages } = await readAll(sessionExternalId);
    expect(messages).toHaveLength(1);
    expect(JSON.stringify(messages[0]?.parts) === JSON.stringify(changed)).toBe(true);
  });
});

test("a body of 8 MiB is stored whole", async () => {
  const body = { sessionExternalId: "full", externalId: "m", textContent: "" };
  const size = JSON.stringify(body).length;
  const textContent = "word ".repeat(2 ** 21).slice(0, 8 * 1024 * 1024 - size);
  const answer = await post("/sync/message", { ...body, textContent });
  expect(answer.status).toBe(200);
  const { messages } = await readAll("full");
  expect(messages[0]?.textContent === textContent).toBe(true);
});

test("a session of 400 messages, eight at a time, shuffled, each twice, is stored and counted once", async () => {
  const messages = Array.from({ length: 400 }, (_, n) => ({
    sessionExternalId: "burst",
    externalId: `m${n}`,
    role: n % 2 ? "assistant" : "user",
    textContent: `text ${n}`,
    promptTokens: n,
    createdAt: Date.UTC(2026, 0, 1) + n,
  }));
  const deliveries = [...messages, ...messages]
    .map((message, i) => ({ message, at: Math.imul(i + 7, 0x9e3779b1) >>> 0 }))
    .sort((a, b) => a.at - b.at);
  let next = 0;
  const worker = async () => {
    for (let item = deliveries[next++]; item; item = deliveries[next++]) {
      const answer = await post("/sync/message", item.message);
      expect(answer.status).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  await engine.settle();
  const { session, messages: stored } = await readAll("burst");
  expect(stored.map(({ textContent }) => textContent)).toEqual(
    messages.map(({ textContent }) => textContent),
  );
  expect(session).toMatchObject({ messageCount: 400, promptTokens: 79_800, title: "text 0" });
});

describe("a batch of any shape is stored in as many transactions as it needs", () => {
  const batch = (session: string, messages: number, parts: number, size: number, word: string) =>
    Array.from({ length: messages }, (_, m) => ({
      sessionExternalId: session,
      externalId: `m${m}`,
      textContent: `${word} ${m}`,
      parts: Array.from({ length: parts }, (_, p) => ({
        type: "tool-result",
        content: `${word} ${m}.${p} ${"x".repeat(size)}`,
      })),
    }));

  test.each([
    [500, 5, 0],
    [100, 40, 0],
    [30, 1, 250_000],
    [500, 1, 15_000],
  ])(
    "%i messages of %i parts of %i bytes, then all of them changed, then made short",
    async (messages, parts, size) => {
      const session = `batch-${messages}-${parts}-${size}`;
      for (const [word, count, length] of [
        ["first", parts, size],
        ["second", parts, size],
        ["third", 0, 0],
      ] as const) {
        const sent = batch(session, messages, count, length, word);
        const answer = await post("/sync/batch", { messages: sent });
        expect(answer.status).toBe(200);
        const outcome = word === "first" ? "inserted" : "updated";
        expect(await answer.json()).toMatchObject({
          messages,
          errors: [],
          results: { messages: { [outcome]: messages } },
        });
        const { messages: stored } = await readAll(session);
        expect(stored.map(({ parts: kept }) => kept)).toEqual(sent.map(({ parts: own }) => own));
      }
    },
    60_000,
  );

  test("500 messages of 31 parts are 16,000 rows, the most that one transaction may write", async () => {
    const messages = batch("rows", 500, 31, 0, "new");
    const answer = await post("/sync/batch", { messages });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ messages: 500, errors: [] });
  }, 30_000);

  test("what several bodies brought, one may replace", async () => {
    const long = batch("heavy", 40, 1, 500_000, "long");
    for (let at = 0; at < long.length; at += 10) {
      const messages = long.slice(at, at + 10);
      expect((await post("/sync/batch", { messages })).status).toBe(200);
    }
    const short = batch("heavy", 40, 0, 0, "short");
    expect((await post("/sync/batch", { messages: short })).status).toBe(200);
    const { messages } = await readAll("heavy");
    expect(messages.map(({ textContent }) => textContent)).toEqual(
      short.map(({ textContent }) => textContent),
    );
  });
});

test("rubbish on the wire is answered, never with a 5xx", async () => {
  const bodies = ["", "{", "[]", "null", '"x"', "{}", '{"a":}', "\u0000", `${"[".repeat(100_000)}`];
  for (const path of ["/sync/session", "/sync/message", "/sync/batch"]) {
    for (const body of bodies) {
      const answer = await engine.request(path, { key: ada.apiKey, method: "POST", body });
      expect(answer.status === 200 || (answer.status >= 400 && answer.status < 500)).toBe(true);
      expect(await answer.json()).toBeTypeOf("object");
    }
  }
});
