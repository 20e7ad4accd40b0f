import { describe, expect, test } from "vitest";
import { messageProse, readMessage } from "./readMessage";
import { argumentsObject, plainText, readPart } from "./parts";

const call = (name: string, args: unknown) => ({ kind: "tool-call", name, args });

describe("a part of any dialect is interpreted", () => {
  test.each([
    ["a string", { type: "text", content: "hi" }],
    ["{text}", { type: "text", content: { text: "hi" } }],
    ["{content}", { type: "text", content: { content: "hi" } }],
    ["text beside type", { type: "text", text: "hi" }],
    ["an array of text blocks", { type: "text", content: [{ type: "text", text: "hi" }] }],
  ])("text: %s", (_, part) => {
    expect(readPart(part)).toEqual([{ kind: "text", text: "hi" }]);
  });

  test.each([
    ["toolName and args", { type: "tool-call", content: { toolName: "Read", args: { p: 1 } } }],
    ["name and args", { type: "tool-call", content: { name: "Read", args: { p: 1 } } }],
    ["name and input", { type: "tool_use", content: { name: "Read", input: { p: 1 } } }],
    ["arguments as JSON", { type: "tool_call", content: { name: "Read", arguments: '{"p":1}' } }],
    ["a JSON string", { type: "tool-call", content: '{"toolName":"Read","args":{"p":1}}' }],
    ["arguments beside the name", { type: "tool-call", content: { toolName: "Read", p: 1 } }],
    ["fields beside type", { type: "tool-call", toolName: "Read", args: '{"p":1}' }],
    [
      "a function",
      { type: "tool-call", content: { function: { name: "Read", arguments: { p: 1 } } } },
    ],
    ["a named string", { type: "tool_use", content: 'Read: {"p":1}' }],
  ])("a tool call: %s", (_, part) => {
    expect(readPart(part)).toEqual([call("Read", { p: 1 })]);
  });

  test("a tool call in a plain string keeps its arguments", () => {
    expect(readPart({ type: "tool_use", content: "shell: npm i" })).toEqual([
      call("shell", "npm i"),
    ]);
    expect(readPart({ type: "tool_use", content: "npm i" })).toEqual([call("unknown", "npm i")]);
  });

  test("a call with its own result gives the call, then the result", () => {
    const content = { toolName: "Bash", args: { c: "ls" }, result: "a.ts" };
    expect(readPart({ type: "tool_use", content })).toEqual([
      call("Bash", { c: "ls" }),
      { kind: "tool-result", name: "Bash", output: "a.ts" },
    ]);
    const state = { tool: "bash", callID: "c1", state: { input: { c: "ls" }, output: "a.ts" } };
    expect(readPart({ type: "tool", content: state })).toEqual([
      { kind: "tool-call", name: "bash", id: "c1", args: { c: "ls" } },
      { kind: "tool-result", name: "bash", id: "c1", output: "a.ts" },
    ]);
  });

  test.each([
    ["a string", "done", { output: "done" }],
    ["{result}", { result: [1] }, { output: [1] }],
    ["{output}", { output: null }, { output: null }],
    ["an object of its own", { rows: 3 }, { output: { rows: 3 } }],
    ["with the call's id", { tool_use_id: "t1", content: "x" }, { id: "t1", output: "x" }],
    ["with a name", { toolName: "Read", content: "x" }, { name: "Read", output: "x" }],
  ])("a tool result: %s", (_, content, expected) => {
    expect(readPart({ type: "tool-result", content })).toEqual([
      { kind: "tool-result", ...expected },
    ]);
  });

  test.each([
    ["thinking", { type: "thinking", content: "hm", signature: "s" }, "thinking", { text: "hm" }],
    [
      "thinking as Anthropic has it",
      { type: "thinking", content: { thinking: "hm", signature: "s" } },
      "thinking",
      { text: "hm" },
    ],
    [
      "a call",
      { type: "tool_use", content: { name: "Read", args: {} }, id: "c1", status: "done" },
      "tool-call",
      { name: "Read", id: "c1", args: {} },
    ],
    [
      "a call in a string",
      { type: "tool_use", content: "shell: ls", id: "c1" },
      "tool-call",
      { name: "shell", id: "c1", args: "ls" },
    ],
    [
      "a result",
      { type: "tool_result", content: { rows: 3 }, tool_use_id: "c1", is_error: true },
      "tool-result",
      { id: "c1", output: { rows: 3 }, isError: true },
    ],
  ])("fields next to the content of %s are read with it", (_, part, kind, expected) => {
    expect(readPart(part)).toEqual([{ kind, ...expected }]);
  });

  test("a call with its result next to it gives both", () => {
    const content = { result: "out", content: { name: "Read", args: { p: 1 } } };
    expect(readPart({ type: "tool-call", content })).toEqual([
      call("Read", { p: 1 }),
      { kind: "tool-result", name: "Read", output: "out" },
    ]);
  });

  test("JSON in a string that is nested too deeply to serialise stays a string", () => {
    const deep = `{"name":"Read","args":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    expect(readPart({ type: "tool-call", content: deep })).toEqual([call("unknown", deep)]);
  });

  test("an unknown part is passed on completely", () => {
    const content = { $ref: 1, url: "x" };
    expect(readPart({ type: "widget", content })).toEqual([
      { kind: "other", type: "widget", content },
    ]);
  });

  test.each(
    [null, undefined, 0, false, [], {}, "{broken", { name: 7 }, { constructor: 1 }].map(
      (content) => ({ content }),
    ),
  )("odd content $content never throws", ({ content }) => {
    for (const type of ["text", "thinking", "tool-call", "tool-result", "x", ""]) {
      expect(readPart({ type, content }).length).toBeGreaterThan(0);
    }
  });
});

describe("a message contains each statement once", () => {
  test("its text precedes tool parts", () => {
    const parts = [{ type: "tool-call", content: { name: "Read", args: {} } }];
    expect(readMessage({ role: "assistant", textContent: "Look:", parts })).toEqual([
      { kind: "text", text: "Look:" },
      call("Read", {}),
    ]);
  });

  test("text that the parts repeat is not repeated", () => {
    const parts = [
      { type: "thinking", content: "hm" },
      { type: "text", content: "one" },
      { type: "text", content: "two" },
    ];
    const textContent = "<thinking>hm</thinking>\n\none\n\ntwo";
    expect(readMessage({ role: "assistant", textContent, parts })).toEqual([
      { kind: "thinking", text: "hm" },
      { kind: "text", text: "one" },
      { kind: "text", text: "two" },
    ]);
  });

  test("text that only repeats a tool's result is not repeated", () => {
    const parts = [{ type: "tool_use", content: { toolName: "Bash", args: {}, result: "ok" } }];
    expect(messageProse({ role: "assistant", textContent: "ok", parts })).toBe("");
  });

  test("text that differs from its parts is kept next to them", () => {
    const parts = [{ type: "text", content: "B" }];
    expect(messageProse({ role: "user", textContent: "A", parts })).toBe("A\n\nB");
  });

  test("thinking before an answer is separated, but stays text in a question", () => {
    const textContent = "<thinking>hm</thinking>\n\nyes";
    expect(messageProse({ role: "assistant", textContent })).toBe("yes");
    expect(messageProse({ role: "user", textContent })).toBe(textContent);
  });
});

test("any value has a text, and arguments are always an object", () => {
  expect(plainText({ a: 1 })).toBe('{"a":1}');
  expect(plainText([{ type: "text", text: "a" }, "b"])).toBe("a\nb");
  expect(plainText([])).toBe("[]");
  expect(argumentsObject([1])).toEqual({ input: [1] });
  expect(argumentsObject(null)).toEqual({});
});
