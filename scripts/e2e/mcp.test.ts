import {
  Client,
  StreamableHTTPClientTransport,
  type VersionNegotiationMode,
} from "@modelcontextprotocol/client";
import { Client as ClientOf2025 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportOf2025 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queries, sessionsOf, TEXT_KINDS } from "../bench/searchSet.ts";
import { startTestEngine, type TestEngine, type TestUser } from "../local/testing.ts";

/** `/mcp` over real HTTP, asked by the clients of both generations of the protocol. */
let engine: TestEngine;
let ada: TestUser;

const DAY = 86_400_000;
const BIG = 1_200;
const ANSWER_MAX_BYTES = 8_000;
/** Parts of a resource that are read. */
const PARTS = 5;
const TOOLS = [
  "get_messages",
  "get_session",
  "recall_context",
  "search_sessions",
  "sessions_for_file",
  "usage",
];

beforeAll(async () => {
  engine = await startTestEngine({ env: { RATE_LIMIT_SEARCH: "off" } });
  ada = await engine.createUser();
  await store("ledger", LEDGER, { projectName: "ledger", projectPath: "/home/ada/ledger" });
  await engine.settle(DAY);
}, 120_000);
afterAll(() => engine.stop());

const write = (file_path: string) => ({
  type: "tool_use",
  content: { id: "c1", name: "Edit", input: { file_path, old_string: "a", new_string: "b" } },
});
const patch = (text: string) => ({
  type: "tool-call",
  content: { toolName: "apply_patch", args: { input: text } },
});

type Said = { text: string; parts?: unknown[] };

const LEDGER: Said[] = [
  { text: "The nightly export hangs with SQLITE_BUSY" },
  { text: "Set busy_timeout.", parts: [write("/home/ada/ledger/src/export/nightly.ts")] },
  { text: "Now round half even in lib/money.py" },
  { text: "Done.", parts: [patch("*** Begin Patch\n*** Update File: lib/money.py\n@@\n-a\n+b")] },
];

/** Sends a session in batches, as plugins do. */
async function store(id: string, said: readonly Said[], about: object = {}): Promise<void> {
  const start = Date.now() - 3 * DAY;
  const messages = said.map(({ text, parts }, n) => ({
    sessionExternalId: id,
    externalId: `${id}-${n}`,
    role: n % 2 === 0 ? "user" : "assistant",
    textContent: text,
    createdAt: start + n * 1_000,
    parts,
  }));
  for (let from = 0; from < messages.length; from += 500) {
    const sessions = [{ externalId: id, createdAt: start, ...about }];
    const json = { sessions, messages: messages.slice(from, from + 500) };
    const answer = await engine.request("/sync/batch", { key: ada.apiKey, json });
    expect(answer.status).toBe(200);
  }
}

const address = () => new URL("/mcp", engine.url);
const requestInit = () => ({ headers: { Authorization: `Bearer ${ada.apiKey}` } });

async function connected(mode: VersionNegotiationMode) {
  const client = new Client({ name: "e2e", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(
    new StreamableHTTPClientTransport(address(), { requestInit: requestInit() }),
  );
  return client;
}

type Answer = { text: string; isError: boolean; bytes: number };

/** Calls a tool over plain HTTP, to know the bytes of the answer. */
async function call(name: string, args: object): Promise<Answer> {
  const body = await rpc("tools/call", { name, arguments: args });
  const { result } = JSON.parse(body) as {
    result: { content: { text: string }[]; isError?: boolean };
  };
  const text = result.content.map((one) => one.text).join("\n");
  return { text, isError: result.isError ?? false, bytes: Buffer.byteLength(body) };
}

async function rpc(method: string, params: object = {}): Promise<string> {
  const headers = {
    Accept: "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-11-25",
  };
  const json = { jsonrpc: "2.0", id: 1, method, params };
  return await (await engine.request("/mcp", { key: ada.apiKey, headers, json })).text();
}

const ARGUMENTS: { [tool: string]: { [name: string]: unknown } } = {
  recall_context: { question: "Why did the nightly export hang?" },
  search_sessions: { query: "SQLITE_BUSY" },
  get_session: { session: "ledger" },
  get_messages: { session: "ledger" },
  sessions_for_file: { path: "src/export/nightly.ts" },
  usage: {},
};

describe("real clients list and call every tool", () => {
  const MODES: [string, VersionNegotiationMode][] = [
    ["without a handshake", { pin: "2026-07-28" }],
    ["as they negotiate", "auto"],
    ["with the handshake of 2025", "legacy"],
  ];

  test.each(MODES)("%s", async (_, mode) => {
    const client = await connected(mode);
    expect(client.getInstructions()).toContain("recall_context");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(TOOLS);
    for (const { name, annotations } of tools) {
      expect(annotations?.readOnlyHint).toBe(true);
      const result = await client.callTool({ name, arguments: ARGUMENTS[name] });
      expect([name, result.isError ?? false]).toEqual([name, false]);
      if (name !== "usage") expect(JSON.stringify(result.content)).toMatch(/session:/);
    }
    const { resources } = await client.listResources();
    const { contents } = await client.readResource({ uri: resources[0]?.uri ?? "" });
    expect(JSON.stringify(contents)).toContain("nightly export");
    await client.close();
  });

  test("the client of the first SDK", async () => {
    const client = new ClientOf2025({ name: "e2e", version: "1" });
    await client.connect(new TransportOf2025(address(), { requestInit: requestInit() }));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(TOOLS);
    for (const { name } of tools) {
      const result = await client.callTool({ name, arguments: ARGUMENTS[name] });
      expect([name, result.isError ?? false]).toEqual([name, false]);
    }
    await client.close();
  });
});

describe("sessions_for_file", () => {
  test.each(["src/export/nightly.ts", "/home/ada/ledger/src/export/nightly.ts", "nightly.ts"])(
    "%s names the session that changed it",
    async (path) => {
      const { text } = await call("sessions_for_file", { path });
      expect(text).toMatch(/\[session:[^\]]+\/message:[^\]]+\] changed by "Edit"/);
    },
  );

  test("a patch names its files itself, and another file of the same name is not meant", async () => {
    expect((await call("sessions_for_file", { path: "lib/money.py" })).text).toContain(
      "changed by",
    );
    const other = await call("sessions_for_file", { path: "src/import/nightly.ts" });
    expect(other.text).not.toContain("changed by");
  });

  test("somebody else's is not found", async () => {
    const bob = await engine.createUser();
    const json = {
      ...{ jsonrpc: "2.0", id: 1, method: "tools/call" },
      params: { name: "sessions_for_file", arguments: { path: "nightly.ts" } },
    };
    const headers = { Accept: "application/json, text/event-stream" };
    const answer = await engine.request("/mcp", { key: bob.apiKey, headers, json });
    expect(await answer.text()).toContain("No past session names this file");
  });
});

test.each(["\ud800", "\udc00x", "\0"])(
  "half a character as an argument is no failure of the server: %j",
  async (odd) => {
    const asked: [string, object][] = [
      ["recall_context", { question: odd, project: odd, cwd: odd }],
      ["search_sessions", { query: `x${odd}`, project: odd, source: odd, cwd: odd }],
      ["get_session", { session: odd }],
      ["get_messages", { session: "ledger", around: odd }],
      ["sessions_for_file", { path: odd, project: odd, cwd: odd }],
      ["usage", { source: odd }],
    ];
    for (const [name, args] of asked) {
      const { text } = await call(name, args);
      expect([name, text]).toEqual([name, expect.not.stringContaining("Internal error")]);
    }
  },
);

test(`every answer about a session of ${BIG} messages stays under 8 kB`, async () => {
  const said = Array.from({ length: BIG }, (_, n) => ({
    text:
      n % 2 === 0
        ? `Prompt ${n} "quoted" \\ zebra 日本語 ${"word ".repeat(60)}`
        : `Answer ${n} zebra\n${"line \u0001\n".repeat(40)}`,
    ...(n % 2 === 0 ? {} : { parts: [write(`/src/zebra/file${n}.ts`)] }),
  }));
  await store("big", said, { title: "z".repeat(2_000), projectName: "p".repeat(500) });
  await engine.settle(DAY);
  const sizes: { [name: string]: number } = {};
  const asked: [string, object][] = [
    ["search_sessions", { query: "zebra", limit: 20 }],
    ["recall_context", { question: "zebra 日本語", max_tokens: 2_000, limit: 10 }],
    ["get_session", { session: "big" }],
    ["get_messages", { session: "big", limit: 30, max_chars: 6_000 }],
    ["sessions_for_file", { path: "file1.ts", limit: 20 }],
    ["usage", {}],
  ];
  for (const [name, args] of asked) {
    const { bytes, isError } = await call(name, args);
    expect([name, isError]).toEqual([name, false]);
    sizes[name] = bytes;
  }
  const list = await rpc("resources/list");
  const uris = Array.from(list.matchAll(/opensync:\/\/sessions\/[^"]+/g), ([uri]) => uri);
  for (let uri of uris) {
    for (let part = 0; part < PARTS; part++) {
      const read = await rpc("resources/read", { uri });
      sizes[uri] = Buffer.byteLength(read);
      const [, next] = /Continues at (opensync:[^"]+)/.exec(read) ?? [];
      if (next === undefined) break;
      uri = next;
    }
  }
  sizes.resources = Buffer.byteLength(list);
  sizes.tools = Buffer.byteLength(await rpc("tools/list"));
  console.log(sizes);
  expect(Object.entries(sizes).filter(([, bytes]) => bytes >= ANSWER_MAX_BYTES)).toEqual([]);
  expect(sizes.get_messages).toBeGreaterThan(ANSWER_MAX_BYTES / 2);
}, 120_000);

test("of ten questions of all kinds, at least nine are answered from the right session", async () => {
  const sessions = sessionsOf(1).slice(0, 20);
  const byId = new Map<string, string>();
  for (const { externalId, title, projectName, messages } of sessions) {
    const said = messages.map(({ textContent }) => ({ text: textContent }));
    await store(`recall ${externalId}`, said, { title, projectName });
    const found = await engine.request(
      `/api/sessions/get?id=recall%20${externalId}&messages_limit=1`,
      {
        key: ada.apiKey,
      },
    );
    byId.set(((await found.json()) as { id: string }).id, externalId);
  }
  await engine.settle(DAY);
  const known = new Set(sessions.map(({ externalId }) => externalId));
  const asked = TEXT_KINDS.flatMap((kind) =>
    queries.filter((query) => query.kind === kind && known.has(query.answer)).slice(3, 5),
  );
  expect(asked).toHaveLength(10);
  const wrong: string[] = [];
  for (const { text, answer } of asked) {
    const found = await call("recall_context", { question: text });
    const cited = Array.from(found.text.matchAll(/\[session:([^/\]]+)\//g), ([, id = ""]) =>
      byId.get(id),
    );
    if (!cited.includes(answer)) wrong.push(text);
  }
  console.log(`recall_context: ${10 - wrong.length} of 10`, wrong);
  expect(wrong.length).toBeLessThanOrEqual(1);
}, 120_000);
