import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSqlite } from "../local/store/sqlite.ts";
import { discover } from "./discover.ts";
import { inventedHomes, rowsOf, time } from "./invented.fixture.ts";
import { TOOLS } from "./tools/index.ts";

/** Files that are legal and unusual: other versions of a tool, missing fields, ids that repeat or are numbers. */

const { homeWith } = inventedHomes();

const lines = (values: readonly object[]) =>
  values.map((value) => `${JSON.stringify(value)}\r\n`).join("");

describe("Gemini CLI", () => {
  const chat = (name: string) => `.gemini/tmp/w/chats/session-${name}`;
  const head = { sessionId: "g", startTime: time(0) };
  const answer = (id: unknown, fields: object) => ({
    ...{ id, type: "gemini", timestamp: time(2), content: "" },
    ...fields,
  });
  const call = (id: string | undefined, output: string) => ({
    ...{ name: "ls", args: {}, status: "success" },
    ...(id === undefined ? {} : { id }),
    result: [{ functionResponse: { name: "ls", response: { output } } }],
  });
  const outputsOf = async (messages: readonly object[]) => {
    const places = homeWith({ [chat("a.jsonl")]: [head, ...messages] });
    const rows = (await rowsOf("gemini-cli", places)).messages;
    const results = new Map(rows.map((row) => [row.externalId, row]));
    return Array.from(results.values()).flatMap(({ role, parts = [] }) =>
      role === "tool" ? parts.map(({ content }) => (content as { output: unknown }).output) : [],
    );
  };

  test("every result is kept where calls have no ids, or ids that repeat", async () => {
    const nameless = answer("m1", { toolCalls: [call(undefined, "a"), call(undefined, "b")] });
    const repeated = ["m2", "m3"].map((id) => answer(id, { toolCalls: [call("call_0", id)] }));
    expect(await outputsOf([nameless, ...repeated])).toEqual(["a", "b", "m2", "m3"]);
  });

  test("calls and thoughts that only the content of an answer holds are kept", async () => {
    const content = [
      { text: "Hm.", thought: true },
      { text: "I look." },
      { functionCall: { id: "c1", name: "ls", args: { dir: "." } } },
      { executableCode: { language: "PYTHON", code: "1 + 1" } },
    ];
    const places = homeWith({ [chat("a.jsonl")]: [head, answer("m1", { content })] });
    const { messages } = await rowsOf("gemini-cli", places);
    expect(messages[0]?.parts?.map(({ type }) => type)).toEqual([
      ...["thinking", "text", "tool-call", "unknown"],
    ]);
    expect(messages[0]?.textContent).toBe("I look.");
  });

  test("files that begin with a byte order mark, and lines that end as on Windows, are read", async () => {
    const user = { id: "u1", type: "user", timestamp: time(1), content: "Well?" };
    const places = homeWith({
      [chat("a.jsonl")]: `\ufeff${lines([head, user])}`,
      [chat("b.json")]: `\ufeff${JSON.stringify({ sessionId: "h", messages: [user] }, null, 2)}`,
    });
    const { sessions, others } = await rowsOf("gemini-cli", places);
    expect(sessions.map(({ externalId }) => externalId)).toEqual(["g", "h"]);
    expect(others).toEqual([]);
  });

  test("messages whose ids are numbers stay the same when the list is written again", async () => {
    const user = { id: 1, type: "user", timestamp: time(1), content: "Well?" };
    const again = { $set: { messages: [user, { ...user, id: 2, content: "Then?" }] } };
    const places = homeWith({ [chat("a.jsonl")]: [head, user, again] });
    const { messages } = await rowsOf("gemini-cli", places);
    expect(messages.map(({ externalId }) => externalId)).toEqual(["1", "2"]);
  });

  test("a document beside lines of the same session is not read: the lines took messages back", async () => {
    const user = (id: string) => ({ id, type: "user", timestamp: time(1), content: id });
    const places = homeWith({
      [chat("a.json")]: { ...head, messages: [user("kept"), user("gone")] },
      [chat("a.jsonl")]: [head, user("kept")],
    });
    const { messages } = await rowsOf("gemini-cli", places);
    expect(messages.map(({ externalId }) => externalId)).toEqual(["kept"]);
  });
});

test("a record without a time has that of the one before it", async () => {
  const message = (role: string, content: string) => ({ role, content });
  const chat = ".gemini/tmp/w/chats/session-a.jsonl";
  const pi = ".pi/agent/sessions/--w--/2026-10-01T07-00-00-000Z_p.jsonl";
  const droid = ".factory/sessions/-w/d.jsonl";
  const places = homeWith({
    [chat]: [
      { sessionId: "g" },
      { id: "1", type: "user", timestamp: time(5), content: "a" },
      { id: "2", type: "gemini", content: "b" },
    ],
    [pi]: [
      { type: "session", version: 3, id: "p", timestamp: time(0) },
      { type: "message", id: "1", timestamp: time(5), message: message("user", "a") },
      { type: "message", id: "2", message: message("assistant", "b") },
    ],
    [droid]: [
      { type: "session_start", id: "d" },
      { type: "message", id: "1", timestamp: time(5), message: message("user", "a") },
      { type: "message", id: "2", message: message("assistant", "b") },
    ],
  });
  for (const source of ["gemini-cli", "pi", "factory-droid"]) {
    const { messages } = await rowsOf(source, places);
    expect([source, ...messages.map(({ createdAt }) => createdAt)]).toEqual([
      ...[source, time(5), time(5)],
    ]);
  }
});

test("messages whose ids are numbers keep them", async () => {
  const message = (content: string) => ({ role: "user", content });
  const places = homeWith({
    ".pi/agent/sessions/--w--/2026-10-01T07-00-00-000Z_p.jsonl": [
      { type: "session", version: 3, id: "p", timestamp: time(0) },
      { type: "message", id: 7, parentId: null, timestamp: time(1), message: message("a") },
      { type: "message", id: 8, parentId: 7, timestamp: time(2), message: message("b") },
    ],
    ".factory/sessions/-w/d.jsonl": [
      { type: "session_start", id: "d" },
      { type: "message", id: 7, timestamp: time(1), message: message("a") },
      { type: "message", id: 8, parentId: 7, timestamp: time(1), message: message("b") },
    ],
  });
  for (const source of ["pi", "factory-droid"]) {
    const { messages } = await rowsOf(source, places);
    const ids = messages.map(({ externalId, parentExternalId }) => [externalId, parentExternalId]);
    expect(ids).toEqual([
      ["7", undefined],
      ["8", "7"],
    ]);
  }
});

describe("Claude Code", () => {
  const line = (uuid: string, fields: object) => ({
    ...{ type: "assistant", uuid, timestamp: time(1), sessionId: "s" },
    ...fields,
  });
  const calls = (uuid: string, id: string) =>
    line(uuid, {
      message: { role: "assistant", content: [{ type: "tool_use", id, name: "Agent" }] },
    });

  test("a home below a folder of the name `subagents` or `tool-results` holds sessions as any other", async () => {
    const places = homeWith({
      "subagents/tool-results/.claude/projects/-w/s.jsonl": [calls("u1", "c1")],
    });
    const home = join(places.home, "subagents/tool-results");
    const { sessions } = await rowsOf("claude-code", { ...places, home });
    expect(sessions).toMatchObject([{ externalId: "s" }]);
    expect(sessions[0]?.relation).toBeUndefined();
  });

  test("a subagent that a subagent started is below it", async () => {
    const folder = ".claude/projects/-w/s/subagents";
    const meta = (toolUseId: string, spawnDepth: number) => ({ toolUseId, spawnDepth });
    const places = homeWith({
      ".claude/projects/-w/s.jsonl": [calls("u1", "c1")],
      [`${folder}/agent-a.jsonl`]: [{ ...calls("u2", "c2"), isSidechain: true, agentId: "a" }],
      [`${folder}/agent-a.meta.json`]: meta("c1", 1),
      [`${folder}/agent-b.jsonl`]: [{ ...calls("u3", "c3"), isSidechain: true, agentId: "b" }],
      [`${folder}/agent-b.meta.json`]: meta("c2", 2),
    });
    const { sessions } = await rowsOf("claude-code", places);
    const parents = sessions.map(({ externalId, parentExternalId }) => [
      ...[externalId, parentExternalId],
    ]);
    expect(new Map(parents as [string, string | undefined][])).toEqual(
      new Map([
        ["s", undefined],
        ["s-agent-a", "s"],
        ["s-agent-b", "s-agent-a"],
      ]),
    );
  });
});

describe("Codex CLI", () => {
  const rollout = ".codex/sessions/2026/10/01/rollout-2026-10-01T07-00-00-aaa.jsonl";
  const line = (type: string, payload: object) => ({ timestamp: time(1), type, payload });
  const said = line("response_item", { type: "message", role: "user", content: "Hello" });

  test("snapshots of the repository, and contexts that were made shorter, are no messages", async () => {
    const snapshot = line("response_item", { type: "ghost_snapshot", ghost_commit: { id: "x" } });
    const shorter = line("response_item", { type: "compaction", encrypted_content: "xxx" });
    const meta = line("session_meta", { id: "aaa" });
    const { messages } = await rowsOf(
      "codex-cli",
      homeWith({ [rollout]: [meta, said, snapshot, shorter] }),
    );
    expect(messages).toHaveLength(1);
  });

  test("a title that a newer release keeps in its database is that of the session", async () => {
    const places = homeWith({ [rollout]: [line("session_meta", { id: "aaa" }), said] });
    const db = openSqlite(join(places.home, ".codex/state_5.sqlite"));
    db.exec(
      `CREATE TABLE threads (id TEXT, title TEXT, first_user_message TEXT);
       INSERT INTO threads VALUES ('aaa', 'Greetings', 'Hello')`,
    );
    db.close();
    const { sessions } = await rowsOf("codex-cli", places);
    expect(sessions).toMatchObject([{ externalId: "aaa", title: "Greetings" }]);
  });
});

describe("OpenCode", () => {
  const storage = ".local/share/opencode/storage";
  const session = { id: "ses_1", title: "T", time: { created: 1, updated: 1 } };

  test("answers without a time are counted each, although their numbers are equal", async () => {
    const answer = (id: string) => ({
      ...{ id, role: "assistant", modelID: "m" },
      tokens: { input: 100, output: 7, reasoning: 0, cache: { read: 0, write: 0 } },
    });
    const places = homeWith({
      [`${storage}/session/p/ses_1.json`]: session,
      [`${storage}/message/ses_1/msg_1.json`]: answer("msg_1"),
      [`${storage}/message/ses_1/msg_2.json`]: answer("msg_2"),
    });
    const { messages } = await rowsOf("opencode", places);
    expect(messages.map(({ promptTokens }) => promptTokens)).toEqual([100, 100]);
    expect(messages[0]?.apiMessageId === undefined).toBe(true);
  });

  test("a session whose file cannot be understood is named", async () => {
    const places = homeWith({
      [`${storage}/session/p/ses_1.json`]: "{half",
      [`${storage}/message/ses_1/msg_1.json`]: { id: "msg_1", role: "user" },
    });
    const tool = TOOLS.find(({ source }) => source === "opencode");
    const { histories } = tool ? await discover(tool, places, []) : { histories: [] };
    expect(histories.map(({ path }) => path.endsWith("ses_1.json"))).toEqual([true]);
  });
});

test("a session of Factory Droid without settings says nothing of its tokens: unknown is not 0", async () => {
  const message = { role: "user", content: "Hello" };
  const places = homeWith({
    ".factory/sessions/-w/d.jsonl": [
      { type: "session_start", id: "d" },
      { type: "message", id: "1", timestamp: time(1), message },
    ],
  });
  const { sessions } = await rowsOf("factory-droid", places);
  expect(sessions[0]?.promptTokens).toBeUndefined();
});
