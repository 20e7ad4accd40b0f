import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqlite, type Sqlite } from "../local/store/sqlite.ts";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { discover } from "./discover.ts";
import { inventedHomes, rowsOf, time } from "./invented.fixture.ts";
import type { MessageRow, Places } from "./rows.ts";
import { readSession, runImport, tokens } from "./testing.fixture.ts";
import { TOOLS } from "./tools/index.ts";

/** Copilot CLI, whose database counts the requests of all sessions. */

const { folder, homeWith } = inventedHomes();

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ embeddings: false });
});
afterAll(async () => {
  await engine.stop();
});

let events = 0;
const event = (second: number, type: string, data: object) => ({
  ...{ type, data, id: `e${++events}`, timestamp: time(second), parentId: null },
});
const start = (sessionId: string) => event(0, "session.start", { sessionId, context: {} });
const prompt = (second: number) => event(second, "user.message", { content: "Well?" });
const said = (second: number, messageId: string, data: object = {}) =>
  event(second, "assistant.message", { messageId, model: "m", content: "Yes.", ...data });
const end = (second: number, model: string, inputTokens: number, outputTokens: number) =>
  event(second, "session.shutdown", {
    modelMetrics: { [model]: { requests: { count: 1 }, usage: { inputTokens, outputTokens } } },
  });

type Request = {
  session: string;
  at: number;
  model?: string;
  input: number;
  output: number;
  read?: number;
};

/** The tool's database as it is while the tool runs: what it holds is in its write-ahead log. */
function storeIn({ home }: Places): { db: Sqlite; add: (...requests: Request[]) => void } {
  const path = join(home, ".copilot/session-store.db");
  mkdirSync(dirname(path), { recursive: true });
  const db = openSqlite(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  db.exec(
    `CREATE TABLE assistant_usage_events (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL,
      turn_index INTEGER, model TEXT NOT NULL, input_tokens INTEGER, output_tokens INTEGER, cache_read_tokens INTEGER,
      cache_write_tokens INTEGER, reasoning_tokens INTEGER, created_at TEXT)`,
  );
  const insert = db.prepare(
    `INSERT INTO assistant_usage_events (session_id, model, input_tokens, output_tokens, cache_read_tokens,
      cache_write_tokens, reasoning_tokens, created_at) VALUES (?, ?, ?, ?, ?, 0, 1, ?)`,
  );
  // SQLite's own times have no zone.
  const atOf = (second: number) => time(second).slice(0, 19).replace("T", " ");
  const add = (...requests: Request[]) => {
    for (const { session, at, model = "m", input, output, read = 0 } of requests)
      insert.run(session, model, input, output, read, atOf(at));
  };
  return { db, add };
}

const numbersOf = ({ promptTokens, cacheReadTokens, completionTokens }: MessageRow) => [
  promptTokens,
  cacheReadTokens,
  completionTokens,
];

describe("tokens of Copilot CLI by request", () => {
  test("each request is counted once, on its answer, and the end of the tool adds nothing", async () => {
    const places = homeWith({
      ".copilot/session-state/folder/events.jsonl": [
        ...[start("s"), prompt(1), said(3, "m1", { outputTokens: 7 }), said(9, "m2")],
        ...[end(10, "m", 999, 999), prompt(20), said(22, "m3"), end(30, "m", 9_999, 9_999)],
      ],
    });
    const { db, add } = storeIn(places);
    add({ session: "s", at: 3, input: 100, output: 7, read: 60 });
    add({ session: "other", at: 4, input: 5_000, output: 5_000 });
    // A request that failed is on the answer after it, and another model's on a message of its own.
    add(
      { session: "s", at: 6, input: 10, output: 1 },
      { session: "s", at: 9, input: 200, output: 8 },
    );
    add({ session: "s", at: 15, model: "small", input: 40, output: 4 });
    add({ session: "s", at: 22, input: 300, output: 9 });
    try {
      const { sessions, messages } = await rowsOf("copilot-cli", places);
      expect(sessions.map(({ externalId }) => externalId)).toEqual(["s"]);
      const counted = messages.filter(({ completionTokens }) => completionTokens !== undefined);
      expect(counted.map((row) => [row.externalId, row.model, ...numbersOf(row)])).toEqual([
        ["m1", "m", 40, 60, 7],
        ["m2", "m", 210, 0, 9],
        ["m3", "m", 300, 0, 9],
        ["s-request-5", "small", 40, 0, 4],
      ]);
      expect(counted.at(-1)).toMatchObject({ role: "system", createdAt: Date.parse(time(15)) });
    } finally {
      db.close();
    }
  });

  test("what was spent before the database counted is told by the end of the tool", async () => {
    const lines = [start("s"), prompt(1), said(3, "m1"), end(5, "m", 100, 10)];
    const later = [event(60, "session.resume", {}), said(63, "m2"), end(70, "m", 150, 15)];
    const places = homeWith({ ".copilot/session-state/s/events.jsonl": [...lines, ...later] });
    const { db, add } = storeIn(places);
    add({ session: "s", at: 63, input: 50, output: 5 });
    try {
      const { messages } = await rowsOf("copilot-cli", places);
      const last = new Map(messages.map((row) => [row.externalId, row.completionTokens]));
      expect([last.get("m1"), last.get("m2")]).toEqual([10, 5]);
    } finally {
      db.close();
    }
  });

  test("an answer that names no model has that of its request", async () => {
    const data = { model: undefined, toolRequests: [{ toolCallId: "toolu_1", name: "ls" }] };
    const places = homeWith({
      ".copilot/session-state/s/events.jsonl": [start("s"), said(3, "m1", data)],
    });
    const { db, add } = storeIn(places);
    add({ session: "s", at: 3, model: "claude-x", input: 50, output: 5 });
    try {
      const { messages } = await rowsOf("copilot-cli", places);
      expect(messages).toMatchObject([
        { externalId: "m1", model: "claude-x", completionTokens: 5 },
      ]);
    } finally {
      db.close();
    }
  });

  test("a database that cannot be read is named once, and the events tell what was spent", async () => {
    const lines = (id: string) => [start(id), prompt(1), said(3, `${id}-m`), end(5, "m", 100, 10)];
    const places = homeWith({
      ".copilot/session-state/a/events.jsonl": lines("a"),
      ".copilot/session-state/b/events.jsonl": lines("b"),
      ".copilot/session-store.db": "this is no database".repeat(100),
    });
    const tool = TOOLS.find(({ source }) => source === "copilot-cli");
    const { histories } = tool ? await discover(tool, places, []) : { histories: [] };
    expect(histories.map(({ path }) => path.slice(places.home.length)).sort()).toEqual([
      "/.copilot/session-state/a/events.jsonl",
      "/.copilot/session-state/b/events.jsonl",
      "/.copilot/session-store.db",
    ]);
  });
});

test("a session that grows together with its database is counted once, whichever is read first", async () => {
  const { apiKey: key } = await engine.createUser();
  const places = homeWith({ ".copilot/session-state/g/events.jsonl": [start("g"), prompt(1)] });
  const root = join(places.home, ".copilot");
  const file = join(root, "session-state/g/events.jsonl");
  const write = (...lines: object[]) => {
    appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  };
  const look = () => runImport({ url: engine.url, key }, [root], join(folder.path, "grows.json"));
  const { db, add } = storeIn(places);
  const request = (at: number, input: number) => {
    add({ session: "g", at, input, output: 1 });
  };
  try {
    // The answer is read before the first request is counted.
    write(said(3, "m1", { outputTokens: 1 }));
    await look();
    request(3, 100);
    await look();
    // The request is counted before its answer is written, and the other way round.
    request(9, 200);
    write(said(9, "m2"));
    await look();
    write(said(15, "m3"));
    await look();
    request(15, 400);
    await look();
    write(end(20, "m", 5_000, 5_000));
    request(19, 800);
    await look();
    const again = await look();
    expect(again.tallies.map(({ unchanged, messages }) => [unchanged, messages])).toContainEqual([
      1, 0,
    ]);
    await engine.settle();
    const { session, messages } = await readSession(engine, key, "g");
    expect(tokens(session)).toMatchObject({ input: 1_500, output: 4 });
    expect(messages.map(({ externalId, promptTokens }) => [externalId, promptTokens])).toEqual([
      ...[
        [messages[0]?.externalId, undefined],
        ["m1", 100],
        ["m2", 200],
        ["m3", 400],
      ],
      ["g-request-4", 800],
    ]);
  } finally {
    db.close();
  }
});

test("numbers that are added to an answer at the end are not counted as a message", async () => {
  const events = [start("sum"), prompt(1), said(2, "m1"), end(3, "m", 100, 4)];
  const { home } = homeWith({ ".copilot/session-state/sum/events.jsonl": events });
  const { apiKey: key } = await engine.createUser();
  const root = join(home, ".copilot");
  const result = await runImport({ url: engine.url, key }, [root], join(folder.path, "sum.json"));
  const [{ messages, stored } = expect.fail()] = result.tallies;
  expect([messages, stored.inserted]).toEqual([2, 2]);
});

describe("events of Copilot CLI", () => {
  const call = (toolCallId: unknown) => ({ toolRequests: [{ toolCallId, name: "ls" }] });
  const done = (second: number, toolCallId: unknown, content: string) =>
    event(second, "tool.execution_complete", { toolCallId, success: true, result: { content } });

  test("models that only count their calls keep every result", async () => {
    const places = homeWith({
      ".copilot/session-state/s/events.jsonl": [
        ...[start("s"), said(1, "m1", call("call_0")), done(2, "call_0", "a")],
        ...[said(3, "m2", call("call_0")), done(4, "call_0", "b"), said(5, "m3", call(7))],
        done(6, 7, "c"),
      ],
    });
    const { messages } = await rowsOf("copilot-cli", places);
    const results = messages.filter(({ role }) => role === "tool");
    expect(new Set(results.map(({ externalId }) => externalId)).size).toBe(3);
  });

  test("reasoning of an event of its own, and words of unknown events, are kept", async () => {
    const places = homeWith({
      ".copilot/session-state/s/events.jsonl": [
        ...[start("s"), event(1, "assistant.reasoning", { content: "I think." }), said(2, "m1")],
        event(3, "model.message", { content: [{ type: "text", text: "New words." }] }),
        event(4, "model.telemetry", { ms: 5 }),
      ],
    });
    const { messages, others } = await rowsOf("copilot-cli", places);
    expect(messages[0]?.parts?.[0]).toEqual({ type: "thinking", content: "I think." });
    expect(JSON.stringify(messages[1])).toContain("New words.");
    expect(messages).toHaveLength(2);
    expect(others.filter(({ kind }) => kind === "unknown")).toHaveLength(2);
  });

  test("an event without a time has that of the one before it", async () => {
    const { timestamp: _, ...timeless } = said(9, "m1");
    const path = ".copilot/session-state/s/events.jsonl";
    const places = homeWith({ [path]: [start("s"), prompt(5), timeless] });
    const { messages } = await rowsOf("copilot-cli", places);
    expect(messages.map(({ createdAt }) => createdAt)).toEqual([time(5), time(5)]);
  });
});

test("sessions that only the database knows are named, and none is made up", async () => {
  const places = homeWith({
    ".copilot/session-state/folder/events.jsonl": [start("known"), prompt(1), said(2, "a1")],
  });
  const { db, add } = storeIn(places);
  try {
    const request = { at: 2, input: 9, output: 1 };
    add(
      { session: "known", ...request },
      { session: "gone", ...request },
      { session: "lost", ...request },
    );
    const { sessions, others } = await rowsOf("copilot-cli", places);
    expect(sessions.map(({ externalId }) => externalId)).toEqual(["known"]);
    const notes = others.filter(({ kind }) => kind === "note");
    expect(notes).toHaveLength(2);
    expect(JSON.stringify(notes[0])).toContain("holds no word of it");
  } finally {
    db.close();
  }
});
