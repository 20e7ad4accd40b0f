import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { readSession, runImport, temporaryFolder, tokens } from "./testing.fixture.ts";

/** A plugin and an import of the same session, in all orders. */

const folder = temporaryFolder();
let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ embeddings: false });
});
afterAll(async () => {
  await engine.stop();
  folder.remove();
});

const SESSION = "3f2c9a10-7b1d-4f7e-9a51-0c1d2e3f4a5b";
const BEGAN = Date.UTC(2026, 10, 3, 8, 0, 0);
const iso = (ms: number) => new Date(BEGAN + ms).toISOString();
const PROMPT = "Fix the redirect loop in the login page";
const API = ["msg_01AAAAAAAAAAAAAAAAAAAA", "msg_01BBBBBBBBBBBBBBBBBBBB"];

/** What claude-code-sync sends of the session below: its own ids for prompts, no results, tokens added per line. */
const PLUGIN = [
  [
    "/sync/session",
    { externalId: SESSION, source: "claude-code", title: PROMPT, projectPath: "/w/app" },
  ],
  ...[
    [180, PROMPT],
    [60_150, "continue"],
    [64_130, "continue"],
  ].map(([ms, textContent]) => [
    "/sync/message",
    {
      ...{ sessionExternalId: SESSION, externalId: `${SESSION}-user-${BEGAN + Number(ms)}` },
      ...{ role: "user", source: "claude-code", textContent },
    },
  ]),
  [
    "/sync/message",
    {
      ...{ sessionExternalId: SESSION, externalId: "toolu_01", role: "assistant" },
      ...{ source: "claude-code", durationMs: 12 },
      parts: [{ type: "tool-call", content: { toolName: "Bash", args: { command: "ls" } } }],
    },
  ],
  ...[
    ["a2", "I look."],
    ["a4", "Done."],
  ].map(([externalId, textContent]) => [
    "/sync/message",
    {
      ...{ sessionExternalId: SESSION, externalId, role: "assistant", source: "claude-code" },
      ...{ textContent, model: "claude-opus-4-5" },
    },
  ]),
  [
    "/sync/session",
    {
      ...{ externalId: SESSION, source: "claude-code", model: "claude-opus-4-5" },
      ...{ promptTokens: 990, completionTokens: 88, cost: 0.4, messageCount: 3, toolCallCount: 1 },
    },
  ],
] as [string, object][];

function transcript(): string {
  const root = join(folder.path, "projects");
  mkdirSync(join(root, "-w-app"), { recursive: true });
  const line = (ms: number, fields: object) =>
    `${JSON.stringify({ sessionId: SESSION, cwd: "/w/app", timestamp: iso(ms), ...fields })}\n`;
  const user = (ms: number, uuid: string, content: unknown) =>
    line(ms, { type: "user", uuid, message: { role: "user", content } });
  const answer = (
    ms: number,
    uuid: string,
    id: string | undefined,
    block: object,
    output: number,
  ) =>
    line(ms, {
      ...{ type: "assistant", uuid, requestId: "r" },
      message: {
        ...{ id, role: "assistant", model: "claude-opus-4-5", content: [block] },
        usage: { input_tokens: 100, output_tokens: output, cache_read_input_tokens: 7 },
      },
    });
  const result = { type: "tool_result", tool_use_id: "toolu_01", content: "notes.txt" };
  const text = [
    user(0, "u1", PROMPT),
    answer(2_000, "a2", API[0], { type: "text", text: "I look." }, 3),
    answer(
      2_500,
      "a3",
      API[0],
      { type: "tool_use", id: "toolu_01", name: "Bash", input: { command: "ls" } },
      20,
    ),
    user(3_000, "r1", [result]),
    answer(5_000, "a4", API[1], { type: "text", text: "Done." }, 4),
    user(60_000, "u2", "continue"),
    user(64_000, "u3", "continue"),
  ];
  writeFileSync(join(root, "-w-app", `${SESSION}.jsonl`), text.join(""));
  return root;
}

let runs = 0;

/** Everything of a user after these steps. */
async function after(steps: readonly ("plugin" | "import")[], requests = PLUGIN) {
  const { apiKey: key } = await engine.createUser();
  const root = transcript();
  for (const step of steps) {
    if (step === "plugin") {
      for (const [path, json] of requests)
        expect((await engine.request(path, { key, json })).status).toBe(200);
    } else
      await runImport({ url: engine.url, key }, [root], join(folder.path, `state-${++runs}.json`));
  }
  await engine.settle();
  return { key, ...(await readSession(engine, key, SESSION)) };
}

describe("claude-code-sync and an import of the same session", () => {
  test.each([
    [["plugin", "import"]],
    [["import", "plugin"]],
    [["import", "plugin", "import"]],
    [["plugin", "import", "plugin"]],
    [["plugin", "plugin", "import", "import", "plugin"]],
  ] as const)("in the order %s: one session, each message once, tokens once", async (steps) => {
    const { session, messages } = await after(steps);
    expect(messages.map(({ externalId }) => externalId).sort()).toEqual([
      "a2",
      "a4",
      "r1",
      "toolu_01",
      "u1",
      "u2",
      "u3",
    ]);
    expect(tokens(session)).toEqual({ input: 200, cacheRead: 14, cacheWrite: 0, output: 24 });
    const call = messages.find(({ externalId }) => externalId === "toolu_01");
    expect(call?.parts).toEqual([
      {
        type: "tool-call",
        content: { toolCallId: "toolu_01", toolName: "Bash", args: { command: "ls" } },
      },
    ]);
    expect(
      messages.filter(({ role }) => role === "user").map(({ textContent }) => textContent),
    ).toEqual([PROMPT, "continue", "continue"]);
  });

  test("what a person says twice in a row stays two messages", async () => {
    const { messages } = await after(["import"]);
    expect(messages.filter(({ textContent }) => textContent === "continue")).toHaveLength(2);
  });

  test("the plugin alone is stored as it was sent", async () => {
    const { messages } = await after(["plugin"]);
    expect(messages).toHaveLength(6);
    expect(messages[0]?.externalId).toMatch(/-user-\d{13}$/);
  });
});

describe("pi-opensync-plugin and an import of the same session", () => {
  const id = "01a22292-0000-7000-8000-000000000001";
  const entry = (second: number, own: string, message: object) =>
    `${JSON.stringify({ type: "message", id: own, parentId: null, timestamp: iso(second * 1_000), message })}\n`;
  const usage = { input: 50, output: 9, cacheRead: 0, cacheWrite: 0 };

  function file(): string {
    const root = join(folder.path, "pi", "--w-app--");
    mkdirSync(root, { recursive: true });
    const words = { type: "text", text: "Two files." };
    const call = { type: "toolCall", id: "c1", name: "bash", arguments: { command: "ls" } };
    const answer = (second: number, content: object[]) => ({
      ...{ role: "assistant", content, model: "m1", usage, timestamp: BEGAN + second * 1_000 },
    });
    const result = {
      role: "toolResult",
      toolCallId: "c1",
      toolName: "bash",
      content: [{ type: "text", text: "a b" }],
    };
    writeFileSync(
      join(root, `2026-11-03T08-00-00-000Z_${id}.jsonl`),
      `${JSON.stringify({ type: "session", version: 3, id, timestamp: iso(0), cwd: "/w/app" })}\n` +
        entry(1, "e1", { role: "user", content: "List them", timestamp: BEGAN + 1_000 }) +
        // An answer is stored when it ends, half a minute after it began.
        entry(40, "e2", answer(2, [{ type: "thinking", thinking: "ls" }, call])) +
        entry(41, "e3", result) +
        entry(60, "e4", answer(42, [words])),
    );
    return join(folder.path, "pi");
  }

  const message = (n: string, ms: number, fields: object) => ({
    ...{ sessionExternalId: id, externalId: `${id}-${n}`, createdAt: BEGAN + ms, ...fields },
  });
  const numbers = { model: "m1", promptTokens: 50, completionTokens: 9 };
  const requests: [string, object][] = [
    ["/sync/session", { externalId: id, source: "pi", title: "Untitled", model: "M 1 (Local)" }],
    ["/sync/message", message("user-1", 900, { role: "user", textContent: "List them" })],
    [
      "/sync/message",
      message("assistant-2", 2_000, {
        ...{ role: "assistant", ...numbers, textContent: "<thinking>ls</thinking>" },
        parts: [
          { type: "tool-call", content: { toolName: "bash", args: { command: "ls" } } },
          { type: "tool-result", content: "a b" },
        ],
      }),
    ],
    [
      "/sync/message",
      message("assistant-3", 42_000, { role: "assistant", ...numbers, textContent: "Two files." }),
    ],
  ];

  test.each([
    [["plugin", "import"]],
    [["import", "plugin"]],
    [["plugin", "import", "plugin", "import"]],
  ] as const)("in the order %s: each message once, tokens once", async (steps) => {
    const { apiKey: key } = await engine.createUser();
    for (const step of steps) {
      if (step === "import") {
        await runImport(
          { url: engine.url, key },
          [file()],
          join(folder.path, `state-${++runs}.json`),
        );
      } else for (const [path, json] of requests) await engine.request(path, { key, json });
    }
    await engine.settle();
    const { session, messages } = await readSession(engine, key, id);
    expect(messages.map(({ externalId }) => externalId).sort()).toEqual(["e1", "e2", "e3", "e4"]);
    expect(tokens(session)).toEqual({ input: 100, cacheRead: 0, cacheWrite: 0, output: 18 });
  });
});

describe("droid-sync and an import of the same session", () => {
  const id = "5d0c7c1e-2222-4333-8444-555566667777";
  const record = (second: number, own: string, role: string, content: object[]) =>
    `${JSON.stringify({ type: "message", id: own, timestamp: iso(second * 1_000), message: { role, content } })}\n`;
  const text = (words: string) => ({ type: "text", text: words });
  const call = { type: "tool_use", id: "call_1", name: "LS", input: { path: "." } };
  const result = { type: "tool_result", tool_use_id: "call_1", content: "a b" };
  const own = { sessionExternalId: id, source: "factory-droid" };
  const requests: [string, object][] = [
    ["/sync/session", { externalId: id, source: "factory-droid", title: "List", promptTokens: 42 }],
    [
      "/sync/batch",
      {
        sessions: [],
        messages: [
          { ...own, externalId: "m1", role: "user", textContent: "List them" },
          { ...own, externalId: "m2", role: "assistant", textContent: "I look." },
          {
            ...{ ...own, externalId: "m2-tool-call_1", role: "assistant" },
            parts: [{ type: "tool_use", content: { toolName: "LS", args: { path: "." } } }],
          },
        ],
      },
    ],
  ];

  test.each([[["plugin", "import"]], [["import", "plugin"]]] as const)(
    "in the order %s: each message once",
    async (steps) => {
      const root = join(folder.path, "droid");
      mkdirSync(root, { recursive: true });
      const start = { type: "session_start", id, sessionTitle: "List", cwd: "/w/app" };
      writeFileSync(
        join(root, `${id}.jsonl`),
        `${JSON.stringify(start)}\n` +
          record(1, "m1", "user", [text("List them")]) +
          record(2, "m2", "assistant", [text("I look."), call]) +
          record(3, "m3", "user", [result]),
      );
      const { apiKey: key } = await engine.createUser();
      for (const step of steps) {
        if (step === "import") {
          await runImport(
            { url: engine.url, key },
            [root],
            join(folder.path, `state-${++runs}.json`),
          );
        } else for (const [path, json] of requests) await engine.request(path, { key, json });
      }
      await engine.settle();
      const { messages } = await readSession(engine, key, id);
      const ids = messages.map(({ externalId }) => externalId).sort();
      expect(ids).toEqual(["m1", "m2", "m2-tool-call_1", "m3"]);
    },
  );
});
