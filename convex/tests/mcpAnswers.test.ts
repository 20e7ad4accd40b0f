import { describe, expect, test } from "vitest";
import {
  conversation,
  type Deployment,
  deployment,
  eachTestAt,
  person,
  settle,
} from "../test.setup";
import { loadProtocolFirst, type Rpc, rpcClient } from "./mcp.fixture";

/** What an agent could misread in an answer. */

const NOON = Date.UTC(2026, 0, 22, 12);
const DAY = 86_400_000;

eachTestAt(NOON);

loadProtocolFirst();

async function client(t: Deployment = deployment()) {
  const who = await person(t);
  const store = async (...batches: object[]) => {
    for (const batch of batches) expect((await who.post("/sync/batch", batch)).status).toBe(200);
    await settle(t);
  };
  return { who, store, ...rpcClient((path, init) => t.fetch(path, init), who) };
}

const WALRUS = conversation("walrus", ["Why does the walrus migration fail?", "A lock."], {
  ...{ createdAt: NOON - DAY, title: "Walrus", projectName: "zoo" },
});

describe("an argument that a tool does not have is refused, because its filter would be missing", () => {
  test.each<[string, object, string, string]>([
    ["search_sessions", { query: "walrus", since: "2026-01-01" }, "since", "takes query, project"],
    ["search_sessions", { query: "walrus", projects: "zoo" }, "projects", "takes query, project"],
    ["recall_context", { question: "walrus", maxTokens: 500 }, "maxTokens", "max_tokens"],
    ["get_session", { session: "walrus", limit: 3 }, "limit", "takes session"],
    ["get_messages", { session: "walrus", offset: 10 }, "offset", "takes"],
    ["sessions_for_file", { path: "a.ts", repo: "zoo" }, "repo", "takes"],
    ["usage", { days: 7 }, "days", "takes"],
  ])("%s with %j", async (name, args, argument, hint) => {
    const { call, store } = await client();
    await store(WALRUS);
    const { text, isError } = await call(name, args);
    expect(isError).toBe(true);
    expect(text).toContain(argument);
    expect(text).toContain(hint);
  });

  test("and the tool's schema says so", async () => {
    const { request } = await client();
    const { result } = (await (await request("tools/list")).json()) as Rpc;
    for (const { inputSchema } of result?.tools as { inputSchema: object }[]) {
      expect(inputSchema).toMatchObject({ additionalProperties: false });
    }
  });
});

test("two places to read from are refused, because one of them would be ignored", async () => {
  const { call, store } = await client();
  await store(WALRUS);
  const { text } = await call("get_messages", { session: "walrus" });
  const [, message] = /(\[session:[^\]/]+\/message:[^\]]+\])/.exec(text) ?? [];
  for (const at of [
    { after: message, before: message },
    { around: message, after: message },
    { around: message, before: message },
  ]) {
    const answer = await call("get_messages", { session: "walrus", ...at });
    expect([at, answer.isError]).toEqual([at, true]);
    expect(answer.text).toContain("Give only one of around, after and before");
  }
});

test("an argument of white space is refused instead of answered with nothing found", async () => {
  const { call, store } = await client();
  await store(WALRUS);
  for (const [name, args] of [
    ["recall_context", { question: " \n" }],
    ["sessions_for_file", { path: " " }],
    ["sessions_for_file", { path: "/" }],
    ["search_sessions", { query: " " }],
  ] as const) {
    expect([name, args, (await call(name, args)).isError]).toEqual([name, args, true]);
  }
});

describe("a session whose own id begins like a citation", () => {
  test.each(["session:abc", "session:abc/message:7", "[session:abc]"])("%s", async (name) => {
    const { call, store } = await client();
    await store(conversation(name, ["Hello prefixed", "Hi"], { createdAt: NOON - DAY }));
    for (const session of [name, `session:${name}`]) {
      for (const tool of ["get_session", "get_messages"]) {
        const { text } = await call(tool, { session });
        expect([tool, session, text]).toEqual([tool, session, expect.stringContaining("prefixed")]);
      }
    }
  });

  test("does not hide the session that is cited", async () => {
    const { call, store } = await client();
    const about = { createdAt: NOON - DAY };
    await store(conversation("abc", ["Hello plain"], about));
    await store(conversation("session:abc", ["Hello prefixed"], about));
    expect((await call("get_session", { session: "[session:abc]" })).text).toContain("plain");
  });
});

describe("what a search left out is said", () => {
  const many = (word: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${word}${n}`).join(" ");

  test("words that the query has too many of, with results and without", async () => {
    const { call, store } = await client();
    await store(WALRUS);
    for (const [name, argument] of [
      ["search_sessions", "query"],
      ["recall_context", "question"],
    ] as const) {
      const words = many("zebra", 300);
      const { text } = await call(name, { [argument]: `walrus migration ${words}` });
      expect(text).toMatch(/ words of it were not searched, because it has too many/);
      expect(text).not.toContain("32 bytes");
    }
  });

  test("sessions that the filters exclude, when the search stopped because of them", async () => {
    const { call, store } = await client();
    await store(conversation("farm", ["cows"], { createdAt: NOON - 9 * DAY, projectName: "farm" }));
    for (let n = 0; n < 3; n++) {
      const about = { createdAt: NOON - DAY - n, projectName: "zoo" };
      const texts = Array.from({ length: 60 }, (_, at) => `walrus number ${n * 60 + at}`);
      await store(conversation(`zoo-${n}`, texts, about));
    }
    const { text } = await call("search_sessions", { query: "walrus", project: "farm" });
    expect(text).toContain("The search stopped before it had seen all that matches");
    expect(text).not.toContain("nobody did it");
  });
});

test("a cost that no tool reported is unknown, not zero", async () => {
  const { call, store } = await client();
  const usage = { promptTokens: 900, completionTokens: 100, model: "no-such-model" };
  const answer = (externalId: string, more = {}) => {
    const ids = { sessionExternalId: externalId, externalId, role: "assistant" };
    return { messages: [{ ...ids, createdAt: NOON - DAY, textContent: "Hi", ...usage, ...more }] };
  };
  await store(answer("without"));
  const { text } = await call("usage");
  expect(text).toMatch(/In all: .* 1000 tokens, cost unknown/);
  expect(text).not.toContain("$0.00");
  await store(answer("paid", { cost: 0.5 }));
  const both = await call("usage");
  expect(both.text).toMatch(/In all: .* 2000 tokens, cost \$0.50 \(unknown for 1000 tokens\)/);
});

test("a document of a session says nothing about a cost that no tool reported", async () => {
  const { request, store, who } = await client();
  await store(WALRUS);
  const uri = "opensync://sessions/walrus";
  const documents = [
    await (await request("resources/read", { uri })).text(),
    await (await who.get("/api/export?format=markdown&all=true")).text(),
    await (await who.get("/api/export?format=text&all=true")).text(),
  ];
  for (const text of documents) {
    expect(text).toContain("Walrus");
    expect(text).not.toContain("$0");
  }
});

test("each listed resource has the title of its session", async () => {
  const { request, store } = await client();
  await store(WALRUS);
  const { result } = (await (await request("resources/list")).json()) as Rpc;
  expect(result?.resources).toMatchObject([{ name: "Walrus", title: "Walrus" }]);
});
