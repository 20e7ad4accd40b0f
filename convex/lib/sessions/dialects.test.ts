import { describe, expect, test } from "vitest";
import { fileLabel, readableValue } from "./files";
import { plainText, readPart, type StoredPart } from "./parts";

/**
 * The table of dialects: what each tool and provider sends, and what it means. A part is given as
 * the wire layer stores it: a part without a type is `unknown` with the whole part as content.
 */
const untyped = (content: object): StoredPart => ({ type: "unknown", content });
const call = (name: string, args: unknown, id?: string) => ({
  kind: "tool-call",
  name,
  ...(id === undefined ? {} : { id }),
  args,
});
const result = (output: unknown, fields: object = {}) => ({
  kind: "tool-result",
  output,
  ...fields,
});
const text = (said: string) => ({ kind: "text", text: said });
const thinking = (said: string) => ({ kind: "thinking", text: said });

const PATCH = "*** Begin Patch";

/** [origin, part, meaning] */
const DIALECTS: [source: string, part: StoredPart, says: object[]][] = [
  // Codex CLI: response items of rollouts (HISTORY 2), OpenAI Responses API.
  ["Codex input_text", { type: "input_text", text: "hi" }, [text("hi")]],
  ["Codex output_text", { type: "output_text", text: "hi" }, [text("hi")]],
  [
    "Codex function_call",
    { type: "function_call", name: "shell", arguments: '{"command":["ls"]}', call_id: "c1" },
    [call("shell", { command: ["ls"] }, "c1")],
  ],
  [
    "Codex function_call_output with an exit code",
    {
      type: "function_call_output",
      call_id: "c1",
      output: '{"output":"no such file","metadata":{"exit_code":1,"duration_seconds":0.1}}',
    },
    [result("no such file", { id: "c1", isError: true })],
  ],
  [
    "Codex custom_tool_call",
    {
      type: "custom_tool_call",
      name: "apply_patch",
      input: PATCH,
      call_id: "c2",
      status: "completed",
    },
    [call("apply_patch", PATCH, "c2")],
  ],
  [
    "Codex custom_tool_call_output",
    { type: "custom_tool_call_output", call_id: "c2", output: "Done!" },
    [result("Done!", { id: "c2" })],
  ],
  [
    "Codex local_shell_call",
    { type: "local_shell_call", call_id: "c3", action: { type: "exec", command: ["ls"] } },
    [call("shell", { type: "exec", command: ["ls"] }, "c3")],
  ],
  [
    "Codex web_search_call",
    { type: "web_search_call", status: "completed", action: { type: "search", query: "weather" } },
    [call("web_search", { type: "search", query: "weather" })],
  ],
  [
    "Codex reasoning with a summary",
    {
      type: "reasoning",
      summary: [{ type: "summary_text", text: "think" }],
      content: null,
      encrypted_content: "gAAAA",
    },
    [thinking("think")],
  ],
  [
    "Codex reasoning that is only encrypted",
    { type: "reasoning", summary: [], encrypted_content: "gAAAA" },
    [thinking("")],
  ],
  [
    "OpenAI mcp_call",
    {
      type: "mcp_call",
      id: "m1",
      name: "jira",
      server_label: "s",
      arguments: '{"a":1}',
      output: "o",
      error: null,
    },
    [call("jira", { a: 1 }, "m1"), result("o", { name: "jira", id: "m1" })],
  ],
  [
    "OpenAI file_search_call",
    { type: "file_search_call", id: "f1", queries: ["q"], results: null },
    [call("file_search", ["q"], "f1")],
  ],
  ["OpenAI refusal", { type: "refusal", refusal: "No." }, [text("No.")]],
  [
    "OpenAI tool_calls on a message",
    {
      type: "tool-call",
      content: { id: "call_1", type: "function", function: { name: "w", arguments: '{"c":1}' } },
    },
    [call("w", { c: 1 }, "call_1")],
  ],
  [
    "OpenAI function as a part",
    { type: "function", content: { id: "call_1", function: { name: "w", arguments: "{}" } } },
    [call("w", {}, "call_1")],
  ],
  // Anthropic Messages API, Claude Code.
  [
    "Anthropic tool_use",
    { type: "tool_use", content: { id: "t1", name: "Read", input: { p: 1 } } },
    [call("Read", { p: 1 }, "t1")],
  ],
  [
    "Anthropic tool_result that failed",
    { type: "tool_result", tool_use_id: "t1", content: "no", is_error: true },
    [result("no", { id: "t1", isError: true })],
  ],
  [
    "Anthropic server_tool_use",
    { type: "server_tool_use", id: "t2", name: "web_search", input: { query: "q" } },
    [call("web_search", { query: "q" }, "t2")],
  ],
  [
    "Anthropic web_search_tool_result",
    {
      type: "web_search_tool_result",
      tool_use_id: "t2",
      content: [{ type: "web_search_result", title: "T" }],
    },
    [result([{ type: "web_search_result", title: "T" }], { id: "t2" })],
  ],
  [
    "Anthropic web_search_tool_result that failed",
    {
      type: "web_search_tool_result",
      tool_use_id: "t2",
      content: { type: "web_search_tool_result_error", error_code: "max_uses_exceeded" },
    },
    [
      result(
        { type: "web_search_tool_result_error", error_code: "max_uses_exceeded" },
        { id: "t2", isError: true },
      ),
    ],
  ],
  [
    "Anthropic mcp_tool_use",
    { type: "mcp_tool_use", id: "t3", name: "jira", server_name: "s", input: { a: 1 } },
    [call("jira", { a: 1 }, "t3")],
  ],
  [
    "Anthropic mcp_tool_result",
    {
      type: "mcp_tool_result",
      tool_use_id: "t3",
      is_error: false,
      content: [{ type: "text", text: "o" }],
    },
    [result([{ type: "text", text: "o" }], { id: "t3" })],
  ],
  [
    "Anthropic bash_code_execution_tool_result",
    { type: "bash_code_execution_tool_result", tool_use_id: "t4", content: { stdout: "x" } },
    [result({ stdout: "x" }, { id: "t4" })],
  ],
  ["Anthropic thinking", { type: "thinking", thinking: "hm", signature: "s" }, [thinking("hm")]],
  ["Anthropic redacted_thinking", { type: "redacted_thinking", data: "Ej8" }, [thinking("")]],
  [
    "Anthropic document of text",
    { type: "document", source: { type: "text", media_type: "text/plain", data: "notes" } },
    [text("notes")],
  ],
  // Pi (HISTORY 5).
  [
    "Pi toolCall",
    { type: "toolCall", id: "p1", name: "bash", arguments: { command: "ls" } },
    [call("bash", { command: "ls" }, "p1")],
  ],
  [
    "Pi toolResult",
    {
      type: "toolResult",
      toolCallId: "p1",
      toolName: "bash",
      content: [{ type: "text", text: "o" }],
      isError: true,
    },
    [result([{ type: "text", text: "o" }], { name: "bash", id: "p1", isError: true })],
  ],
  [
    "Pi bashExecution",
    { type: "bashExecution", command: "ls x", output: "none", exitCode: 2 },
    [call("bash", { command: "ls x" }), result("none", { name: "bash", isError: true })],
  ],
  // Gemini API and CLI (HISTORY 6): parts without a type.
  ["Gemini text", untyped({ text: "hi" }), [text("hi")]],
  ["Gemini thought", untyped({ text: "hm", thought: true }), [thinking("hm")]],
  [
    "Gemini functionCall",
    untyped({ functionCall: { name: "run", args: { a: 1 } } }),
    [call("run", { a: 1 })],
  ],
  [
    "Gemini functionCall with an id",
    untyped({ functionCall: { id: "g1", name: "run", args: {} }, thoughtSignature: "x" }),
    [call("run", {}, "g1")],
  ],
  [
    "Gemini functionResponse",
    untyped({ functionResponse: { id: "g1", name: "run", response: { output: "o" } } }),
    [result("o", { name: "run", id: "g1" })],
  ],
  [
    "Gemini functionResponse that failed",
    untyped({ functionResponse: { name: "run", response: { error: "boom" } } }),
    [result("boom", { name: "run", isError: true })],
  ],
  [
    "Gemini executableCode",
    untyped({ executableCode: { language: "PYTHON", code: "1" } }),
    [call("code_execution", { language: "PYTHON", code: "1" })],
  ],
  [
    "Gemini codeExecutionResult that failed",
    untyped({ codeExecutionResult: { outcome: "OUTCOME_FAILED", output: "x" } }),
    [result("x", { isError: true })],
  ],
  [
    "Gemini CLI toolCalls entry",
    {
      type: "tool-call",
      content: { id: "g2", name: "read", args: { p: 1 }, status: "error", result: "no" },
    },
    [call("read", { p: 1 }, "g2"), result("no", { name: "read", id: "g2", isError: true })],
  ],
  // Vercel AI SDK 4 and 5.
  [
    "AI SDK 5 tool-x",
    {
      type: "tool-getWeather",
      content: {
        toolCallId: "s1",
        state: "output-available",
        input: { city: "X" },
        output: { t: 3 },
      },
    },
    [call("getWeather", { city: "X" }, "s1"), result({ t: 3 }, { name: "getWeather", id: "s1" })],
  ],
  [
    "AI SDK 5 tool-x whose tool is called like a kind of part",
    {
      type: "tool-result",
      content: { toolCallId: "s1", state: "output-error", input: {}, errorText: "no" },
    },
    [call("result", {}, "s1"), result("no", { name: "result", id: "s1", isError: true })],
  ],
  [
    "AI SDK 5 dynamic-tool",
    {
      type: "dynamic-tool",
      content: {
        toolName: "mcp_x",
        toolCallId: "s2",
        state: "output-available",
        input: { q: 1 },
        output: "o",
      },
    },
    [call("mcp_x", { q: 1 }, "s2"), result("o", { name: "mcp_x", id: "s2" })],
  ],
  [
    "AI SDK 4 tool-invocation",
    {
      type: "tool-invocation",
      content: {
        toolInvocation: {
          state: "result",
          toolCallId: "s3",
          toolName: "w",
          args: { c: 1 },
          result: "o",
        },
      },
    },
    [call("w", { c: 1 }, "s3"), result("o", { name: "w", id: "s3" })],
  ],
  [
    "AI SDK tool-error",
    { type: "tool-error", content: { toolCallId: "s4", toolName: "w", input: {}, error: "no" } },
    [result("no", { name: "w", id: "s4", isError: true })],
  ],
  // OpenCode 1 and 2 (HISTORY 3 and 4).
  [
    "OpenCode tool that failed",
    {
      type: "tool",
      content: {
        callID: "o1",
        tool: "bash",
        state: { status: "error", input: { c: 1 }, error: "boom" },
      },
    },
    [call("bash", { c: 1 }, "o1"), result("boom", { name: "bash", id: "o1", isError: true })],
  ],
  [
    "OpenCode tool whose command failed",
    {
      type: "tool",
      content: {
        callID: "o2",
        tool: "bash",
        state: { status: "completed", input: {}, output: "no", metadata: { exit: 2 } },
      },
    },
    [call("bash", {}, "o2"), result("no", { name: "bash", id: "o2", isError: true })],
  ],
  [
    "OpenCode tool that still runs",
    {
      type: "tool",
      content: { callID: "o3", tool: "bash", state: { status: "running", input: { c: 1 } } },
    },
    [call("bash", { c: 1 }, "o3")],
  ],
  // GitHub Copilot CLI (HISTORY 7).
  [
    "Copilot tool request",
    { type: "tool-call", content: { toolCallId: "k1", name: "view", arguments: { path: "a" } } },
    [call("view", { path: "a" }, "k1")],
  ],
  [
    "Copilot tool.execution_complete that failed",
    {
      type: "tool-result",
      content: { toolCallId: "k1", success: false, error: { message: "no" } },
    },
    [result({ message: "no" }, { id: "k1", isError: true })],
  ],
  // Factory Droid (droid-sync-plugin): Anthropic's shapes.
  [
    "Droid tool_use",
    { type: "tool_use", content: { id: "d1", name: "Execute", input: { command: "ls" } } },
    [call("Execute", { command: "ls" }, "d1")],
  ],
  // AWS Bedrock Converse.
  [
    "Bedrock toolUse",
    untyped({ toolUse: { toolUseId: "b1", name: "w", input: { a: 1 } } }),
    [call("w", { a: 1 }, "b1")],
  ],
  [
    "Bedrock toolResult",
    untyped({ toolResult: { toolUseId: "b1", content: [{ text: "o" }], status: "error" } }),
    [result([{ text: "o" }], { id: "b1", isError: true })],
  ],
  [
    "Bedrock reasoningContent",
    untyped({ reasoningContent: { reasoningText: { text: "hm", signature: "s" } } }),
    [thinking("hm")],
  ],
  // Pydantic AI.
  [
    "Pydantic AI tool-call",
    untyped({ part_kind: "tool-call", tool_name: "w", args: '{"a":1}', tool_call_id: "y1" }),
    [call("w", { a: 1 }, "y1")],
  ],
  [
    "Pydantic AI tool-return",
    untyped({ part_kind: "tool-return", tool_name: "w", content: "o", tool_call_id: "y1" }),
    [result("o", { name: "w", id: "y1" })],
  ],
  // Types without a known ending, recognised by the id of a call.
  [
    "Codex tool_search_output",
    { type: "tool_search_output", call_id: "c9", output: [{ name: "grep" }] },
    [result([{ name: "grep" }], { id: "c9" })],
  ],
  [
    "a call of an unknown type",
    { type: "handoff", call_id: "c8", name: "ask", arguments: '{"q":1}' },
    [call("ask", { q: 1 }, "c8")],
  ],
  // Future types, recognised by their suffix.
  [
    "a new tool use",
    { type: "browser_tool_use", id: "n", name: "go", input: {} },
    [call("go", {}, "n")],
  ],
  [
    "a new result",
    { type: "browser_tool_result", tool_use_id: "n", content: "o" },
    [result("o", { id: "n" })],
  ],
  [
    "a new call",
    { type: "image_generation_call", id: "n", action: { a: 1 } },
    [call("image_generation", { a: 1 }, "n")],
  ],
];

describe("every dialect is interpreted", () => {
  test.each(DIALECTS)("%s", (_, part, says) => {
    expect(readPart(part)).toEqual(says);
  });
});

const PNG = Buffer.from("x".repeat(60_000)).toString("base64");

describe("a file is described by its kind, media type and size", () => {
  test.each<[string, StoredPart, string]>([
    [
      "Anthropic image",
      { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
      "[image/png, 60 kB]",
    ],
    [
      "Anthropic image by URL",
      { type: "image", source: { type: "url", url: "https://x.y/z.png" } },
      "[image: https://x.y/z.png]",
    ],
    [
      "Codex input_image",
      { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
      "[image/png, 60 kB]",
    ],
    [
      "OpenAI image_url",
      { type: "image_url", image_url: { url: `data:image/jpeg;base64,${PNG}` } },
      "[image/jpeg, 60 kB]",
    ],
    [
      "OpenAI input_file",
      { type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${PNG}` },
      "[application/pdf, 60 kB: a.pdf]",
    ],
    [
      "Pi image",
      { type: "image", content: { data: PNG, mimeType: "image/png" } },
      "[image/png, 60 kB]",
    ],
    [
      "OpenCode file",
      { type: "file", mime: "image/png", url: `data:image/png;base64,${PNG}`, filename: "s.png" },
      "[image/png, 60 kB: s.png]",
    ],
    [
      "AI SDK file",
      { type: "file", mediaType: "image/png", url: "https://x.y/z" },
      "[image/png: https://x.y/z]",
    ],
    [
      "Gemini inlineData",
      untyped({ inlineData: { mimeType: "image/png", data: PNG } }),
      "[image/png, 60 kB]",
    ],
    [
      "Bedrock image",
      untyped({ image: { format: "png", source: { bytes: PNG } } }),
      "[image/png, 60 kB]",
    ],
    ["a short picture", { type: "image", content: "AAAA", mime: "png" }, "[image/png, 3 B]"],
    [
      "MCP blob",
      { type: "resource", resource: { uri: "file:///a", mimeType: "image/png", blob: PNG } },
      "[image/png: file:///a]",
    ],
  ])("%s", (_, part, label) => {
    const [read] = readPart(part);
    expect(read?.kind === "file" && fileLabel(read.file)).toBe(label);
  });

  test("a file with only a name is kept as it is", () => {
    const part = { type: "file", content: "src/a.ts and more" };
    expect(readPart(part)).toEqual([{ kind: "other", type: "file", content: "src/a.ts and more" }]);
  });

  test("in a tool's output of any dialect, and the text next to it stays", () => {
    const picture = {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: PNG },
    };
    const outputs = [
      [{ type: "text", text: "here" }, picture],
      [
        { type: "text", text: "here" },
        { type: "image", data: PNG, mimeType: "image/png" },
      ],
      [
        { type: "text", text: "here" },
        { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
      ],
      ["here", `data:image/png;base64,${PNG}`],
      [
        { type: "text", text: "here" },
        { type: "media", mediaType: "image/png", data: PNG },
      ],
    ];
    for (const output of outputs) expect(plainText(output)).toBe("here\n[image/png, 60 kB]");
    const nested = { structured: { shot: picture, ok: true }, raw: { data: PNG, n: 1 } };
    expect(readableValue(nested)).toEqual({
      structured: { shot: "[image/png, 60 kB]", ok: true },
      raw: { data: "[data, 60 kB]", n: 1 },
    });
  });

  test("text that is not data stays as it is", () => {
    const values = [
      { data: "hello world" },
      { content: "x".repeat(1_000) + " y" },
      ["data:"],
      { url: "https://x" },
    ];
    for (const value of values) expect(readableValue(value)).toEqual(value);
  });
});
