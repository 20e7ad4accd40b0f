import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSqlite } from "../local/store/sqlite.ts";
import { startTestEngine } from "../local/testing.ts";
import { toolsWithHistory } from "./hint.ts";
import { inventedHomes, rowsOf, time } from "./invented.fixture.ts";
import { readSince } from "./options.ts";
import type { MessageRow } from "./rows.ts";
import { retryAfterMs } from "./server.ts";
import { everything, runImport } from "./testing.fixture.ts";

/** Small invented histories of each tool, where the tool itself would keep them. */

const { homeWith, folder } = inventedHomes();

const sum = (
  messages: readonly MessageRow[],
  name: "promptTokens" | "completionTokens" | "cacheReadTokens",
) => messages.reduce((total, message) => total + (message[name] ?? 0), 0);

describe("Codex CLI", () => {
  const line = (second: number, type: string, payload: object) => ({
    timestamp: time(second),
    type,
    payload,
  });
  const said = (role: string, text: string) => ({
    ...{ type: "message", role },
    content: [{ type: role === "user" ? "input_text" : "output_text", text }],
  });
  const counted = (total: number, last: number) => ({
    type: "token_count",
    info: {
      total_token_usage: { input_tokens: total, cached_input_tokens: 0, output_tokens: total / 10 },
      last_token_usage: {
        input_tokens: last,
        cached_input_tokens: last / 2,
        output_tokens: last / 10,
      },
    },
  });
  const meta = (id: string, more: object = {}) => ({
    id,
    timestamp: time(0),
    cwd: "/w",
    cli_version: "0.1",
    ...more,
  });
  const TURN = [
    line(1, "event_msg", {
      type: "task_started",
      turn_id: "t1",
      started_at: Date.parse(time(1)) / 1_000,
    }),
    line(1, "turn_context", { turn_id: "t1", model: "gpt-x", cwd: "/w" }),
    line(2, "response_item", said("user", "<environment_context>x</environment_context>")),
    line(3, "response_item", said("user", "Which files?")),
    line(4, "response_item", {
      type: "function_call",
      name: "shell",
      arguments: '{"cmd":"ls"}',
      call_id: "c1",
    }),
    line(4, "event_msg", counted(100, 100)),
    line(5, "response_item", {
      type: "function_call_output",
      call_id: "c1",
      output: "Process exited with code 2\nno",
    }),
    // The same count told again.
    line(6, "event_msg", counted(100, 100)),
    line(7, "response_item", said("assistant", "None.")),
    line(7, "event_msg", counted(300, 200)),
  ];

  test("calls are counted once, with the cache taken out, and failures are marked", async () => {
    const path = ".codex/sessions/2026/10/01/rollout-2026-10-01T07-00-00-aaa.jsonl";
    const places = homeWith({ [path]: [line(0, "session_meta", meta("aaa")), ...TURN] });
    const { sessions, messages } = await rowsOf("codex-cli", places);
    expect(sessions).toMatchObject([{ externalId: "aaa", projectPath: "/w", agentVersion: "0.1" }]);
    expect(messages.map(({ externalId, role }) => [externalId, role])).toEqual([
      ["aaa-4", "system"],
      ["aaa-5", "user"],
      ["c1", "assistant"],
      ["c1-result", "tool"],
      ["aaa-10", "assistant"],
    ]);
    expect(messages[3]?.parts?.[0]?.content).toMatchObject({ toolCallId: "c1", is_error: true });
    expect([sum(messages, "promptTokens"), sum(messages, "cacheReadTokens")]).toEqual([150, 150]);
    expect(messages[4]).toMatchObject({ model: "gpt-x", completionTokens: 20 });
  });

  test("a fork that replays its parent holds only what is its own", async () => {
    const own = [
      line(60, "event_msg", {
        type: "task_started",
        turn_id: "t2",
        started_at: Date.parse(time(60)) / 1_000,
      }),
      line(61, "response_item", said("user", "And now?")),
      line(62, "response_item", said("assistant", "Still none.")),
      line(62, "event_msg", counted(400, 100)),
    ];
    const fork = [
      line(50, "session_meta", meta("bbb", { timestamp: time(50), forked_from_id: "aaa" })),
      line(50, "session_meta", meta("aaa")),
      ...TURN,
      ...own,
    ];
    const folderOf = (id: string) =>
      `.codex/sessions/2026/10/01/rollout-2026-10-01T07-00-00-${id}.jsonl`;
    const whole = homeWith({
      [folderOf("aaa")]: [line(0, "session_meta", meta("aaa")), ...TURN],
      [folderOf("bbb")]: fork,
    });
    // The parent may be gone: its turns are older than the fork.
    for (const places of [whole, homeWith({ [folderOf("bbb")]: fork })]) {
      const { sessions, messages } = await rowsOf("codex-cli", places);
      expect(sessions.find(({ externalId }) => externalId === "bbb")).toMatchObject({
        ...{ parentExternalId: "aaa", relation: "fork" },
      });
      const ofFork = messages.filter(({ sessionExternalId }) => sessionExternalId === "bbb");
      expect(ofFork.map(({ textContent }) => textContent)).toEqual(["And now?", "Still none."]);
      expect(sum(ofFork, "promptTokens")).toBe(50);
    }
  });

  test("files of the first generation have no envelopes", async () => {
    const path = ".codex/sessions/2025/05/01/rollout-2025-05-01-ccc.jsonl";
    const old = [
      { id: "ccc", timestamp: time(0), instructions: "" },
      { record_type: "state" },
      said("user", "Hello"),
    ];
    const { messages } = await rowsOf("codex-cli", homeWith({ [path]: old }));
    expect(messages).toMatchObject([
      { sessionExternalId: "ccc", role: "user", textContent: "Hello", createdAt: time(0) },
    ]);
  });
});

describe("OpenCode", () => {
  const created = Date.UTC(2026, 9, 1, 7);
  const session = (id: string, title: string, at: number) => ({
    ...{ id, title, directory: "/w", version: "1.1" },
    time: { created: at, updated: at },
  });
  const answer = (id: string, sessionID: string) => ({
    ...{ id, sessionID, role: "assistant", modelID: "m", providerID: "p" },
    ...{ time: { created, completed: created + 500 }, cost: 0.5 },
    tokens: { input: 100, output: 7, reasoning: 3, cache: { read: 40, write: 0 } },
  });
  const tool = (messageID: string, id: string) => ({
    ...{ id, messageID, type: "tool", callID: "c1", tool: "bash" },
    state: { status: "completed", input: { command: "ls" }, output: "a b", metadata: { exit: 1 } },
  });
  const tree = {
    ".local/share/opencode/storage/session/p1/ses_1.json": session("ses_1", "Files", created),
    ".local/share/opencode/storage/session/p1/ses_2.json": session(
      "ses_2",
      "Files (fork #1)",
      created + 9_000,
    ),
    ".local/share/opencode/storage/message/ses_1/msg_1.json": answer("msg_1", "ses_1"),
    ".local/share/opencode/storage/message/ses_2/msg_2.json": answer("msg_2", "ses_2"),
    ".local/share/opencode/storage/part/msg_1/prt_1.json": { ...tool("msg_1", "prt_1") },
    ".local/share/opencode/storage/part/msg_1/prt_2.json": { type: "step-finish", cost: 0.5 },
  };

  test("a step is an answer with its calls and results, and a fork is told by its title", async () => {
    const { sessions, messages } = await rowsOf("opencode", homeWith(tree));
    expect(sessions.find(({ externalId }) => externalId === "ses_2")).toMatchObject({
      ...{ parentExternalId: "ses_1", relation: "fork" },
    });
    const [first, copy] = messages;
    expect(first).toMatchObject({
      externalId: "msg_1",
      completionTokens: 10,
      reasoningTokens: 3,
      durationMs: 500,
    });
    expect(first?.parts?.map(({ type }) => type)).toEqual(["tool-call", "tool-result"]);
    expect(first?.parts?.[1]?.content).toMatchObject({ output: "a b", is_error: true });
    // The copy in a fork carries the same usage.
    expect(copy?.apiMessageId).toBe(first?.apiMessageId);
  });

  test("a database is read with its write-ahead log, and wins over the tree", async () => {
    const places = homeWith(tree);
    const path = join(places.home, ".local/share/opencode/opencode.db");
    const db = openSqlite(path);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    db.exec(
      "CREATE TABLE session (id, parent_id, title, directory, version, time_created, time_updated)",
    );
    for (const table of ["message", "part"])
      db.exec(
        `CREATE TABLE ${table} (id, message_id, session_id, time_created, time_updated, data)`,
      );
    db.prepare("INSERT INTO session VALUES ('ses_1', NULL, 'Newer title', '/w', '1.18', ?, ?)").run(
      created,
      created,
    );
    const { id: _, sessionID: _session, ...data } = answer("msg_1", "ses_1");
    const insert = db.prepare("INSERT INTO message VALUES ('msg_1', NULL, 'ses_1', ?, ?, ?)");
    insert.run(created, created, JSON.stringify(data));
    try {
      const { sessions } = await rowsOf("opencode", places);
      expect(sessions.map(({ externalId, title }) => [externalId, title])).toEqual([
        ["ses_1", "Newer title"],
        ["ses_2", "Files (fork #1)"],
      ]);
    } finally {
      db.close();
    }
  });
});

describe("Gemini CLI", () => {
  test("the last writing of a message counts, and a rewind costs what it cost", async () => {
    const tokens = { input: 100, output: 5, cached: 60, thoughts: 2, tool: 1, total: 107 };
    const answer = {
      id: "g1",
      timestamp: time(2),
      type: "gemini",
      content: "",
      model: "gemini-x",
      tokens,
    };
    const call = { id: "t1", name: "ls", args: {}, status: "success" };
    const response = { functionResponse: { id: "t1", name: "ls", response: { output: "a" } } };
    const lines = [
      { sessionId: "ggg", projectHash: "x", startTime: time(0), kind: "main" },
      { id: "u1", timestamp: time(1), type: "user", content: [{ text: "Files?" }] },
      answer,
      { ...answer, content: "One.", toolCalls: [{ ...call, result: [response] }] },
      { id: "u2", timestamp: time(3), type: "user", content: [response] },
      { id: "u3", timestamp: time(4), type: "user", content: "Wrong turn" },
      { ...answer, id: "g2", timestamp: time(5), content: "Gone." },
      { $rewindTo: "u3" },
      { $set: { summary: "Files of the folder" } },
    ];
    const places = homeWith({ ".gemini/tmp/demo/chats/session-2026-10-01T07-00-ggg.jsonl": lines });
    const { sessions, messages } = await rowsOf("gemini-cli", places);
    expect(sessions).toMatchObject([{ externalId: "ggg", title: "Files of the folder" }]);
    expect(
      messages.map(({ externalId, role, textContent }) => [externalId, role, textContent]),
    ).toEqual([
      ["u1", "user", "Files?"],
      ["g1", "assistant", "One."],
      ["t1-result", "tool", undefined],
      ["g2", "system", undefined],
    ]);
    expect([sum(messages, "promptTokens"), sum(messages, "completionTokens")]).toEqual([82, 14]);
  });
});

describe("Copilot CLI", () => {
  test("what the end of the tool tells is booked once, over a resume too", async () => {
    let n = 0;
    const event = (type: string, data: object) => ({
      type,
      data,
      id: `e${++n}`,
      timestamp: time(n),
      parentId: null,
    });
    const end = (input: number, output: number) =>
      event("session.shutdown", {
        modelMetrics: {
          m: {
            requests: { count: 1 },
            usage: { inputTokens: input, outputTokens: output, cacheReadTokens: input / 2 },
          },
        },
      });
    const said = (messageId: string, outputTokens: number) =>
      event("assistant.message", {
        messageId,
        model: "m",
        content: "Yes.",
        toolRequests: [],
        outputTokens,
      });
    const lines = [
      event("session.start", {
        sessionId: "ccc",
        copilotVersion: "1",
        context: { cwd: "/w", branch: "main", headCommit: "abc" },
      }),
      ...[event("user.message", { content: "Well?" }), said("m1", 4), end(100, 6)],
      ...[event("user.message", { content: "Sure?" }), said("m2", 5), end(300, 11)],
    ];
    const places = homeWith({ ".copilot/session-state/ccc/events.jsonl": lines });
    const { sessions, messages } = await rowsOf("copilot-cli", places);
    expect(sessions).toMatchObject([{ gitBranch: "main", gitCommit: "abc", projectPath: "/w" }]);
    // A later row of a message completes the earlier one.
    const last = new Map(messages.map((message) => [message.externalId, message]));
    const stored = Array.from(last.values());
    expect([sum(stored, "promptTokens"), sum(stored, "completionTokens")]).toEqual([150, 11]);
  });
});

test("our own export comes back as it left", async () => {
  const engine = await startTestEngine({ embeddings: false });
  try {
    const [from, to] = [await engine.createUser(), await engine.createUser()];
    const parts = [{ type: "tool-call", content: { toolName: "x", args: { $a: [1] } } }];
    const message = {
      sessionExternalId: "s",
      source: "cursor-sync",
      createdAt: time(1),
      promptTokens: 5,
    };
    const messages = [
      { ...message, externalId: "m1", role: "user", textContent: "Hello", promptTokens: undefined },
      {
        ...message,
        externalId: "m2",
        role: "assistant",
        textContent: "Hi",
        parts,
        apiMessageId: "r1",
        model: "m",
      },
    ];
    const sessions = [
      { externalId: "s", source: "cursor-sync", title: "Greeting", gitBranch: "main" },
    ];
    await engine.request("/sync/batch", { key: from.apiKey, json: { sessions, messages } });
    const review = { evalReady: true, evalTags: ["a"], evalNotes: "good", title: "Mine" };
    await engine.request("/api/sessions/s", { key: from.apiKey, json: review, method: "PATCH" });
    await engine.settle();
    const answer = await engine.request("/api/export?format=jsonl&all=true", { key: from.apiKey });
    const file = join(folder.path, "export.jsonl");
    writeFileSync(file, await answer.text());
    await runImport(
      { url: engine.url, key: to.apiKey },
      [file],
      join(folder.path, "export-state.json"),
    );
    expect(await everything(engine, to.apiKey)).toEqual(await everything(engine, from.apiKey));
    // Bringing it back again changes nothing.
    const { tallies } = await runImport(
      { url: engine.url, key: to.apiKey },
      [file],
      join(folder.path, "again.json"),
    );
    expect(tallies.map(({ stored }) => stored)).toEqual([
      { inserted: 0, updated: 0, skipped: 2, deleted: 0 },
    ]);
  } finally {
    await engine.stop();
  }
});

describe("the rest", () => {
  test("tools with history are named without reading it", () => {
    const places = homeWith({
      ".claude/projects/-w/s.jsonl": {},
      ".pi/agent/sessions/--w--/x.jsonl": {},
    });
    expect(toolsWithHistory(places)).toEqual(["Claude Code", "Pi"]);
    expect(toolsWithHistory({ ...places, home: join(places.home, "nobody") })).toEqual([]);
  });

  test("--since takes spans and days", () => {
    const now = Date.UTC(2026, 9, 31);
    expect(readSince("30d", now)).toBe(Date.UTC(2026, 9, 1));
    expect(readSince("2026-01-31", now)).toBe(Date.UTC(2026, 0, 31));
    expect(() => readSince("soon", now)).toThrow("--since soon is no time");
  });

  test("Retry-After is seconds or a date", () => {
    const now = Date.UTC(2026, 9, 1);
    expect(retryAfterMs("3", now)).toBe(3_000);
    expect(retryAfterMs("Thu, 01 Oct 2026 00:00:05 GMT", now)).toBe(5_000);
    expect(retryAfterMs(null, now)).toBeUndefined();
  });
});
