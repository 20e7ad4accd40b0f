import { Ajv2020 } from "ajv/dist/2020";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { HOSTILE, hostileSession, message, ordinary, session } from "./exports.fixture";
import { type FormatName, findFormat, formats, isFormatName } from "./index";
import {
  deepevalConversationalGolden,
  deepevalGolden,
  inspectSample,
  langfuseItem,
  promptfooTestCase,
} from "./schemas.fixture";
import {
  expectAlternating,
  expectFineTunable,
  type Fine,
  type Otlp,
  type ShareGpt,
  spansIn,
} from "./consumers.fixture";
import {
  DEFAULT_OPTIONS,
  type ExportFormat,
  type ExportOptions,
  type ExportSession,
} from "./types";

const defaults = DEFAULT_OPTIONS;
const names = Object.keys(formats).filter(isFormatName);
const ajv = new Ajv2020({ allowUnionTypes: true });

function document(format: ExportFormat, sessions: ExportSession[], options = defaults): string {
  const records = sessions.flatMap((one) => format.render(one, options));
  const segments = sessions.map((one) => ({ ...one, userMessages: 1, records: 1 }));
  const totals = { at: 0, sessions: sessions.length, records: records.length, segments };
  return format.begin(options) + records.join(format.separator) + format.end(totals);
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const parsedLines = (text: string): unknown[] =>
  lines(text).map((line) => JSON.parse(line) as unknown);

function expectValid(schema: object, value: unknown): void {
  const validate = ajv.compile(schema);
  expect(validate(value) || validate.errors).toBe(true);
}

describe("the list of formats", () => {
  test("contains the documented formats, and no inherited names", () => {
    expect(names.sort()).toEqual(
      [
        "csv",
        "deepeval",
        "filesystem",
        "inspect",
        "langfuse",
        "otel",
        "sharegpt",
        "json",
        "jsonl",
        "markdown",
        "openai",
        "promptfoo",
        "text",
      ].sort(),
    );
    expect(findFormat("constructor")).toBeUndefined();
    expect(findFormat("__proto__")).toBeUndefined();
  });

  test.each(names)("%s gives the same bytes for the same sessions", (name) => {
    const format = formats[name];
    expect(document(format, [ordinary])).toBe(document(format, [structuredClone(ordinary)]));
  });
});

describe("deepeval", () => {
  test("writes one golden per question, as DeepEval's loader reads it", () => {
    const goldens = JSON.parse(document(formats.deepeval, [ordinary])) as unknown;
    expectValid({ type: "array", items: deepevalGolden }, goldens);
    expect(goldens).toEqual([
      {
        input: "Which files are there?",
        actual_output: "a.ts and b.ts",
        expected_output: "a.ts and b.ts",
        context: ["system: Be brief."],
        retrieval_context: null,
        tools_called: [
          {
            name: "Bash",
            type: "FUNCTION",
            input_parameters: { command: "ls" },
            output: "a.ts\nb.ts",
          },
        ],
        name: "s1#1",
        comments: "fine",
        additional_metadata: {
          session_id: "s1",
          title: "Clean up",
          tool: "claude-code",
          model: "claude-y",
          project: "demo",
          timestamp: "2026-11-22T10:00:00.000Z",
          eval_status: "correct",
          tags: ["files", "cli"],
          tokens_input: 10,
          tokens_output: 5,
          thinking: "List them.",
        },
      },
      expect.objectContaining({
        input: "Delete b.ts",
        actual_output: "Deleting.\n\nDone.",
        expected_output: "b.ts is gone",
        context: ["system: Be brief.", "user: Which files are there?", "assistant: a.ts and b.ts"],
        tools_called: [
          { name: "mcp.fs/rm", type: "FUNCTION", input_parameters: { path: "b.ts" }, output: "ok" },
        ],
        name: "s1#4",
      }),
    ]);
  });

  test("writes one conversational golden per session, with tool messages in the assistant's turn", () => {
    const options = { ...defaults, turns: "multi" as const };
    const goldens = JSON.parse(document(formats.deepeval, [ordinary], options)) as unknown;
    expectValid({ type: "array", items: deepevalConversationalGolden }, goldens);
    expect(goldens).toMatchObject([
      {
        scenario: "Clean up",
        expected_outcome: "b.ts is gone",
        context: ["Be brief."],
        turns: [
          { role: "user", content: "Which files are there?" },
          {
            role: "assistant",
            content: "a.ts and b.ts",
            tools_called: [{ name: "Bash", output: "a.ts\nb.ts" }],
            metadata: { thinking: "List them." },
          },
          { role: "user", content: "Delete b.ts" },
          {
            role: "assistant",
            content: "Deleting.\n\nDone.",
            tools_called: [{ name: "mcp.fs/rm" }],
          },
        ],
      },
    ]);
  });

  test("writes the whole conversation as one case, or only its last question", () => {
    const render = (turns: ExportOptions["turns"]) =>
      (
        JSON.parse(document(formats.deepeval, [ordinary], { ...defaults, turns })) as {
          input: string;
        }[]
      ).map(({ input }) => input);
    expect(render("full")).toEqual(["Which files are there?\n\nDelete b.ts"]);
    expect(render("last")).toEqual(["Delete b.ts"]);
  });
});

describe("openai", () => {
  test("style=evals writes the question with its history, and the ideal answer", () => {
    expect(parsedLines(document(formats.openai, [ordinary]))[1]).toEqual({
      input: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Which files are there?" },
        { role: "assistant", content: "a.ts and b.ts" },
        { role: "user", content: "Delete b.ts" },
      ],
      ideal: "b.ts is gone",
      metadata: {
        name: "s1#4",
        session_id: "s1",
        title: "Clean up",
        tool: "claude-code",
        model: "claude-x",
        project: "demo",
        timestamp: "2026-11-22T10:00:00.000Z",
        eval_status: "correct",
        tags: "files,cli",
      },
    });
  });

  test("style=finetune writes pairs of calls and results that fine-tuning accepts", () => {
    const [line] = parsedLines(
      document(formats.openai, [ordinary], { ...defaults, style: "finetune" }),
    ) as Fine[];
    if (line === undefined) throw new Error("no line");
    expectFineTunable(line);
    expect(Object.keys(line)).toEqual(["messages", "tools"]);
    expect(line.messages.map(({ role }) => role)).toEqual(
      "system user assistant tool assistant user assistant tool assistant".split(" "),
    );
    expect(line.messages[6]).toEqual({
      role: "assistant",
      content: "Deleting.",
      tool_calls: [
        {
          id: "call_2",
          type: "function",
          function: { name: "mcp_fs_rm", arguments: '{"path":"b.ts"}' },
        },
      ],
    });
  });

  test("calls without results, results without calls and repeated ids are still paired", () => {
    const call = (id: string) => ({ type: "tool_use", content: { id, name: "X", input: [1] } });
    const odd = session([
      message(0, "assistant", { parts: [call("a"), call("a"), call("b")] }),
      message(1, "user", { textContent: "go" }),
      message(2, "tool", { textContent: "from early times" }),
      message(3, "assistant", {
        parts: [{ type: "tool-result", content: { toolName: "Y", output: 1 } }],
      }),
      message(4, "assistant", { textContent: "done" }),
      message(5, "user", { textContent: "left without an answer" }),
    ]);
    const [line] = parsedLines(
      document(formats.openai, [odd], { ...defaults, style: "finetune" }),
    ) as Fine[];
    if (line === undefined) throw new Error("no line");
    expectFineTunable(line);
    expect(JSON.stringify(line)).toContain("from early times");
  });

  test("style=chat writes one line per session", () => {
    const [line, ...rest] = parsedLines(
      document(formats.openai, [ordinary], { ...defaults, style: "chat" }),
    ) as { messages: unknown[]; metadata: object }[];
    expect(rest).toEqual([]);
    expect(line?.messages).toHaveLength(9);
    expect(line?.metadata).toMatchObject({ session_id: "s1" });
  });
});

describe("promptfoo", () => {
  const written = (mode: ExportOptions["mode"], one: ExportSession) =>
    parsedLines(document(formats.promptfoo, [one], { ...defaults, mode }));

  test("mode=replay grades the recorded answers without a model, by what a reviewer wrote", () => {
    const cases = written("replay", ordinary);
    expectValid({ type: "array", items: promptfooTestCase }, cases);
    expect(cases).toMatchObject([
      { providerOutput: "a.ts and b.ts" },
      {
        description: "Clean up (s1#4)",
        vars: { input: "Delete b.ts" },
        providerOutput: "Deleting.\n\nDone.",
        assert: [{ type: "icontains", value: "b.ts is gone" }],
      },
    ]);
    expect(cases[0]).not.toHaveProperty("assert");
  });

  test("mode=eval calls a model, with a rubric that a good answer in other words passes", () => {
    const cases = written("eval", ordinary);
    expectValid({ type: "array", items: promptfooTestCase }, cases);
    for (const one of cases) expect(one).not.toHaveProperty("providerOutput");
    expect(cases).toMatchObject([
      {
        assert: [
          { type: "llm-rubric", value: expect.stringMatching(/a\.ts and b\.ts$/) as string },
        ],
      },
      {
        assert: [{ type: "llm-rubric", value: expect.stringMatching(/b\.ts is gone$/) as string }],
      },
    ]);
    const unlabelled = session(ordinary.messages, { evalStatus: "incorrect" });
    for (const one of written("eval", unlabelled)) expect(one).not.toHaveProperty("assert");
  });
});

describe("inspect", () => {
  test("writes one sample per question, with the recorded conversation", () => {
    const samples = parsedLines(document(formats.inspect, [ordinary]));
    expectValid({ type: "array", items: inspectSample }, samples);
    expect(samples[1]).toMatchObject({
      id: "s1#4",
      input: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Which files are there?" },
        { role: "assistant", content: "a.ts and b.ts" },
        { role: "user", content: "Delete b.ts" },
      ],
      target: "b.ts is gone",
      metadata: {
        session_id: "s1",
        recorded: [
          { role: "assistant", content: "Deleting.", tool_calls: [{ function: "mcp.fs/rm" }] },
          { role: "tool", content: "ok", tool_call_id: "call_1", function: "mcp.fs/rm" },
          { role: "assistant", content: "Done." },
        ],
      },
    });
  });
});

test("langfuse writes one dataset item per question, with a stable id", () => {
  const items = parsedLines(document(formats.langfuse, [ordinary]));
  expectValid({ type: "array", items: langfuseItem }, items);
  expect(items[1]).toMatchObject({
    id: "s1#4",
    input: { messages: [{ role: "system" }, {}, {}, { role: "user", content: "Delete b.ts" }] },
    expectedOutput: { text: "b.ts is gone" },
  });
});

test("sharegpt alternates sides, with calls and results as LLaMA-Factory reads them", () => {
  const [line] = parsedLines(document(formats.sharegpt, [ordinary])) as ShareGpt[];
  if (line === undefined) throw new Error("no line");
  expectAlternating(line);
  expect(line.system).toBe("Be brief.");
  expect(line.conversations.map(({ from }) => from)).toEqual(
    "human function_call observation gpt human function_call observation gpt".split(" "),
  );
  expect(JSON.parse(line.conversations[5]?.value ?? "")).toEqual({
    name: "mcp.fs/rm",
    arguments: { path: "b.ts" },
    thought: "Deleting.",
  });
});

test("otel writes one span for the session, one per answer and one per tool call", () => {
  const [line] = parsedLines(document(formats.otel, [ordinary])) as Otlp[];
  if (line === undefined) throw new Error("no line");
  const spans = spansIn(line);
  expect(spans.map(({ name }) => name)).toEqual(
    ["invoke_agent", "chat", "execute_tool Bash", "chat", "chat"].concat([
      "execute_tool mcp.fs/rm",
      "chat",
    ]),
  );
  expect(spans[2]?.attributes["gen_ai.tool.call.result"]).toBe("a.ts\nb.ts");
  expect(spans[2]?.parentSpanId).toBe(spans[1]?.spanId);
  expect(spans[3]?.attributes["gen_ai.usage.input_tokens"]).toBe("10");
});

test("text writes a header, then role, time and text of each message", () => {
  const short = session(ordinary.messages.slice(4, 6), { title: "A\r\n=b" });
  expect(document(formats.text, [short])).toBe(
    [
      "=".repeat(72),
      "A =b",
      "Session: s1",
      "Source: claude-code",
      "Model: claude-x",
      "Started: 2026-11-22T10:00:00.000Z",
      "=".repeat(72),
      "",
      "[2026-11-22T10:04:00.000Z] USER:",
      "Delete b.ts",
      "",
      "[2026-11-22T10:05:00.000Z] ASSISTANT:",
      "Deleting.",
      "",
      '[tool call] mcp.fs/rm {"path":"b.ts"}',
      "",
    ].join("\n"),
  );
});

test("markdown uses fences longer than those inside, and leaves nothing open", () => {
  const open = session(
    [
      message(0, "user", { textContent: "```js\nlet a" }),
      message(1, "assistant", { parts: [{ type: "tool-result", content: "```` four" }] }),
      message(2, "assistant", { textContent: "<!-- hidden" }),
    ],
    { title: "*A* | b" },
  );
  expect(document(formats.markdown, [open])).toBe(
    [
      "# \\*A\\* \\| b",
      "",
      "| | |",
      "| --- | --- |",
      "| Session | s1 |",
      "| Source | claude-code |",
      "| Model | claude-x |",
      "| Started | 2026-11-22T10:00:00.000Z |",
      "",
      "---",
      "",
      "## User",
      "",
      "```js",
      "let a",
      "```",
      "",
      "*2026-11-22T10:00:00.000Z*",
      "",
      "## Assistant",
      "",
      "`````text",
      "```` four",
      "`````",
      "",
      "*2026-11-22T10:01:00.000Z*",
      "",
      "## Assistant",
      "",
      "\\<!-- hidden",
      "",
      "*2026-11-22T10:02:00.000Z*",
      "",
    ].join("\n"),
  );
});

test("markdown keeps the line ends of a message", () => {
  const said = "one\r\n\r\n```js\r\ntwo\r\n```\rthree\n";
  expect(
    document(formats.markdown, [session([message(0, "user", { textContent: said })])]),
  ).toContain(said);
});

test("json and jsonl contain everything, with parts as they were sent", () => {
  const whole = JSON.parse(document(formats.json, [ordinary, ordinary])) as { sessions: unknown[] };
  expect(whole.sessions).toEqual([ordinary, ordinary]);
  const records = parsedLines(document(formats.jsonl, [ordinary]));
  const { messages } = ordinary;
  expect(records[0]).not.toHaveProperty("messages");
  expect(records).toEqual([
    expect.objectContaining({ type: "session", externalId: "s1", evalNotes: "fine" }),
    ...messages.map((one, index) => ({ type: "message", sessionId: "s1", index, ...one })),
  ]);
});

describe("csv", () => {
  const read = (text: string) =>
    parse<{ [column: string]: string }>(text, { columns: true, bom: true });

  test("a CSV library reads every cell back unchanged, and no cell is a formula", () => {
    for (const text of HOSTILE) {
      const rows = read(document(formats.csv, [hostileSession(text)]));
      expect(rows).toHaveLength(3);
      const cells = [rows[0]?.title, rows[0]?.notes, rows[0]?.text];
      for (const cell of cells) {
        expect(cell).not.toMatch(/^[=+\-@\t\r]/);
        expect(cell?.replace(/^'(?='*[=+\-@\t\r＝＋－＠])/, "")).toBe(text);
      }
    }
  });

  test("starts with a byte order mark unless bom=false", () => {
    expect(document(formats.csv, [ordinary]).charCodeAt(0)).toBe(0xfeff);
    const plain = document(formats.csv, [ordinary], { ...defaults, bom: false });
    expect(plain.startsWith("session_id,")).toBe(true);
  });

  test("writes one row per message, with tools as JSON", () => {
    const rows = read(document(formats.csv, [ordinary]));
    expect(rows).toHaveLength(8);
    expect(rows[2]).toMatchObject({
      index: "2",
      role: "assistant",
      thinking: "List them.",
      text: "",
    });
    expect(JSON.parse(rows[2]?.tools ?? "")).toMatchObject([
      { name: "Bash" },
      { output: "a.ts\nb.ts" },
    ]);
  });
});

test("filesystem writes one text file per session, under names valid on any file system", () => {
  const one = { ...ordinary, externalId: "../../etc/passwd" };
  const written = JSON.parse(document(formats.filesystem, [ordinary, one])) as {
    files: { [name: string]: string };
    manifest: { files: string[] };
  };
  expect(Object.keys(written.files)).toEqual([
    "session-s1.txt",
    expect.stringMatching(/^session-etc-passwd-[a-z0-9]+\.txt$/),
  ]);
  expect(written.files["session-s1.txt"]).toBe(formats.text.render(ordinary, defaults).join(""));
  expect(written.manifest.files).toEqual(Object.keys(written.files));
});

describe("hostile content breaks no format", () => {
  const each = (turns: ExportOptions["turns"][], style: ExportOptions["style"] = "evals") =>
    turns.map((one): ExportOptions => ({ ...defaults, turns: one, style }));
  const variants: { [name in FormatName]?: ExportOptions[] } = {
    deepeval: each(["single", "multi", "full", "last"]),
    openai: [
      ...each(["single", "full"]),
      ...each(["multi"], "chat"),
      ...each(["multi"], "finetune"),
    ],
    promptfoo: [
      ...each(["single", "full", "last"]),
      ...each(["single"]).map((one) => ({ ...one, mode: "replay" as const })),
    ],
  };
  const readers: { [name in FormatName]: (text: string, options: ExportOptions) => void } = {
    deepeval: (text, { turns }) =>
      expectValid(
        { type: "array", items: turns === "multi" ? deepevalConversationalGolden : deepevalGolden },
        JSON.parse(text),
      ),
    openai: (text, { style }) => {
      const records = parsedLines(text);
      expect(records.length).toBeGreaterThan(0);
      if (style === "finetune") (records as Fine[]).forEach(expectFineTunable);
    },
    promptfoo: (text) =>
      expectValid({ type: "array", items: promptfooTestCase }, parsedLines(text)),
    inspect: (text) => expectValid({ type: "array", items: inspectSample }, parsedLines(text)),
    langfuse: (text) => expectValid({ type: "array", items: langfuseItem }, parsedLines(text)),
    sharegpt: (text) => (parsedLines(text) as ShareGpt[]).forEach(expectAlternating),
    otel: (text) => expect((parsedLines(text) as Otlp[]).flatMap(spansIn)).toHaveLength(8),
    json: (text) => expect(JSON.parse(text)).toMatchObject({ sessions: { length: 2 } }),
    jsonl: (text) => expect(parsedLines(text)).toHaveLength(8),
    csv: (text) => expect(parse(text, { columns: true, bom: true })).toHaveLength(6),
    // Both have one id, so they are one session.
    filesystem: (text) =>
      expect(JSON.parse(text)).toMatchObject({
        manifest: { opensync_metadata: { total_sessions: 1 } },
      }),
    markdown: (text) => expect(text.match(/^## (User|Assistant)$/gm)).toHaveLength(6),
    text: (text) => expect(text.match(/^\[2026.*\] (USER|ASSISTANT):$/gm)).toHaveLength(6),
  };
  test.each(names)("%s", { timeout: 60_000 }, (name) => {
    for (const text of HOSTILE) {
      for (const option of variants[name] ?? [defaults]) {
        const written = document(
          formats[name],
          [hostileSession(text), hostileSession(text)],
          option,
        );
        readers[name](written, option);
      }
    }
  });

  test.each(["jsonl", "openai", "promptfoo"] as const)("%s has only its own lines", (name) => {
    const written = document(formats[name], HOSTILE.slice(0, -1).map(hostileSession));
    expect(written).not.toMatch(/[\u0085\u2028\u2029\r]/);
  });
});

test("the cases of a long session repeat a bounded part of the history", () => {
  const talk = Array.from({ length: 400 }, (_, at) =>
    message(at, at % 2 === 0 ? "user" : "assistant", { textContent: `${at} `.padEnd(1_000, "x") }),
  );
  const written = document(formats.openai, [session(talk)]);
  expect(lines(written)).toHaveLength(200);
  expect(written.length).toBeLessThan(200 * 30_000);
});

test("a session without messages or without a question gives no broken record", () => {
  const silent = [session([]), session([message(0, "assistant", { textContent: "Hello?" })])];
  for (const turns of ["single", "multi", "full", "last"] as const) {
    const written = (name: FormatName) => document(formats[name], silent, { ...defaults, turns });
    for (const name of names) expect(written(name)).not.toMatch(/undefined|null,null|NaN/);
    const goldens = JSON.parse(written("deepeval")) as unknown[];
    expect(goldens).toHaveLength(turns === "multi" ? 1 : 0);
    expect(parsedLines(written("promptfoo"))).toEqual([]);
    expect(JSON.parse(written("json"))).toMatchObject({ sessions: { length: 2 } });
  }
});

test("a segment of a conversation continues where the previous one ended", () => {
  const second = session([message(100, "user", { textContent: "next" })], {
    from: 100,
    isLast: true,
  });
  expect(document(formats.jsonl, [second])).toContain('"index":100');
  expect(document(formats.text, [second])).not.toContain("Session:");
  expect(document(formats.csv, [second])).toContain(",100,");
  expect(document(formats.promptfoo, [second])).toContain("s1#100");
});
