import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../local/store/sqlite.ts";
import { discover } from "./discover.ts";
import { inventedHomes, rowsOf, time } from "./invented.fixture.ts";
import type { Item } from "./rows.ts";
import { runImport } from "./testing.fixture.ts";
import { TOOLS } from "./tools/index.ts";

/** Shapes of real histories that are easily lost, doubled or hung on the wrong parent. */

const { homeWith, folder } = inventedHomes();

const textsOf = (messages: readonly { textContent?: string }[]) =>
  messages.map(({ textContent }) => textContent);

describe("Codex CLI", () => {
  const line = (second: number, type: string, payload: object) => ({
    ...{ timestamp: time(second), type, payload },
  });
  const meta = (second: number, id: string, more: object = {}) =>
    line(second, "session_meta", { id, timestamp: time(second), cwd: "/w", ...more });
  const fork = (second: number, id: string, parent: string) =>
    meta(second, id, { forked_from_id: parent });
  const turn = (second: number, turn_id?: string) => line(second, "turn_context", { turn_id });
  const said = (second: number, text: string) =>
    line(second, "response_item", {
      ...{ type: "message", role: "user" },
      content: [{ type: "input_text", text }],
    });
  const rollout = (id: string, where = "sessions/2026/10/01") =>
    `.codex/${where}/rollout-2026-10-01T07-00-00-${id}.jsonl`;
  const ofFork = async (files: { [path: string]: unknown }) => {
    const { messages, others } = await rowsOf("codex-cli", homeWith(files));
    const own = messages.filter(({ sessionExternalId }) => sessionExternalId === "bbb");
    return { texts: textsOf(own), notes: others.filter(({ kind }) => kind === "note") };
  };
  const PARENT = [meta(0, "aaa"), turn(1, "t1"), said(2, "first")];

  test("a session that repeats its own record keeps what follows", async () => {
    const replayed = [meta(50, "aaa"), turn(50, "t1"), said(50, "first")];
    const again = fork(61, "bbb", "aaa");
    const own = [turn(60, "t2"), again, said(62, "second"), again, said(63, "third")];
    const { texts } = await ofFork({
      [rollout("aaa")]: PARENT,
      [rollout("bbb")]: [fork(50, "bbb", "aaa"), ...replayed, ...own],
    });
    expect(texts).toEqual(["second", "third"]);
  });

  test("a fork finds its parent among the archived sessions, and the other way round", async () => {
    const forked = [fork(50, "bbb", "aaa"), ...PARENT, turn(60, "t2"), said(61, "second")];
    for (const [ofParent, ofChild] of [
      ["archived_sessions", undefined],
      [undefined, "archived_sessions"],
    ]) {
      const files = { [rollout("aaa", ofParent)]: PARENT, [rollout("bbb", ofChild)]: forked };
      expect((await ofFork(files)).texts).toEqual(["second"]);
    }
  });

  test("a session that is active and archived is read once, from the active file", async () => {
    const places = homeWith({
      [rollout("aaa")]: [...PARENT, said(3, "more")],
      [rollout("aaa", "archived_sessions")]: PARENT,
    });
    expect(textsOf((await rowsOf("codex-cli", places)).messages)).toEqual(["first", "more"]);
  });

  test("a fork whose turns have no ids keeps its own, and one that cannot be told is named", async () => {
    const parent = [meta(0, "aaa"), turn(1), said(2, "first"), turn(3), said(4, "next")];
    const grown = [...parent, turn(70), said(71, "after the fork")];
    const forked = [fork(50, "bbb", "aaa"), ...parent, turn(60), said(61, "own")];
    const found = await ofFork({ [rollout("aaa")]: grown, [rollout("bbb")]: forked });
    expect(found).toEqual({ texts: ["own"], notes: [] });
    const alone = await ofFork({ [rollout("bbb")]: forked });
    expect(alone.texts).toEqual([]);
    expect(alone.notes).toHaveLength(1);
  });

  test("a replay that a second run goes on in ends at the same turn", async () => {
    const long = Array.from({ length: 40 }, (_, n) => said(2, `${n} ${"x".repeat(20_000)}`));
    const parent = [meta(0, "aaa"), turn(1, "t1"), ...long, turn(40, "t1"), said(41, "tail")];
    const forked = [fork(50, "bbb", "aaa"), ...parent, turn(60, "t2"), said(61, "own")];
    const places = homeWith({ [rollout("aaa")]: parent, [rollout("bbb")]: forked });
    const codex = TOOLS.find(({ source }) => source === "codex-cli");
    if (codex === undefined) throw new Error("no tool");
    const history = (await discover(codex, places, [])).histories.find(({ key }) =>
      key.includes("bbb"),
    );
    const items = async (from?: Extract<Item, { kind: "checkpoint" }>["progress"]) => {
      const all: Item[] = [];
      for await (const item of history?.read(from) ?? []) all.push(item);
      return all;
    };
    const checkpoints = (await items()).filter((item) => item.kind === "checkpoint");
    const rest = await items(checkpoints[0]?.progress);
    expect(checkpoints.length).toBeGreaterThan(1);
    const messages = rest.flatMap((item) => (item.kind === "message" ? [item.row] : []));
    expect(textsOf(messages)).toEqual(["own"]);
  });
});

describe("Claude Code", () => {
  const line = (uuid: string, second: number, more: object = {}) => ({
    ...{ type: "user", uuid, timestamp: time(second), sessionId: "x" },
    ...{ message: { role: "user", content: `said ${uuid}` } },
    ...more,
  });
  const answer = (uuid: string, second: number, id: string, content: object[]) => ({
    ...{ type: "assistant", uuid, timestamp: time(second) },
    message: { id, role: "assistant", model: "m", content },
  });
  const file = (name: string) => `.claude/projects/-w/${name}.jsonl`;
  const parentsOf = async (files: { [name: string]: unknown }) => {
    const named = Object.entries(files).map(([name, lines]) => [file(name), lines] as const);
    const { sessions } = await rowsOf("claude-code", homeWith(Object.fromEntries(named)));
    return Object.fromEntries(sessions.map((one) => [one.externalId, one.parentExternalId]));
  };

  test("a subagent beside its session is its child, and has an id of its own", async () => {
    const own = { isSidechain: true, agentId: "1a2b", sessionId: "sss" };
    const parents = await parentsOf({
      sss: [line("u1", 1)],
      "agent-1a2b": [line("u2", 2, own)],
    });
    expect(parents).toEqual({ sss: undefined, "sss-agent-1a2b": "sss" });
  });

  test("a fork is told by what its lines name, by lines, or by answers that it repeats", async () => {
    const forkedFrom = { sessionId: "old", messageUuid: "u1" };
    const text = [{ type: "text", text: "Yes." }];
    expect(
      await parentsOf({
        old: [line("u1", 1), answer("a1", 2, "msg_1", text)],
        named: [line("n1", 1, { forkedFrom }), line("n2", 9)],
        answers: [line("o1", 5), answer("o2", 6, "msg_1", text), line("o3", 7)],
      }),
    ).toEqual({ old: undefined, named: "old", answers: "old" });
  });

  test("of sessions that share lines of the same times, the one with less of its own came before", async () => {
    const [first, second, third] = [line("u1", 1), line("u2", 2), line("u3", 3)];
    expect(
      await parentsOf({ aaa: [first, second, third], mmm: [first, second], zzz: [first] }),
    ).toEqual({ aaa: "mmm", mmm: "zzz", zzz: undefined });
    const [older, newer] = [line("o", 4), line("n", 8)];
    expect(await parentsOf({ aaa: [first, newer], zzz: [first, older] })).toEqual({
      ...{ aaa: "zzz", zzz: undefined },
    });
  });

  test("calls whose ids are counted and begin again are two messages, each with its result", async () => {
    const call = [{ type: "tool_use", id: "Bash_0", name: "Bash", input: {} }];
    const result = (uuid: string, second: number) =>
      line(uuid, second, {
        message: { content: [{ type: "tool_result", tool_use_id: "Bash_0", content: uuid }] },
      });
    const lines = [
      ...[answer("a1", 1, "m1", call), result("r1", 2)],
      ...[answer("a2", 3, "m2", call), result("r2", 4)],
    ];
    const { messages } = await rowsOf("claude-code", homeWith({ [file("sss")]: lines }));
    expect(
      messages.map(({ externalId, parentExternalId }) => [externalId, parentExternalId]),
    ).toEqual([
      ["Bash_0", undefined],
      ["r1", "Bash_0"],
      ["a2-Bash_0", undefined],
      ["r2", "a2-Bash_0"],
    ]);
  });

  test("a picture in a prompt that waited is kept", async () => {
    const picture = {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "AA" },
    };
    const prompt = [{ type: "text", text: "See:" }, picture];
    const queued = {
      ...{ type: "attachment", uuid: "q", timestamp: time(1) },
      attachment: { type: "queued_command", prompt },
    };
    const { messages } = await rowsOf("claude-code", homeWith({ [file("sss")]: [queued] }));
    expect(messages).toMatchObject([{ externalId: "q", textContent: "See:" }]);
    expect(messages[0]?.parts?.map(({ type }) => type)).toContain("image");
  });
});

describe("OpenCode", () => {
  const created = Date.UTC(2026, 9, 1, 7);
  const storage = ".local/share/opencode/storage";
  const stored = (sessions: { id: string; title: string; answers: number[] }[]) => {
    const files: { [path: string]: unknown } = {};
    for (const [at, { id, title, answers }] of sessions.entries()) {
      const times = { created: created + at * 1_000, updated: created };
      files[`${storage}/session/p1/${id}.json`] = { id, title, time: times };
      for (const n of answers)
        files[`${storage}/message/${id}/msg_${id}_${n}.json`] = {
          ...{ id: `msg_${id}_${n}`, role: "assistant", modelID: "m", time: { created: n } },
          tokens: { input: n, output: 1 },
        };
    }
    return homeWith(files);
  };

  test("a fork is the child of the session whose answers it copies, and a fork of a fork of that fork", async () => {
    const places = stored([
      { id: "a", title: "Greeting", answers: [1] },
      { id: "b", title: "Greeting", answers: [2] },
      { id: "c", title: "Greeting (fork #1)", answers: [1, 3] },
      { id: "d", title: "Greeting (fork #2)", answers: [1, 3, 4] },
    ]);
    const { sessions } = await rowsOf("opencode", places);
    expect(sessions.map((one) => [one.externalId, one.parentExternalId])).toEqual([
      ["a", undefined],
      ["b", undefined],
      ["c", "a"],
      ["d", "c"],
    ]);
  });
});

describe("Copilot CLI", () => {
  test("what a shutdown tells of the only model is that of answers without one", async () => {
    for (const start of [{}, { selectedModel: "auto" }]) {
      const event = (id: string, type: string, data: object) => ({ type, data, id });
      const usage = { inputTokens: 100, outputTokens: 30 };
      const { messages } = await rowsOf(
        "copilot-cli",
        homeWith({
          ".copilot/session-state/ccc/events.jsonl": [
            event("e1", "session.start", { sessionId: "ccc", ...start }),
            event("e2", "assistant.message", {
              messageId: "m1",
              content: "Yes.",
              outputTokens: 30,
            }),
            event("e3", "session.shutdown", { modelMetrics: { "gpt-5": { usage } } }),
          ],
        }),
      );
      expect(messages.map(({ externalId }) => externalId)).toEqual(["m1", "m1"]);
      expect(messages[1]).toMatchObject({
        model: "gpt-5",
        promptTokens: 100,
        completionTokens: 30,
      });
    }
  });
});

describe("Pi", () => {
  test("answers to which a local model gave one number are counted each", async () => {
    const entry = (id: string, second: number) => ({
      ...{ type: "message", id, timestamp: time(second) },
      message: {
        ...{ role: "assistant", responseId: "chatcmpl-412", model: "m" },
        ...{ content: [{ type: "text", text: id }], usage: { input: 100, output: 5 } },
      },
    });
    const lines = [
      { type: "session", version: 3, id: "p", timestamp: time(0), cwd: "/w" },
      ...[entry("00000002", 1), entry("00000004", 2)],
    ];
    const { messages } = await rowsOf(
      "pi",
      homeWith({ ".pi/agent/sessions/--w--/2026-10-01T07-00-00Z_p.jsonl": lines }),
    );
    expect(messages.map(({ promptTokens, apiMessageId }) => [promptTokens, apiMessageId])).toEqual([
      [100, undefined],
      [100, undefined],
    ]);
  });
});

describe("whatever the tool", () => {
  const transcript = (...texts: string[]) =>
    texts.map((text, n) => ({
      ...{ type: "user", timestamp: time(n), sessionId: "sss" },
      message: { role: "user", content: text },
    }));
  const linesOf = (...texts: string[]) =>
    transcript(...texts)
      .map((line) => JSON.stringify(line))
      .join("\n");

  test("a last line whose line break comes later keeps its number, and so do those behind it", async () => {
    const path = ".claude/projects/-w/sss.jsonl";
    const places = homeWith({ [path]: linesOf("one", "two") });
    const claude = TOOLS.find(({ source }) => source === "claude-code");
    if (claude === undefined) throw new Error("no tool");
    const ids: string[] = [];
    const read = async (from?: Extract<Item, { kind: "checkpoint" }>["progress"]) => {
      let progress = from;
      const [history] = (await discover(claude, places, [])).histories;
      for await (const item of history?.read(from) ?? []) {
        if (item.kind === "checkpoint") progress = item.progress;
        if (item.kind === "message") ids.push(item.row.externalId);
      }
      return progress;
    };
    const progress = await read();
    appendFileSync(join(places.home, path), `\n${linesOf("three")}\n`);
    await read(progress);
    expect(ids).toEqual(["sss-line-1", "sss-line-2", "sss-line-2", "sss-line-3"]);
  });

  test("a store that cannot be read is named, and all others are imported", async () => {
    const places = homeWith({
      ".local/share/opencode/opencode.db": "no database",
      ".claude/projects/-w/sss.jsonl": linesOf("one"),
    });
    const found = await Promise.all(TOOLS.map((tool) => discover(tool, places, [])));
    const histories = found.flatMap((one) => one.histories);
    const reasons: string[] = [];
    for (const history of histories) {
      try {
        for await (const item of history.read(undefined))
          if (item.kind === "message") reasons.push("");
      } catch (error) {
        reasons.push(`${history.path}: ${String(error)}`);
      }
    }
    expect(reasons.sort()).toEqual(["", expect.stringMatching(/opencode\.db: .*not a database/)]);
  });

  test("a database under a name of the user's own is read", async () => {
    const file = join(folder.path, "history.db");
    const db = openSqlite(file);
    db.exec(
      `CREATE TABLE session (id TEXT, title TEXT, time_created INT, time_updated INT);
       CREATE TABLE message (id TEXT, session_id TEXT, time_created INT, time_updated INT, data TEXT);
       CREATE TABLE part (id TEXT, session_id TEXT, message_id TEXT, time_created INT, time_updated INT, data TEXT);
       INSERT INTO session VALUES ('ses_1', 'Own', 1, 1);
       INSERT INTO message VALUES ('msg_1', 'ses_1', 1, 1, '{"role":"user"}');`,
    );
    db.close();
    const places = { ...homeWith({ "empty.json": {} }), env: { OPENCODE_DB: file } };
    expect((await rowsOf("opencode", places)).sessions).toMatchObject([{ externalId: "ses_1" }]);
  });

  /** A server that stores what it does not fail at, and a transcript of three lines to send to it. */
  async function failingServer(name: string, statusOf: (ids: readonly string[]) => number) {
    const stored = new Set<string>();
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const sent = (body === "" ? {} : JSON.parse(body)) as {
          messages?: { externalId: string }[];
        };
        const ids = (sent.messages ?? []).map(({ externalId }) => externalId);
        const status = request.method === "POST" ? statusOf(ids) : 200;
        if (status === 200) for (const id of ids) stored.add(id);
        response.writeHead(status, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ sessionIds: [], results: {}, errors: [] }));
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const root = join(folder.path, name);
    mkdirSync(join(root, "-w"), { recursive: true });
    writeFileSync(join(root, "-w", "sss.jsonl"), `${linesOf("one", "two", "three")}\n`);
    // With the pauses of a real import, a test would take a quarter of a minute.
    const to = { url: `http://127.0.0.1:${port}`, key: "osk_x", firstWaitMs: 5 };
    const run = () => runImport(to, [root], join(folder.path, `${name}.json`));
    return { run, stored: () => [...stored].sort() };
  }
  const ALL = ["sss-line-1", "sss-line-2", "sss-line-3"];

  test.each([502, 500])("what a server answers with %i for a while is not lost", async (status) => {
    let failures = 4;
    const { run, stored } = await failingServer(`outage-${status}`, () =>
      failures-- > 0 ? status : 200,
    );
    const { tallies } = await run();
    expect(tallies.flatMap(({ faults }) => faults)).toEqual([]);
    expect(stored()).toEqual(ALL);
  });

  test("what a server fails at is named, and sent again by the next run", async () => {
    let isBroken = true;
    const { run, stored } = await failingServer("broken-for-one", (ids) =>
      isBroken && ids.includes("sss-line-2") ? 500 : 200,
    );
    const { tallies } = await run();
    expect(tallies.flatMap(({ faults }) => faults)).toMatchObject([{ line: 2 }]);
    expect(stored()).toEqual(["sss-line-1", "sss-line-3"]);
    isBroken = false;
    await run();
    expect(stored()).toEqual(ALL);
  });
});
