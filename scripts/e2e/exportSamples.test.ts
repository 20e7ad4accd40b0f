import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  expectAlternating,
  expectFineTunable,
  type Fine,
  type Otlp,
  type ShareGpt,
  spansIn,
} from "../../convex/exports/consumers.fixture.ts";
import {
  hasSamples,
  type Message,
  readSession,
  runImport,
  SAMPLES,
  type Session,
  temporaryFolder,
} from "../import/testing.fixture.ts";
import { isJsonObject } from "../import/json.ts";
import { startTestEngine, type TestEngine } from "../local/testing.ts";

/**
 * Every export of every sample of history, read back as its consumer reads it. What must be in it is counted from
 * the stored messages, by rules of this file's own.
 */

const folder = temporaryFolder();
let engine: TestEngine;
let key: string;
let stored: Stored[];

/** What a session holds, counted from its messages as they are stored. */
type Stored = {
  id: string;
  /** What people and the assistant said, in order. */
  said: { role: string; text: string }[];
  calls: number;
  results: number;
  errors: number;
  /** The same, from the first question on: what came before belongs to no case. */
  asked: { said: { role: string; text: string }[]; calls: number };
};

beforeAll(async () => {
  if (!hasSamples) return;
  engine = await startTestEngine({ embeddings: false, env: { RATE_LIMIT_EXPORT: "off" } });
  key = (await engine.createUser()).apiKey;
  await runImport({ url: engine.url, key }, [SAMPLES], join(folder.path, "state.json"));
  await engine.settle();
  const listed = await engine.request("/sync/sessions/list", { key });
  const { sessionIds } = (await listed.json()) as { sessionIds: string[] };
  stored = await Promise.all(
    sessionIds.map(async (id) => {
      const { session, messages } = await readSession(engine, key, id);
      return countOf(id, session, messages);
    }),
  );
}, 240_000);
afterAll(async () => {
  if (hasSamples) await engine.stop();
  folder.remove();
});

/** Types of parts that hold a call, and that hold a result. A command of Pi's user is both. */
const CALLS = ["tool-call", "bashExecution"];
const RESULTS = ["tool-result", "tool_result", "custom_tool_call_output", "tool_search_output"];
RESULTS.push("bashExecution");

function countOf(id: string, { usage }: Session, messages: readonly Message[]): Stored {
  const first = messages.findIndex(isQuestion);
  const partsFrom = (from: number) =>
    messages.slice(from < 0 ? messages.length : from).flatMap(({ parts }) => parts);
  const inAll = (types: readonly string[], from = 0) =>
    partsFrom(from).filter(({ type }) => types.includes(type)).length;
  // Gemini's calls that were cancelled have their end instead of a result.
  const ended = partsFrom(0).filter(
    ({ type, content }) => type === "tool-call" && isJsonObject(content) && "status" in content,
  );
  const said = (from: number) =>
    messages.slice(from < 0 ? messages.length : from).flatMap(({ role, textContent }) => {
      const isSaid = role === "user" || role === "assistant";
      return isSaid && textContent?.trim() ? [{ role, text: textContent.trim() }] : [];
    });
  return {
    id,
    said: said(0),
    calls: inAll(CALLS),
    results: inAll(RESULTS) + ended.length,
    errors: (usage.byTool ?? []).reduce((sum, { errors }) => sum + errors, 0),
    asked: { said: said(first), calls: inAll(CALLS, first) },
  };
}

/** What a person said in a prompt: what is left without the markup of a tool. */
const asked = (text: string) => text.replace(/<([\w-]+)[^>]*>[\s\S]*?<\/\1>/g, "").trim();

/** Whether a person asks something in a message, other than to continue. */
function isQuestion({ role, textContent = "" }: Pick<Message, "role" | "textContent">): boolean {
  const own = asked(textContent);
  return role === "user" && own !== "" && !/^continue\W*$/i.test(own);
}

async function exported(query: string): Promise<string> {
  const answer = await engine.request(`/api/export?all=true&${query}`, { key });
  expect(answer.status).toBe(200);
  for (const header of ["X-Export-Cursor", "X-Export-Skipped", "X-Export-Cut"])
    expect(answer.headers.get(header)).toBeNull();
  return await answer.text();
}

const linesOf = <Line>(text: string): Line[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
const total = (name: "calls" | "results" | "errors") => sum(stored.map((one) => one[name]));

/** Expects that each of these texts comes in its turn, after the one before. */
function expectInOrder(document: string, texts: readonly string[], what: string): void {
  let at = 0;
  // Line by line, because a picture may stand between two lines of a message.
  const lines = texts.flatMap((text) => text.split("\n")).map((line) => line.trim());
  for (const line of lines.filter((one) => one !== "")) {
    const found = document.indexOf(line, at);
    expect(found, `${what}: ${line.slice(0, 80)}`).toBeGreaterThanOrEqual(0);
    at = found + line.length;
  }
}

type Chat = { role: string; content: string | null; tool_calls?: unknown[] };
const isError = (text: unknown) => typeof text === "string" && /^\s*error\b/i.test(text);

describe.skipIf(!hasSamples)("every sample, read back from", () => {
  test("the samples hold something of everything", () => {
    const expected = JSON.parse(readFileSync(join(SAMPLES, "expected.json"), "utf8")) as object;
    expect(Object.keys(expected).length).toBeGreaterThan(5);
    expect(stored.length).toBeGreaterThan(40);
    for (const name of ["calls", "results", "errors"] as const)
      expect(total(name)).toBeGreaterThan(20);
  });

  test("json and jsonl: every message with its parts", async () => {
    type Entry = { externalId: string; messages: object[] };
    const { sessions } = JSON.parse(await exported("format=json")) as { sessions: Entry[] };
    const lines = linesOf<{ type: string }>(await exported("format=jsonl"));
    expect(sessions.map(({ externalId }) => externalId).sort()).toEqual(
      stored.map(({ id }) => id).sort(),
    );
    expect(lines.filter(({ type }) => type === "message")).toHaveLength(
      sum(sessions.map(({ messages }) => messages.length)),
    );
    for (const { externalId, messages } of sessions) {
      const { messages: read } = await readSession(engine, key, externalId);
      const sent = read.map(
        ({ id: _, _id: __, ...rest }: Message & { id?: string; _id?: string }) => rest,
      );
      expect(messages, externalId).toEqual(sent);
    }
  });

  test("csv: a row for each message, with every call, result and error", async () => {
    const rows = parse<{ session_id: string; tools: string; role: string; text: string }>(
      await exported("format=csv"),
      { columns: true, bom: true },
    );
    type Tool = { kind: string; isError?: true };
    const tools = rows.flatMap(({ tools: json }) => (json ? (JSON.parse(json) as Tool[]) : []));
    expect({
      calls: tools.filter(({ kind }) => kind === "tool-call").length,
      results: tools.filter(({ kind }) => kind === "tool-result").length,
      errors: tools.filter((one) => one.isError).length,
    }).toEqual({ calls: total("calls"), results: total("results"), errors: total("errors") });
    for (const { id, said } of stored) {
      const text = rows.filter(({ session_id }) => session_id === id).map((row) => row.text);
      expectInOrder(
        text.join("\n").replace(/'(?=[-=+@])/g, ""),
        said.map((one) => one.text),
        id,
      );
    }
  });

  test.each([
    ["text", /^\[tool call\] /gm, /^\[tool result/gm],
    ["markdown", /^\*\*Tool: /gm, null],
  ])("%s: every text, call and result in order", async (format, calls, results) => {
    for (const { id, said, calls: made, results: answered } of stored) {
      const answer = await engine.request(
        `/api/export?id=${encodeURIComponent(id)}&format=${format}`,
        { key },
      );
      const text = await answer.text();
      expect(text.match(calls) ?? [], id).toHaveLength(made);
      if (results !== null) expect(text.match(results) ?? [], id).toHaveLength(answered);
      // Lines that look like a heading of ours are escaped.
      const plain = (one: string) => one.replace(/\\/g, "");
      expectInOrder(
        plain(text),
        said.map((one) => plain(one.text)),
        id,
      );
    }
  });

  test("openai chat: every text in its role, every call with its result, every error as one", async () => {
    type Line = { messages: Chat[]; metadata: { session_id: string } };
    const lines = linesOf<Line>(await exported("format=openai&style=chat"));
    for (const { id, said, calls, errors } of stored) {
      const messages = lines.find(({ metadata }) => metadata.session_id === id)?.messages ?? [];
      const answers = messages.filter(({ role }) => role === "tool");
      expect(
        {
          calls: sum(messages.map(({ tool_calls = [] }) => tool_calls.length)),
          answers: answers.length,
          errors: answers.filter(({ content }) => isError(content)).length >= errors,
        },
        id,
      ).toEqual({ calls, answers: calls, errors: true });
      for (const role of ["user", "assistant"]) {
        const of = (all: readonly { role: string }[]) => all.filter((one) => one.role === role);
        const text = (of(messages) as Chat[]).map(({ content }) => content ?? "").join("\n");
        expectInOrder(
          text,
          (of(said) as Stored["said"]).map((one) => one.text),
          `${id} ${role}`,
        );
      }
    }
  });

  test("openai fine-tuning: as chat, up to the last answer", async () => {
    const chats = linesOf<{ messages: Chat[] }>(await exported("format=openai&style=chat"));
    const lines = linesOf<Fine>(await exported("format=openai&style=finetune"));
    lines.forEach(expectFineTunable);
    const isAnswer = ({ role, content, tool_calls }: Chat) =>
      role === "assistant" && content && !tool_calls;
    const upToAnswer = chats.flatMap(({ messages }) => {
      const last = messages.reduce((found, one, at) => (isAnswer(one) ? at : found), -1);
      const kept = messages.slice(0, last + 1);
      return kept.some(({ role }) => role === "user") ? [kept] : [];
    });
    expect(lines.map(({ messages }) => messages)).toEqual(upToAnswer);
  });

  test("sharegpt: every call with its result, from the first question to the last answer", async () => {
    type Line = ShareGpt & { metadata: { session_id: string } };
    const lines = linesOf<Line>(await exported("format=sharegpt"));
    lines.forEach(expectAlternating);
    const fine = linesOf<Fine & { messages: Chat[] }>(
      await exported("format=openai&style=finetune"),
    );
    const callsOf = (messages: Chat[]) => {
      const start = messages.findIndex(({ role }) => role === "user");
      return sum(messages.slice(start).map(({ tool_calls = [] }) => tool_calls.length));
    };
    const calls = lines.flatMap(({ conversations }) =>
      conversations.flatMap(({ from, value }) =>
        from === "function_call" ? [JSON.parse(value) as unknown].flat() : [],
      ),
    );
    expect(calls).toHaveLength(sum(fine.map(({ messages }) => callsOf(messages))));
    const observations = lines.flatMap(({ conversations }) =>
      conversations.filter(({ from }) => from === "observation"),
    );
    const uses = lines.flatMap(({ conversations }) =>
      conversations.filter(({ from }) => from === "function_call"),
    );
    expect(observations).toHaveLength(uses.length);
  });

  /** Cases of a format, by the session in their name. */
  const ofSession = <One>(all: readonly One[], nameOf: (one: One) => string, id: string) =>
    all.filter((one) => nameOf(one).replace(/#\d+$/, "") === id);

  /** Expects every question and answer from the first question on, and every call. */
  function expectCases(id: string, cases: { question: string; answer: string; calls: number }[]) {
    const one = stored.find((session) => session.id === id);
    const { said = [], calls } = one?.asked ?? {};
    const text = cases.map(({ question, answer }) => `${question}\n${answer}`).join("\n");
    expect(sum(cases.map((item) => item.calls)), id).toBe(calls);
    const answers = said.filter(({ role }) => role === "assistant");
    expectInOrder(
      text,
      answers.map((item) => item.text),
      id,
    );
    // The markup around a prompt is not part of the question.
    const questions = said.filter(({ role, text: textContent }) =>
      isQuestion({ role, textContent }),
    );
    const lines = questions.flatMap((item) =>
      asked(item.text)
        .split("\n")
        .filter((line) => item.text.split("\n").includes(line)),
    );
    for (const line of lines.map((one) => one.trim())) expect(text, id).toContain(line);
  }

  test("deepeval: a case for each question, with every call, result and error", async () => {
    type Called = { name: string; output?: unknown };
    type Golden = { name: string; input: string; actual_output: string; tools_called: Called[] };
    const goldens = JSON.parse(await exported("format=deepeval")) as Golden[];
    for (const { id } of stored)
      expectCases(
        id,
        ofSession(goldens, ({ name }) => name, id).map((one) => ({
          question: one.input,
          answer: one.actual_output ?? "",
          calls: one.tools_called.length,
        })),
      );
    const multi = JSON.parse(await exported("format=deepeval&turns=multi")) as {
      name: string;
      turns: { role: string; content: string; tools_called?: Called[] }[];
    }[];
    const called = multi.flatMap(({ turns }) => turns.flatMap((turn) => turn.tools_called ?? []));
    expect(called).toHaveLength(total("calls"));
    expect(called.filter((one) => "output" in one).length).toBeGreaterThan(0);
    // A tool of DeepEval has no field for a failure: its output begins with `Error`.
    expect(called.filter(({ output }) => isError(output)).length).toBeGreaterThanOrEqual(
      total("errors"),
    );
  });

  test("inspect and langfuse: the recorded conversation of each question", async () => {
    type Recorded = (Chat & { error?: object })[];
    type Sample = { id: string; input: unknown; metadata: { recorded: Recorded } };
    const questionOf = ({ input }: Sample) => {
      const messages = (
        Array.isArray(input) ? input : (input as { messages: Chat[] }).messages
      ) as Chat[];
      return messages[messages.length - 1]?.content ?? "";
    };
    const textOf = ({ content }: Chat) =>
      Array.isArray(content)
        ? (content as { text?: string }[]).map(({ text = "" }) => text).join("\n")
        : (content ?? "");
    for (const format of ["inspect", "langfuse"]) {
      const samples = linesOf<Sample>(await exported(`format=${format}`));
      for (const { id } of stored)
        expectCases(
          id,
          ofSession(samples, (one) => one.id, id).map((one) => ({
            question: questionOf(one),
            answer: one.metadata.recorded.map(textOf).join("\n"),
            calls: sum(one.metadata.recorded.map(({ tool_calls = [] }) => tool_calls.length)),
          })),
        );
    }
  });

  test("promptfoo: every question with its calls, and with replay every answer", async () => {
    type Case = {
      description: string;
      vars: { input: string };
      providerOutput?: string;
      metadata: { session_id: string; tools_called?: string };
    };
    const asked = linesOf<Case>(await exported("format=promptfoo"));
    // A replay leaves out questions without an answer.
    const replayed = linesOf<Case>(await exported("format=promptfoo&mode=replay"));
    // Invisible characters keep templates apart.
    const plain = (text: string) => text.replace(/\u2060/g, "").replace(/\{\{ "(.)" \}\}/g, "$1");
    for (const { id } of stored) {
      const own = (cases: readonly Case[]) =>
        cases.filter(({ metadata }) => metadata.session_id === id);
      const questions = own(asked).map(({ vars, metadata: { tools_called: json } }) => ({
        question: plain(vars.input),
        answer: "",
        calls: json === undefined ? 0 : (JSON.parse(json) as unknown[]).length,
      }));
      const answers = own(replayed).map(({ providerOutput = "" }) => ({
        question: "",
        answer: plain(providerOutput),
        calls: 0,
      }));
      expectCases(id, [...questions, ...answers]);
    }
  });

  test("otel: a span for each call with its result, and every error as a status", async () => {
    const requests = linesOf<Otlp>(await exported("format=otel"));
    const spans = requests.flatMap(spansIn);
    const tools = spans.filter(({ name }) => name.startsWith("execute_tool"));
    const results = tools.filter(({ attributes }) => "gen_ai.tool.call.result" in attributes);
    expect({
      sessions: requests.length,
      calls: tools.length,
      errors: tools.filter(({ status }) => status?.code === 2).length,
    }).toEqual({ sessions: stored.length, calls: total("calls"), errors: total("errors") });
    expect(results.length).toBeLessThanOrEqual(total("results"));
    for (const { id, said } of stored) {
      const own = spans.filter(({ attributes }) => attributes["gen_ai.conversation.id"] === id);
      const output = own.map(({ attributes }) => attributes["gen_ai.output.messages"] ?? "");
      const texts = output
        .filter((json) => json !== "")
        .flatMap((json) => {
          const [message] = JSON.parse(json) as { parts: { type: string; content?: string }[] }[];
          return (message?.parts ?? []).flatMap(({ type, content }) =>
            type === "text" ? [content ?? ""] : [],
          );
        });
      const answers = said.filter(({ role }) => role === "assistant").map((one) => one.text);
      expectInOrder(texts.join("\n"), answers, id);
    }
  });
});
