import { describe, expect, test } from "vitest";
import { deployment, eachTestAt, person, read, settle, type Person } from "../test.setup";

/** Messages in the dialects of all tools, as the HTTP API returns them. */

eachTestAt(Date.UTC(2026, 10, 28, 12));

type Sent = { role: string; [field: string]: unknown };
type Chat = {
  messages: {
    role: string;
    content: string | null;
    tool_calls?: { function: { name: string; arguments: string } }[];
  }[];
};

async function sent(messages: Sent[], id = "s") {
  const t = deployment();
  const ada = await person(t);
  const numbered = messages.map((message, at) => ({
    sessionExternalId: id,
    externalId: String(at),
    ...message,
  }));
  expect((await ada.post("/sync/batch", { messages: numbered })).status).toBe(200);
  await settle(t);
  return { t, ada };
}

/** Returns the conversation as a chat export: roles, texts and tool calls. */
async function chatOf(ada: Person) {
  const url = "/api/export?format=openai&style=chat&include_metadata=false&id=s";
  const { messages } = await read<Chat>(ada.get(url));
  return messages.map(({ role, content, tool_calls = [] }) => {
    const calls = tool_calls.map((call) => `${call.function.name}${call.function.arguments}`);
    return [role, content, ...calls];
  });
}

const user = (textContent: string): Sent => ({ role: "user", textContent });

describe("calls and results of every tool", () => {
  test.each<[string, Sent[], unknown[][]]>([
    [
      "Codex",
      [
        { role: "user", parts: [{ type: "input_text", text: "Q" }] },
        {
          role: "assistant",
          parts: [
            { type: "custom_tool_call", name: "apply_patch", input: "*** Begin", call_id: "c2" },
          ],
        },
        {
          role: "tool",
          parts: [{ type: "custom_tool_call_output", call_id: "c2", output: "Done!" }],
        },
        {
          role: "assistant",
          parts: [
            { type: "web_search_call", action: { type: "search", query: "weather" } },
            { type: "output_text", text: "A" },
          ],
        },
      ],
      [
        ["user", "Q"],
        ["assistant", null, 'apply_patch{"input":"*** Begin"}'],
        ["tool", "Done!"],
        ["assistant", null, 'web_search{"type":"search","query":"weather"}'],
        ["tool", ""],
        ["assistant", "A"],
      ],
    ],
    [
      "Pi",
      [
        { role: "user", parts: [{ type: "text", text: "Q" }] },
        {
          role: "assistant",
          parts: [{ type: "toolCall", id: "p1", name: "bash", arguments: { c: "ls" } }],
        },
        { role: "toolResult", parts: [{ type: "text", text: "out" }] },
        { role: "bashExecution", textContent: "mine" },
        { role: "assistant", parts: [{ type: "text", text: "A" }] },
      ],
      [
        ["user", "Q"],
        ["assistant", null, 'bash{"c":"ls"}'],
        ["tool", "out"],
        ["system", "mine"],
        ["assistant", "A"],
      ],
    ],
    [
      "OpenAI",
      [
        { role: "user", content: "Q" },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "1", type: "function", function: { name: "a", arguments: '{"c":1}' } },
            { id: "2", type: "function", function: { name: "b", arguments: "{}" } },
          ],
        },
        { role: "tool", content: "of b", tool_call_id: "2" },
        { role: "tool", content: "of a", tool_call_id: "1" },
        { role: "assistant", content: "A" },
      ],
      [
        ["user", "Q"],
        ["assistant", null, 'a{"c":1}', "b{}"],
        ["tool", "of a"],
        ["tool", "of b"],
        ["assistant", "A"],
      ],
    ],
    [
      "Gemini",
      [
        { role: "user", parts: [{ text: "Q" }] },
        {
          role: "model",
          parts: [{ text: "th", thought: true }, { functionCall: { name: "run", args: { a: 1 } } }],
        },
        {
          role: "user",
          parts: [{ functionResponse: { name: "run", response: { error: "boom" } } }],
        },
        { role: "model", parts: [{ text: "A" }] },
      ],
      [
        ["user", "Q"],
        ["assistant", null, 'run{"a":1}'],
        ["tool", "Error: boom"],
        ["assistant", "A"],
      ],
    ],
    [
      "OpenCode",
      [
        user("Q"),
        {
          role: "assistant",
          parts: [
            {
              type: "tool",
              callID: "o",
              tool: "bash",
              state: { status: "error", input: {}, error: "boom" },
            },
            { type: "text", text: "A" },
          ],
        },
      ],
      [
        ["user", "Q"],
        ["assistant", null, "bash{}"],
        ["tool", "Error: boom"],
        ["assistant", "A"],
      ],
    ],
    [
      "a tool without a name",
      [
        user("Q"),
        { role: "assistant", parts: [{ type: "tool_use", content: "npm i" }] },
        { role: "assistant", textContent: "A" },
      ],
      [
        ["user", "Q"],
        ["assistant", "[tool call] npm i\n\nA"],
      ],
    ],
    [
      "one role several times in a row",
      [
        user("Q"),
        user("more"),
        { role: "assistant", textContent: "A" },
        { role: "assistant", textContent: "B" },
      ],
      [
        ["user", "Q\n\nmore"],
        ["assistant", "A\n\nB"],
      ],
    ],
  ])("%s", async (_, messages, expected) => {
    const { ada } = await sent(messages);
    expect(await chatOf(ada)).toEqual(expected);
  });

  test("the text of parts without a type is the message's text, and can be searched", async () => {
    const { ada } = await sent([{ role: "user", parts: [{ text: "zebra crossing" }] }]);
    const { messages, title } = await read<{ title: string; messages: { textContent: string }[] }>(
      ada.get("/api/sessions/s"),
    );
    expect([title, messages[0]?.textContent]).toEqual(["zebra crossing", "zebra crossing"]);
  });
});

describe("what tools inject", () => {
  const CONTEXT = "<environment_context>\n  <cwd>/home/kim/x</cwd>\n</environment_context>";
  const CAVEAT = `<local-command-caveat>Caveat: ${"x".repeat(3_000)}</local-command-caveat>`;

  test("is not used as a title", async () => {
    for (const injected of [
      [CONTEXT],
      [CAVEAT, "<command-name>/init</command-name>", CONTEXT],
      ["continue"],
    ]) {
      const { ada } = await sent([...injected.map(user), user("Fix the payments bug")]);
      const { title } = await read<{ title: string }>(ada.get("/api/sessions/s"));
      expect(title).toBe("Fix the payments bug");
    }
  });

  test("is not a question in a dataset, and stays in the text", async () => {
    const { ada } = await sent([
      user(CONTEXT),
      user("Fix the payments bug"),
      { role: "assistant", textContent: "on it" },
      user("continue"),
      { role: "assistant", textContent: "done" },
    ]);
    const cases = await read<{ input: string; actual_output: string }[]>(
      ada.get("/api/export?format=deepeval&id=s"),
    );
    expect(cases).toMatchObject([
      { input: "Fix the payments bug", actual_output: "on it\n\ndone" },
    ]);
    expect(await (await ada.get("/api/export?format=text&id=s")).text()).toContain(CONTEXT);
  });

  test("a title survives a resume that begins with `continue`, and a later real one replaces it", async () => {
    const t = deployment();
    const ada = await person(t);
    const titleAfter = async (titles: string[], source: string) => {
      for (const title of titles)
        await ada.post("/sync/session", { externalId: source, title, source });
      return (await read<{ title: string }>(ada.get(`/api/sessions/${source}`))).title;
    };
    expect(await titleAfter(["Fix it", "continue", "thanks"], "opencode")).toBe("Fix it");
    expect(await titleAfter(["Better title"], "opencode")).toBe("Better title");
    const resumed = ["quiet-humming-otter", "Fix it", "now the tests", "quiet-humming-otter"];
    expect(await titleAfter(resumed, "claude-code")).toBe("Fix it");
  });
});

test("a reasoning item is shown as its summary, and an encrypted one is omitted", async () => {
  const reasoning = {
    type: "reasoning",
    summary: [{ type: "summary_text", text: "think codex" }],
    encrypted_content: "gAAAAexample",
  };
  const parts = [reasoning, { ...reasoning, summary: [] }, { type: "output_text", text: "a" }];
  const { ada } = await sent([user("q"), { role: "assistant", parts }]);
  const cases = await read<{ additional_metadata: { thinking: string } }[]>(
    ada.get("/api/export?format=deepeval&id=s"),
  );
  expect(cases[0]?.additional_metadata.thinking).toBe("think codex");
});

test("every format for people and models mentions a picture in a tool's output", async () => {
  const data = "iVBORw0KGgo".repeat(5_000);
  const picture = { type: "image", source: { type: "base64", media_type: "image/png", data } };
  const { ada } = await sent([
    user("shot please"),
    { role: "assistant", parts: [{ type: "tool_use", id: "a", name: "screenshot", input: {} }] },
    {
      role: "user",
      parts: [
        {
          type: "tool_result",
          tool_use_id: "a",
          content: [{ type: "text", text: "here" }, picture],
        },
      ],
    },
    { role: "assistant", textContent: "nice" },
  ]);
  const formats = [
    "deepeval",
    "openai&style=finetune",
    "promptfoo",
    "csv",
    "text",
    "markdown",
  ].concat(["inspect", "sharegpt", "otel", "langfuse"]);
  for (const format of formats) {
    const text = await (await ada.get(`/api/export?format=${format}&id=s`)).text();
    expect(text.length, format).toBeLessThan(6_000);
    expect(text, format).toContain("image/png, 41 kB");
  }
});
