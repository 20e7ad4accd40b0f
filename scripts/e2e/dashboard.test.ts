import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestUser } from "../local/testing.ts";
import { startDashboard, type Dashboard } from "./signIn.fixture.ts";

/** What the dashboard asks for, with as much stored as may be, on an engine that refuses what Convex refuses. */
let dashboard: Dashboard;

beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(() => dashboard.engine.stop());

const post = (who: TestUser, path: string, json: unknown, method = "POST") =>
  dashboard.engine.request(path, { key: who.apiKey, json, method });

/** Sends sessions (or messages) in batches; each must be stored. */
async function send(who: TestUser, kind: "sessions" | "messages", items: object[], size = 200) {
  for (let at = 0; at < items.length; at += size) {
    const answer = await post(who, "/sync/batch", { [kind]: items.slice(at, at + size) });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { errors: unknown[] }).errors).toEqual([]);
  }
  await dashboard.engine.settle();
}

/** Runs a dashboard's query as this user. */
const ask = <T>(who: TestUser, path: string, args: object) =>
  dashboard.call("query", path, who.userId, args) as Promise<T>;

describe("700 sessions with all the words that plugins and reviewers may add", () => {
  let ada: TestUser;
  const SESSIONS = 700;
  const REVIEWED = 100;
  const notes = "語".repeat(10_000);
  const expected = "話".repeat(50_000);
  const label = "名".repeat(660);

  beforeAll(async () => {
    ada = await dashboard.engine.createUser();
    const createdAt = Date.now() - 86_400_000 * 0.75;
    const sessions = Array.from({ length: SESSIONS }, (_, n) => ({
      createdAt,
      ...{ externalId: `s${n}`, title: `title ${label}`, projectPath: label, projectName: label },
      ...{ model: label, provider: label, endReason: label, source: label },
    }));
    await send(ada, "sessions", sessions);
    const evalTags = Array.from({ length: 50 }, (_, n) => `${n} ${"籤".repeat(97)}`);
    for (let cursor: string | null = ""; cursor !== null;) {
      const path = `/api/sessions?include_empty=true&limit=100${cursor && `&cursor=${cursor}`}`;
      const answer = await dashboard.engine.request(path, { key: ada.apiKey });
      const page = (await answer.json()) as { sessions: { id: string }[]; cursor: string | null };
      const sessionIds = page.sessions.map(({ id }) => id);
      const marks = { sessionIds, evalReady: true, evalTags };
      await dashboard.call("mutation", "evals:bulkUpdate", ada.userId, marks);
      cursor = page.cursor;
    }
    for (let n = 0; n < REVIEWED; n++) {
      const texts = { evalNotes: notes, expectedOutput: expected };
      expect((await post(ada, `/api/sessions/s${n}`, texts, "PATCH")).status).toBe(200);
    }
  }, 120_000);

  test("are listed over HTTP, and one shows what its reviewer wrote", async () => {
    const list = await dashboard.engine.request("/api/sessions?include_empty=true&limit=200", {
      key: ada.apiKey,
    });
    expect(list.status).toBe(200);
    expect(((await list.json()) as { sessions: object[] }).sessions).toHaveLength(200);
    const one = await dashboard.engine.request("/api/sessions/s8", { key: ada.apiKey });
    expect(await one.json()).toMatchObject({ evalNotes: notes, expectedOutput: expected });
    const ids = await dashboard.engine.request("/sync/sessions/list", { key: ada.apiKey });
    expect(((await ids.json()) as { sessionIds: string[] }).sessionIds).toHaveLength(SESSIONS);
  });

  test.each<[string, object]>([
    ["evals:listEvalSessions", {}],
    ["evals:listPage", { limit: 200 }],
    ["evals:listPage", { tag: "none" }],
    ["evals:getEvalTags", {}],
    ["evals:getEvalModels", {}],
    ["evals:previewExport", { sessionIds: "all" }],
    ["analytics:sessionsWithDetails", { limit: 200 }],
    ["analytics:sessionsWithDetails", { filterModel: "none" }],
    ["analytics:sessionsWithDetails", { filterModel: label }],
    ["search:searchSessionsPaginated", { query: "", limit: 50, cursor: 450 }],
    ["search:searchSessionsPaginated", { query: "title", limit: 50, cursor: 0 }],
    ["sessions:exportAllDataCSV", {}],
    ["wrapped:getWrappedStats", {}],
  ])("are no obstacle to %s %j", async (path, args) => {
    await ask(ada, path, args);
  });

  test("are passed over by an export that takes none of them", async () => {
    const path = "/api/export?format=json&tag=none";
    const answer = await dashboard.engine.request(path, { key: ada.apiKey });
    expect(await answer.json()).toMatchObject({ sessions: [] });
  });

  test("do not keep their day from being closed", async () => {
    await dashboard.engine.runFunction("wrapped:closeDays");
  });

  test("are exported with what their reviewers wrote", async () => {
    const seen: string[] = [];
    let path: string | null = "/api/export?format=json";
    while (path !== null) {
      const answer: Response = await dashboard.engine.request(path, { key: ada.apiKey });
      expect(answer.status).toBe(200);
      type Exported = { externalId: string; evalNotes?: string; expectedOutput?: string };
      for (const one of ((await answer.json()) as { sessions: Exported[] }).sessions) {
        const isWhole = one.evalNotes === notes && one.expectedOutput === expected;
        seen.push(`${one.externalId} ${isWhole}`);
      }
      path = /<([^>]+)>/.exec(answer.headers.get("Link") ?? "")?.[1] ?? null;
    }
    const all = Array.from({ length: SESSIONS }, (_, n) => `s${n} ${n < REVIEWED}`);
    expect(seen.sort()).toEqual(all.sort());
  }, 60_000);
});

type Conversation = {
  messages: {
    _id: string;
    textContent?: string;
    parts: { type: string; content: unknown }[];
  }[];
  messagesCursor: string | null;
};

describe("a conversation too large for one answer", () => {
  /** All pages of a session, through `sessions.get`. */
  async function pagesOf(who: TestUser, sessionId: string): Promise<Conversation[]> {
    const pages: Conversation[] = [];
    let cursor: string | null = null;
    do {
      const args = cursor === null ? { sessionId } : { sessionId, cursor };
      const page: Conversation = await ask(who, "sessions:get", args);
      pages.push(page);
      cursor = page.messagesCursor;
    } while (cursor !== null);
    return pages;
  }

  async function stored(messages: object[]): Promise<{ who: TestUser; id: string; slug: string }> {
    const who = await dashboard.engine.createUser();
    const sized = messages.map((message, n) => ({
      ...{ sessionExternalId: "long", externalId: `m${n}`, role: n % 2 ? "assistant" : "user" },
      ...{ createdAt: Date.UTC(2026, 0, 1) + n },
      ...message,
    }));
    await send(who, "messages", sized);
    const share = await post(who, "/api/sessions/long", { isPublic: true }, "PATCH");
    const { id, publicSlug } = (await share.json()) as { id: string; publicSlug: string };
    return { who, id, slug: publicSlug };
  }

  test("900 messages of 10 kB come in pages, each message once and whole", async () => {
    const text = (n: number) => `${n} `.padEnd(10_000, "x");
    const messages = Array.from({ length: 900 }, (_, n) => ({ textContent: text(n) }));
    const { who, id, slug } = await stored(messages);
    const pages = await pagesOf(who, id);
    expect(pages.length).toBeGreaterThan(1);
    const said = pages.flatMap(({ messages }) => messages.map(({ parts }) => parts[0]?.content));
    expect(said).toEqual(messages.map(({ textContent }) => textContent));
    const shared = (await dashboard.call("query", "sessions:getPublic", null, {
      slug,
    })) as Conversation;
    expect(shared.messages.length).toBeGreaterThan(100);
    const markdown = await ask<string>(who, "sessions:getMarkdown", { sessionId: id });
    expect(markdown.includes(text(100))).toBe(true);
    expect(markdown).toMatch(/Cut after \d+ of 900 messages\. Full session: `GET [^`]+`\*\n$/);
  });

  test.each<[string, object[]]>([
    [
      "160 lists of 4,000 numbers",
      [call({ args: Array.from({ length: 160 }, () => ones(4_000)) })],
    ],
    [
      "16 calls with 40,000 numbers",
      Array.from({ length: 16 }, () => call({ args: halves(8_000) })),
    ],
    ["a tool's name of 7 MB", [call({ toolName: "n".repeat(7_000_000) })]],
    ["lists within lists", [call({ args: Array.from({ length: 150 }, () => nested(900)) })]],
  ])("a message with %s is drawn, shared and written as Markdown", async (_, parts) => {
    const { who, id, slug } = await stored([{ parts }, { textContent: "the end" }]);
    const pages = await pagesOf(who, id);
    // A long message comes in portions, each under its id.
    const ids = new Set(pages.flatMap(({ messages }) => messages.map(({ _id }) => _id)));
    expect(ids.size).toBe(2);
    await dashboard.call("query", "sessions:getPublic", null, { slug });
    const markdown = await ask<string>(who, "sessions:getMarkdown", { sessionId: id });
    expect(markdown.length).toBeGreaterThan(1_000);
  });

  test("7.3 MB of text in one message come whole, in portions that say how much follows", async () => {
    const textContent = "word ".repeat(1_460_000);
    const { who, id, slug } = await stored([{ textContent }]);
    const pages = await pagesOf(who, id);
    const messages = pages.flatMap((page) => page.messages);
    const joined = messages.map(({ parts }) => String(parts[0]?.content)).join("");
    expect(joined === textContent).toBe(true);
    const note = messages[0]?.parts[1];
    expect(note?.content).toMatch(/^… 6\.\d+MB more of this message$/);
    const shared = (await dashboard.call("query", "sessions:getPublic", null, {
      slug,
    })) as Conversation;
    expect(shared.messages[0]?.parts[1]).toEqual(note);
    const markdown = await ask<string>(who, "sessions:getMarkdown", { sessionId: id });
    expect(markdown).toContain(String(note?.content));
    expect(markdown).toMatch(/Full session: `GET [^`]+`\*\n$/);
  });
});

const call = (content: object) => ({
  type: "tool-call",
  content: { toolName: "Read", ...content },
});
const ones = (length: number) => Array.from({ length }, () => 1);
const halves = (length: number) => Array.from({ length: 5 }, () => ones(length));
const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown;

describe("a filter that few of many sessions match", () => {
  let ada: TestUser;

  beforeAll(async () => {
    ada = await dashboard.engine.createUser();
    const day = (n: number) => Date.UTC(2026, 0, 1 + n, 12);
    const rare = Array.from({ length: 5 }, (_, n) => ({
      ...{ externalId: `rare${n}`, source: "pi", model: "rare-model", provider: "rare" },
      ...{ projectName: "rare-project", projectPath: "/rare/path", createdAt: day(n) },
    }));
    // More sessions than one query of a list reads.
    const many = Array.from({ length: 1_200 }, (_, n) => ({
      ...{ externalId: `many${n}`, source: "claude-code", model: "claude", provider: "anthropic" },
      ...{ projectName: "many", createdAt: day(n % 100) },
    }));
    const bare = { externalId: "bare", projectPath: "/rare/path", createdAt: day(50) };
    await send(ada, "sessions", [...rare, bare]);
    await send(ada, "sessions", many);
  }, 60_000);

  test.each<[object]>([
    [{ source: "pi" }],
    [{ filterModel: "rare-model" }],
    [{ filterProvider: "rare" }],
    [{ filterProject: "rare-project" }],
    [{ source: "pi", filterModel: "rare-model", sortBy: "createdAt", sortOrder: "asc" }],
  ])("%j finds them all, and counts them", async (filter) => {
    type Found = { sessions: { externalId: string }[]; total: number };
    const args = { limit: 100, sortBy: "updatedAt", sortOrder: "desc", ...filter };
    const { sessions, total } = await ask<Found>(ada, "analytics:sessionsWithDetails", args);
    const ids = sessions.map(({ externalId }) => externalId);
    const inOrder = ["rare0", "rare1", "rare2", "rare3", "rare4"];
    expect(ids).toEqual("sortOrder" in filter ? inOrder : inOrder.reverse());
    expect(total).toBe(5);
  });

  test("a project's path finds its sessions, with a name and without", async () => {
    type Found = { sessions: { externalId: string }[]; total: number };
    const { sessions, total } = await ask<Found>(ada, "analytics:sessionsWithDetails", {
      ...{ filterProject: "/rare/path", sortBy: "createdAt" },
    });
    const ids = sessions.map(({ externalId }) => externalId);
    expect(ids).toEqual(["bare", "rare4", "rare3", "rare2", "rare1", "rare0"]);
    expect(total).toBe(6);
  });

  test("a filter that most match is answered from the order asked for", async () => {
    type Found = { sessions: { externalId: string }[]; total: number };
    const found = await ask<Found>(ada, "analytics:sessionsWithDetails", {
      ...{ filterModel: "claude", sortBy: "createdAt", sortOrder: "desc", limit: 3 },
    });
    expect(found.total).toBe(1_200);
    expect(found.sessions.map(({ externalId }) => externalId)).toEqual([
      "many1199",
      "many1099",
      "many999",
    ]);
  });
});

test("a conversation whose parts hold unpaired surrogates is drawn with U+FFFD in their place", async () => {
  const eve = await dashboard.engine.createUser();
  const half = "\ud83c";
  const parts = [
    { type: "text", content: `cut ${half}` },
    { type: "tool-call", content: { toolName: `B${half}`, args: { [half]: half, list: [half] } } },
    { type: "tool-result", content: { output: [{ text: half }, 1] } },
    { type: "other", content: { text: half } },
  ];
  await send(eve, "messages", [
    { sessionExternalId: "half", externalId: "1", role: "user", parts },
  ]);
  const list = await dashboard.engine.request("/api/sessions", { key: eve.apiKey });
  const { sessions } = (await list.json()) as { sessions: { id: string }[] };
  const sessionId = sessions[0]?.id;
  const drawn = await ask(eve, "sessions:get", { sessionId });
  expect(drawn).toMatchObject({ messages: [{ parts: [{ content: "cut \ufffd" }, {}, {}, {}] }] });
  expect(await ask(eve, "sessions:getMarkdown", { sessionId })).toContain("cut \ufffd");
});
