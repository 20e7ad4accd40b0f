import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine, type TestUser } from "../local/testing.ts";

/** Exports and shared pages over real HTTP, on an engine that refuses what Convex refuses. */
let engine: TestEngine;
let ada: TestUser;

/** What Convex lets an answer have; the engine drops the rest, as Convex does. */
const ANSWER_LIMIT = 20 * 1024 * 1024;

beforeAll(async () => {
  engine = await startTestEngine({
    embeddings: false,
    env: { RATE_LIMIT_EXPORT: "off" },
  });
  ada = await engine.createUser();
});
afterAll(() => engine.stop());

const get = (path: string) => engine.request(path, { key: ada.apiKey });

async function send(path: string, json: unknown, method = "POST") {
  const answer = await engine.request(path, { key: ada.apiKey, json, method });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { publicSlug: string };
}

/** Ready for evaluation, and shared under the slug that comes back. */
async function publish(id: string): Promise<string> {
  return (await send(`/api/sessions/${id}`, { evalReady: true, isPublic: true }, "PATCH"))
    .publicSlug;
}

/** The text of an answer that arrived whole. */
async function whole(answer: Response): Promise<string> {
  expect(answer.status).toBe(200);
  const text = await answer.text();
  expect(text.length).toBeGreaterThan(0);
  expect(Buffer.byteLength(text)).toBeLessThan(ANSWER_LIMIT);
  return text;
}

type Document = { sessions: { messages: { textContent?: string }[] }[] };

/** All answers of an export, joined in a loop over the cursor. */
async function exported(query: string): Promise<string[]> {
  const texts: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const answer: Response = await get(`/api/export?${query}${cursor && `&cursor=${cursor}`}`);
    texts.push(await whole(answer));
    cursor = answer.headers.get("X-Export-Cursor");
  }
  return texts;
}

/** Stores a session whose messages have three rows each and the text `<id>-<n>.`, and publishes it; returns its slug. */
async function storeNumbered(id: string, count: number): Promise<string> {
  for (let start = 0; start < count; start += 400) {
    const messages = Array.from({ length: Math.min(400, count - start) }, (_, index) => ({
      sessionExternalId: id,
      externalId: `m${start + index}`,
      role: index % 2 ? "assistant" : "user",
      createdAt: Date.UTC(2026, 0, 1) + start + index,
      parts: [
        { type: "text", content: `${id}-${start + index}.` },
        { type: "tool-call", content: { name: "Read" } },
      ],
    }));
    await send("/sync/batch", { messages });
  }
  const slug = await publish(id);
  // Messages are counted a moment after they are stored.
  await engine.settle();
  const answer = await get(`/api/sessions/${id}?messages_limit=1`);
  expect(await answer.json()).toMatchObject({ messageCount: count });
  return slug;
}

const numbersIn = (texts: readonly string[], id: string) =>
  new Set(texts.flatMap((text) => text.match(new RegExp(`${id}-\\d+\\.`, "g")) ?? [])).size;

/** Reads a shared session page by page. Expects all messages, and on the first page the number of those that follow. */
async function expectShared(slug: string, form: string, id: string, count: number): Promise<void> {
  const texts: string[] = [];
  let next: string | undefined = `${slug}${form}`;
  while (next !== undefined) {
    const answer: Response = await engine.request(`/s/${next}`);
    texts.push(await whole(answer));
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1];
  }
  expect(texts.length).toBeGreaterThan(1);
  expect(numbersIn(texts, id)).toBe(count);
  const shown = numbersIn(texts.slice(0, 1), id);
  expect(texts[0]).toMatch(new RegExp(`\\b${count - shown}\\b`));
}

describe("a session of more rows than one query may read", () => {
  const MESSAGES = 11_200;
  let slug = "";

  beforeAll(async () => {
    slug = await storeNumbered("long", MESSAGES);
  }, 120_000);

  test("is exported whole", async () => {
    expect(numbersIn(await exported("format=jsonl&id=long"), "long")).toBe(MESSAGES);
  }, 60_000);

  test("is part of an export of all sessions", async () => {
    await send("/sync/message", {
      sessionExternalId: "short",
      externalId: "m",
      role: "user",
      textContent: "neighbour",
    });
    await publish("short");
    const texts = await exported("format=jsonl");
    expect(numbersIn(texts, "long")).toBe(MESSAGES);
    expect(texts.join("")).toContain("neighbour");
  }, 60_000);

  test("is shown at /s/:slug page by page, and the first page says how many messages follow", async () => {
    await expectShared(slug, "", "long", MESSAGES);
  }, 60_000);
});

describe("a session that an export reads in three steps", () => {
  const MESSAGES = 2_700;
  let slug = "";

  beforeAll(async () => {
    slug = await storeNumbered("steps", MESSAGES);
  }, 60_000);

  test.each(["json", "text", "markdown", "csv", "deepeval", "openai", "promptfoo&mode=replay"])(
    "is exported whole as %s",
    async (format) => {
      expect(numbersIn(await exported(`format=${format}&id=steps`), "steps")).toBe(MESSAGES);
    },
    60_000,
  );

  test.each([".md", ".json"])(
    "is shown at /s/:slug%s page by page, and the first page says how many messages follow",
    (form) => expectShared(slug, form, "steps", MESSAGES),
    60_000,
  );
});

describe("what grows when it is written down never passes what an answer may hold", () => {
  const store = (id: string, externalId: string, fields: object) =>
    send("/sync/message", { sessionExternalId: id, externalId, ...fields });
  const result = (content: unknown) => ({ parts: [{ type: "tool-result", content }] });

  test("a page of messages of control characters is shorter, and all of them come", async () => {
    const textContent = "\u0001".repeat(690_000);
    for (let index = 0; index < 6; index++) await store("control", `m${index}`, { textContent });
    const found: string[] = [];
    let cursor = "";
    do {
      const text = await whole(await get(`/api/sessions/control?messages_limit=200${cursor}`));
      const page = JSON.parse(text) as {
        messages: { externalId: string; textContent: string }[];
        messagesCursor: string | null;
      };
      for (const message of page.messages) {
        expect(message.textContent === textContent).toBe(true);
        found.push(message.externalId);
      }
      cursor = page.messagesCursor === null ? "" : `&messages_cursor=${page.messagesCursor}`;
    } while (cursor !== "");
    expect(found).toEqual(["m0", "m1", "m2", "m3", "m4", "m5"]);
  });

  test("what no answer can hold is left out, and named with the reason", async () => {
    // Two bytes each as they are stored, six where a line of JSON must not break.
    await store("dense", "m", { role: "assistant", textContent: "\u0085".repeat(3_600_000) });
    await store("dense", "after", { role: "assistant", textContent: "the end" });
    const answer = await get("/api/export?id=dense&format=jsonl");
    expect(await whole(answer)).toContain("the end");
    expect(answer.headers.get("X-Export-Skipped")).toBe(
      '1; sessions="dense"; reason="larger than one answer"',
    );
  });

  test("a message longer than a format interprets is cut in its text, and named", async () => {
    await store("long-text", "m", { role: "assistant", textContent: "漢字 ".repeat(500_000) });
    await store("long-text", "after", { role: "assistant", textContent: "the end" });
    for (const format of ["markdown", "text", "csv", "openai&style=chat"]) {
      const answer = await get(`/api/export?id=long-text&format=${format}`);
      const text = await whole(answer);
      expect(text).toContain("the end");
      expect(text).toContain("… 1.17MB more of this message");
      expect(answer.headers.get("X-Export-Cut")).toBe(
        '1; messages="m"; reason="longer than this format interprets"',
      );
    }
    const [json] = await exported("format=json&id=long-text");
    const [session] = (JSON.parse(json ?? "") as Document).sessions;
    expect(session?.messages[0]?.textContent === "漢字 ".repeat(500_000)).toBe(true);
  });

  const deep = (depth: number) =>
    JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`) as unknown;

  test.each<[string, object]>([
    ["four million quotes", result('"'.repeat(3_900_000))],
    [
      "80,000 small objects",
      result(Array.from({ length: 80_000 }, (_, id) => ({ id, name: "some name", on: true }))),
    ],
    ["700,000 numbers", result(Array(700_000).fill(1))],
    [
      "50 parts, 990 deep",
      { parts: Array(50).fill({ type: "tool-call", content: { name: "t", args: deep(990) } }) },
    ],
    [
      "a table of one wide head",
      { textContent: `${"|a".repeat(12_000)}|\n${"|-".repeat(12_000)}|\n${"x\n".repeat(25_000)}` },
    ],
    [
      "12,000 links to one long address",
      { textContent: `[a]: http://x/${"u".repeat(50_000)}\n\n${"[a]".repeat(12_000)}` },
    ],
  ])(
    "%s: the shared page, its forms and the export",
    async (name, message) => {
      const id = name.replace(/\W/g, "");
      await store(id, "m", { role: "assistant", ...message });
      await store(id, "after", { role: "user", textContent: "the end" });
      const slug = await publish(id);
      const paths = ["", ".md", ".json"].map((form) => `/s/${slug}${form}`);
      paths.push(`/api/export?id=${id}&format=markdown`, `/api/export?id=${id}&format=json`);
      for (const path of paths) {
        // Whole up to its end, or to where it says that it goes on.
        expect(await whole(await get(path))).toMatch(/the end|after=/);
      }
    },
    60_000,
  );
});
