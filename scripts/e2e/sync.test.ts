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
    ["9,000 parts", Array.from({ length: 9_000 }, (_, i) => ({ type: "text", content: `p${i}` }))],
    ["a 2 MB result", [{ type: "tool-result", content: "0123456789\n".repeat(190_000) }]],
    [
      "200 levels of $-keys",
      [{ type: "tool-call", content: { toolName: "t", args: nested(200) } }],
    ],
    ["9,000 elements", [{ type: "tool-call", content: { args: Array(9_000).fill(0) } }]],
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

const MIB = 1024 * 1024;
const words = (bytes: number) => "word ".repeat(bytes / 5 + 1).slice(0, bytes);

test("a body of 8 MiB is stored whole if no message in it exceeds 7 MiB, and such a message can be replaced", async () => {
  const messages = ["a", "b"].map((externalId) => ({
    sessionExternalId: "full",
    externalId,
    textContent: "",
  }));
  const room = 8 * MIB - JSON.stringify({ messages }).length;
  const [texts, rest] = [words(7 * MIB), words(room - 7 * MIB)];
  const sent = messages.map((message, at) => ({ ...message, textContent: at ? rest : texts }));
  const answer = await post("/sync/batch", { messages: sent });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ messages: 2, errors: [] });
  const { messages: stored } = await readAll("full");
  expect(stored.map(({ textContent }) => textContent === rest || textContent === texts)).toEqual([
    true,
    true,
  ]);
  const other = texts.replaceAll("word", "term");
  const replaced = await post("/sync/message", { ...messages[0], textContent: other });
  expect(replaced.status).toBe(200);
  const after = (await readAll("full")).messages.find(({ externalId }) => externalId === "a");
  expect(after?.textContent === other).toBe(true);
});

describe("the largest message there is can be stored, and replaced by another", () => {
  const text = (content: string) => ({ type: "text", content });
  /** Replaces a message of its own size, because deleting costs most with most rows. Others replace a short one. */
  const REPLACED = "in as many rows as there can be";
  test.each<[string, object, object?]>([
    // The text that is searched and shown is put together from the part, as far as there is room.
    ["of one text part", { parts: [text(words(5 * MIB))] }, { textContent: words(2 * MIB) }],
    [
      "of numbers that are stored with their zeros",
      { parts: [{ type: "x", content: Array<number>(333_000).fill(1e20) }] },
    ],
    [
      "in as many rows as there can be",
      {
        parts: Array.from({ length: 1_000 }, (_, at) =>
          text(at < 447 ? `${"x".repeat(16_384)}y` : ""),
        ),
        textContent: "t",
      },
    ],
    [
      "of 60,000 parts",
      { parts: Array.from({ length: 60_000 }, () => ({ type: "t", content: 0 })) },
    ],
  ])(
    "%s",
    async (name, said, shown = {}) => {
      const ids = { sessionExternalId: name, externalId: "m" };
      const first = name === REPLACED ? said : { parts: [text("short")] };
      for (const sent of [
        { ...first, model: "first" },
        { ...said, model: "second" },
      ]) {
        const answer = await post("/sync/message", { ...ids, ...sent });
        expect(answer.status).toBe(200);
      }
      const { messages } = await readAll(name);
      const kept = Object.entries({ ...said, ...shown, model: "second" }).map(
        ([field, value]) =>
          JSON.stringify((messages[0] as Record<string, unknown>)[field]) === JSON.stringify(value),
      );
      expect(kept).not.toContain(false);
    },
    60_000,
  );
});

describe("a message that is too large is named, and its neighbours are stored", () => {
  const large = "takes more than 7340032 bytes in storage";
  const many = "contains too many values: parsed, they take more than 18 MiB of memory";
  test.each<[string, string, object]>([
    ["350,000 parts", many, { parts: Array.from({ length: 350_000 }, () => ({ type: "t" })) }],
    ["4 million numbers as parts", many, { parts: Array<number>(4_000_000).fill(1) }],
    [
      "172,000 parts",
      many,
      { parts: Array.from({ length: 172_000 }, () => ({ type: "t", content: 0 })) },
    ],
    [
      "1.2 million numbers that grow",
      many,
      { parts: [{ type: "x", content: Array<number>(1_200_000).fill(1e20) }] },
    ],
    [
      "400,000 numbers that grow",
      large,
      { parts: [{ type: "x", content: Array<number>(400_000).fill(1e20) }] },
    ],
    ["a text beyond 7 MiB", large, { textContent: words(7 * MIB + 1) }],
    ["a text part beyond 7 MiB", large, { parts: [{ type: "text", content: words(7 * MIB + 1) }] }],
  ])(
    "%s",
    async (name, reason, said) => {
      const ids = { sessionExternalId: name, externalId: "bad" };
      // A number that JavaScript prints long, as other languages print it.
      const body = (value: unknown) =>
        JSON.stringify(value).replaceAll(`1${"0".repeat(20)}`, "1e20");
      const send = (path: string, value: unknown) =>
        engine.request(path, { key: ada.apiKey, method: "POST", body: body(value) });
      const neighbours = ["before", "after"].map((externalId) => ({
        sessionExternalId: name,
        externalId,
        textContent: externalId,
      }));
      const messages = [neighbours[0], { ...ids, ...said }, neighbours[1]];
      const answer = await send("/sync/batch", { messages });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({
        messages: 2,
        errors: [expect.stringMatching(`^messages\\[1\\]: (parts )?${reason}$`)],
      });
      const alone = await send("/sync/message", { ...ids, ...said });
      expect(alone.status).toBe(413);
      const refusal = (await alone.json()) as { code: string };
      expect(refusal.code).toBe("PAYLOAD_TOO_LARGE");
      expect(JSON.stringify(refusal)).toContain(reason);
      const { messages: stored } = await readAll(name);
      expect(stored.map(({ externalId }) => externalId)).toEqual(["before", "after"]);
    },
    60_000,
  );

  test("a text and parts of two deliveries, together too large", async () => {
    const message = (externalId: string, said: object) => ({
      sessionExternalId: "two",
      externalId,
      ...said,
    });
    const text = { textContent: words(4 * MIB) };
    const parts = { parts: [{ type: "tool-result", content: words(4 * MIB) }] };
    expect((await post("/sync/message", message("m", text))).status).toBe(200);
    const batch = [
      ...["a", "b", "c"].map((id) => message(id, { textContent: id })),
      message("m", parts),
      message("d", { textContent: "d" }),
    ];
    const answer = await post("/sync/batch", { messages: batch });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      messages: 4,
      errors: ["messages[3]: is too large, together with what is stored of it"],
    });
    expect((await post("/sync/message", message("m", parts))).status).toBe(413);
    const { messages } = await readAll("two");
    expect(messages.map(({ externalId }) => externalId).sort()).toEqual(["a", "b", "c", "d", "m"]);
    expect(messages.find(({ externalId }) => externalId === "m")).toMatchObject({
      ...text,
      parts: [],
    });
  }, 60_000);
});

test("80 messages sent twice each, shuffled, eight at a time, are stored and counted once", async () => {
  const messages = Array.from({ length: 80 }, (_, n) => ({
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
  expect(session).toMatchObject({ messageCount: 80, promptTokens: 3_160, title: "text 0" });
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
    // Each takes three transactions or more.
    [300, 5, 0],
    [70, 40, 0],
    [12, 1, 250_000],
    [300, 1, 6_000],
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

  test("one body may replace what several bodies stored", async () => {
    // More bytes than one transaction may read.
    const long = batch("heavy", 34, 1, 500_000, "long");
    for (let at = 0; at < long.length; at += 10) {
      const messages = long.slice(at, at + 10);
      expect((await post("/sync/batch", { messages })).status).toBe(200);
    }
    const short = batch("heavy", 34, 0, 0, "short");
    expect((await post("/sync/batch", { messages: short })).status).toBe(200);
    const { messages } = await readAll("heavy");
    expect(messages.map(({ textContent }) => textContent)).toEqual(
      short.map(({ textContent }) => textContent),
    );
  });
});

test("a batch that creates its session reads nothing for each of its messages", async () => {
  const batch = (id: string, count: number) => ({
    sessions: [{ externalId: id }],
    messages: Array.from({ length: count }, (_, n) => ({
      ...{ sessionExternalId: id, externalId: `m${n}`, role: "user", textContent: `text ${n}` },
      createdAt: Date.UTC(2026, 5, 1) + n,
    })),
  });
  const measured = (id: string, count: number) =>
    engine.measure(async () => {
      expect((await post("/sync/batch", batch(id, count))).status).toBe(200);
    });
  const [one, forty] = [await measured("few", 1), await measured("many", 40)];
  // The first request of a minute reads a little more, because it begins the count of its limit.
  expect(forty.indexRanges - one.indexRanges).toBeLessThan(5);
  expect(forty.documentsRead - one.documentsRead).toBeLessThan(5);
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
