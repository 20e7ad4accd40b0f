import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { fieldsIn, isJsonObject } from "./json.ts";
import {
  everything,
  expected,
  firstTime,
  hasSamples,
  lastTime,
  partsOf,
  readSession,
  roles,
  runImport,
  SAMPLES,
  temporaryFolder,
  tokens,
} from "./testing.fixture.ts";

const folder = temporaryFolder();
let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ embeddings: false });
});
afterAll(async () => {
  await engine.stop();
  folder.remove();
});

async function target() {
  const { apiKey: key } = await engine.createUser();
  return { url: engine.url, key };
}

let files = 0;
const stateFile = () => join(folder.path, `state-${++files}.json`);

const at = (second: number) => new Date(Date.UTC(2026, 10, 1, 9, 0, second)).toISOString();

/** A transcript's line, with the fields that all have. */
function line(second: number, fields: object): string {
  const shared = { sessionId: "s1", cwd: "/work/shop", version: "2.1.0", gitBranch: "main" };
  return JSON.stringify({ ...shared, timestamp: at(second), ...fields }) + "\n";
}

const prompt = (second: number, uuid: string, content: unknown, parentUuid: string | null = null) =>
  line(second, { type: "user", uuid, parentUuid, message: { role: "user", content } });

const answer = (
  second: number,
  uuid: string,
  block: object,
  { id = "msg_01AAAAAAAAAAAAAAAAAAAA", output = 5, parentUuid = null as string | null } = {},
) =>
  line(second, {
    ...{ type: "assistant", uuid, parentUuid, requestId: "req_1" },
    message: {
      ...{ id, role: "assistant", model: "claude-sonnet-4-5", content: [block] },
      usage: {
        ...{ input_tokens: 10, output_tokens: output, cache_read_input_tokens: 100 },
        cache_creation_input_tokens: 60,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 40 },
      },
    },
  });

const text = (words: string) => ({ type: "text", text: words });
const call = {
  type: "tool_use",
  id: "toolu_1",
  name: "Bash",
  input: { command: "ls", $flag: [1] },
};

/** A project folder with one transcript. */
function transcript(lines: string, name = "s1.jsonl"): { root: string; file: string } {
  const root = join(folder.path, `projects-${++files}`);
  mkdirSync(join(root, "-work-shop"), { recursive: true });
  const file = join(root, "-work-shop", name);
  writeFileSync(file, lines);
  return { root, file };
}

const TURN =
  prompt(1, "u1", "Which files are here?") +
  answer(
    2,
    "a1",
    { type: "thinking", thinking: "I list them.", signature: "c2ln" },
    { output: 1, parentUuid: "u1" },
  ) +
  answer(3, "a2", text("I look."), { parentUuid: "a1" }) +
  answer(4, "a3", call, { output: 30, parentUuid: "a2" }) +
  line(5, {
    ...{ type: "user", uuid: "r1", parentUuid: "a3" },
    message: {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "toolu_1", content: "notes.txt", is_error: false },
      ],
    },
    toolUseResult: { stdout: "notes.txt", stderr: "warning: odd", interrupted: false },
  }) +
  answer(6, "a4", text("One file."), {
    id: "msg_01BBBBBBBBBBBBBBBBBBBB",
    output: 7,
    parentUuid: "r1",
  });

describe.skipIf(!hasSamples)("samples of Claude Code", () => {
  test("arrive as an independent count has them", async () => {
    const to = await target();
    const { tallies } = await runImport(to, [join(SAMPLES, "claude")], stateFile());
    expect(tallies.map(({ faultCount }) => faultCount)).toEqual([0]);
    await engine.settle();
    const wanted = fieldsIn(fieldsIn(expected(), "claude"), "files");
    expect(Object.keys(wanted).length).toBeGreaterThan(5);
    for (const [path, want] of Object.entries(wanted)) {
      if (!isJsonObject(want)) continue;
      const [, parent, name = ""] =
        /([^/]+)\/(?:subagents\/agent-)?([^/]+)\.jsonl$/.exec(path) ?? [];
      const id = path.includes("/subagents/") ? `${parent}-agent-${name}` : name;
      const { session, messages } = await readSession(engine, to.key, id);
      const { user, tool, assistantAnswers } = fieldsIn(want, "messages");
      const found = roles(messages);
      const answers = messages.filter(({ role }) => role === "assistant");
      const { input, cacheRead, cacheWrite, output } = fieldsIn(want, "tokens");
      expect(
        {
          user: found.user ?? 0,
          tool: found.tool ?? 0,
          answers: new Set(
            answers.map(({ apiMessageId, externalId }) => apiMessageId ?? externalId),
          ).size,
          calls: partsOf(messages, "tool-call").length,
          models: session.models ?? [],
          first: new Date(firstTime(messages)).toISOString(),
          last: new Date(lastTime(messages)).toISOString(),
          cwd: session.projectPath ?? null,
          branch: session.gitBranch ?? null,
          ...tokens(session),
        },
        path,
      ).toEqual({
        ...{ user, tool, answers: assistantAnswers, calls: want.toolCalls },
        models: [...(want.models as string[])].sort(),
        ...{ first: want.first, last: want.last, cwd: want.cwd, branch: want.gitBranch },
        ...{ input, cacheRead, cacheWrite, output },
      });
    }
  });

  test("show which session a fork and a subagent came from", async () => {
    const to = await target();
    await runImport(to, [join(SAMPLES, "claude")], stateFile());
    const parent = "11111111-2222-4333-8444-555555555555";
    const fork = await readSession(engine, to.key, "66666666-7777-4888-9999-aaaaaaaaaaaa");
    expect(fork.session).toMatchObject({ parentExternalId: parent, relation: "fork" });
    const child = await readSession(engine, to.key, `${parent}-agent-ab849795882e5c6ae`);
    expect(child.session).toMatchObject({ parentExternalId: parent, relation: "subagent" });
    expect(child.messages[0]?.parentExternalId).toBe("toolu_mock6_0");
  });
});

describe("a transcript of Claude Code", () => {
  test("arrives whole: prompts, thinking, answers, calls with arguments and results", async () => {
    const to = await target();
    const { root } = transcript(TURN);
    await runImport(to, [root], stateFile());
    await engine.settle();
    const { session, messages } = await readSession(engine, to.key, "s1");
    expect(session).toMatchObject({
      ...{ source: "claude-code", projectPath: "/work/shop", gitBranch: "main" },
      ...{ host: "test-host", agentVersion: "2.1.0" },
    });
    const ids = messages.map(({ externalId, role }) => `${role} ${externalId}`);
    expect(ids).toEqual([
      "user u1",
      "assistant a1",
      "assistant a2",
      "assistant toolu_1",
      "tool r1",
      "assistant a4",
    ]);
    expect(messages.map(({ textContent }) => textContent)).toEqual([
      "Which files are here?",
      undefined,
      "I look.",
      undefined,
      undefined,
      "One file.",
    ]);
    expect(messages[1]?.parts[0]).toEqual({
      type: "thinking",
      content: { thinking: "I list them.", signature: "c2ln" },
    });
    expect(messages[3]?.parts[0]?.content).toEqual({
      toolCallId: "toolu_1",
      toolName: "Bash",
      args: call.input,
    });
    expect(messages[4]).toMatchObject({ parentExternalId: "toolu_1" });
    expect(messages[4]?.parts).toEqual([
      {
        type: "tool_result",
        content: { tool_use_id: "toolu_1", content: "notes.txt", is_error: false },
      },
      { type: "tool-detail", content: { stdout: "notes.txt", stderr: "warning: odd" } },
    ]);
    expect(tokens(session)).toEqual({ input: 20, cacheRead: 200, cacheWrite: 120, output: 37 });
  });

  test("is not sent twice; what is appended is, and a half line waits", async () => {
    const to = await target();
    const { root, file } = transcript(TURN);
    const state = stateFile();
    await runImport(to, [root], state);
    const again = await runImport(to, [root], state);
    expect(again.tallies[0]).toMatchObject({ messages: 0, unchanged: 1 });
    const more = answer(8, "a5", text("Done, ✓."), { id: "msg_01CCCCCCCCCCCCCCCCCCCC" });
    const bytes = Buffer.from(prompt(7, "u2", "And now?") + more);
    appendFileSync(file, bytes.subarray(0, bytes.length - 12));
    const half = await runImport(to, [root], state);
    expect(half.tallies[0]).toMatchObject({ messages: 1, faultCount: 0 });
    appendFileSync(file, bytes.subarray(bytes.length - 12));
    const rest = await runImport(to, [root], state);
    expect(rest.tallies[0]).toMatchObject({ messages: 1, faultCount: 0 });
    const { messages } = await readSession(engine, to.key, "s1");
    expect(messages.slice(-2).map(({ textContent }) => textContent)).toEqual([
      "And now?",
      "Done, ✓.",
    ]);
    const whole = await target();
    await runImport(whole, [root], stateFile());
    expect(await everything(engine, to.key)).toEqual(await everything(engine, whole.key));
  });

  test("that was replaced or cut is read again", async () => {
    const to = await target();
    const { root, file } = transcript(TURN + prompt(9, "u9", "More?"));
    const state = stateFile();
    await runImport(to, [root], state);
    writeFileSync(file, TURN);
    expect((await runImport(to, [root], state)).tallies[0]).toMatchObject({ messages: 6 });
    writeFileSync(file, TURN.replace("Which files", "What files") + prompt(9, "u9", "More?"));
    expect((await runImport(to, [root], state)).tallies[0]).toMatchObject({ messages: 7 });
    const { messages } = await readSession(engine, to.key, "s1");
    expect(messages[0]?.textContent).toBe("What files are here?");
  });

  test("with a broken line arrives without it, and the line is named", async () => {
    const to = await target();
    const { root, file } = transcript(`{"type":"user",\n[1]\n${TURN}`);
    const { tallies } = await runImport(to, [root], stateFile());
    expect(tallies[0]?.faults).toEqual([
      { path: file, line: 1, reason: "is not JSON" },
      { path: file, line: 2, reason: "is no JSON object" },
    ]);
    expect(tallies[0]?.messages).toBe(6);
  });

  test("keeps what records of unknown types say", async () => {
    const to = await target();
    const odd = { type: "hologram", uuid: "h1", parentUuid: null, content: { shape: "a whale" } };
    const { root } = transcript(TURN + line(7, odd));
    const { tallies } = await runImport(to, [root], stateFile());
    expect(Object.fromEntries(tallies[0]?.unknown ?? [])).toEqual({ hologram: 1 });
    const { messages } = await readSession(engine, to.key, "s1");
    expect(messages.at(-1)).toMatchObject({ externalId: "h1", role: "system" });
    expect(messages.at(-1)?.parts[0]?.content).toMatchObject({ content: { shape: "a whale" } });
  });
});
