import { expect, test } from "vitest";
import { deployment, eachTestAt, person, read, settle } from "../test.setup";

/**
 * Transcripts that no tool's documentation describes, in all formats. Words mark what each text is: `USER1` is said by
 * the user, `SAID1` by the assistant, `ARG1` stands in the arguments of call 1, `OUT1` or `ERR1` in its result, and
 * `NOTE1` in content that no role of a chat has. Every word must arrive, and the first four in their place.
 */

eachTestAt(Date.UTC(2026, 10, 28, 12));

type Sent = { role: string; [field: string]: unknown };

const TRANSCRIPTS: [title: string, messages: Sent[]][] = [
  [
    "Anthropic: results before their calls, in one message",
    [
      { role: "user", content: "USER1" },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "OUT2" }] },
          { type: "tool_result", tool_use_id: "a", is_error: true, content: "ERR1" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "text", text: "SAID1" },
          { type: "tool_use", id: "a", name: "Read", input: { path: "ARG1" } },
          { type: "tool_use", id: "b", name: "Read", input: { path: "ARG2" } },
        ],
      },
      { role: "assistant", content: "SAID2" },
    ],
  ],
  [
    "OpenAI: parallel calls with one id, each with its result in order",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "x", type: "function", function: { name: "f", arguments: '{"a":"ARG1"}' } },
          { id: "x", type: "function", function: { name: "f", arguments: '{"a":"ARG2"}' } },
        ],
      },
      { role: "tool", tool_call_id: "x", content: "OUT1" },
      { role: "tool", tool_call_id: "x", content: "OUT2" },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "OpenAI: arguments as an object, as a list, and empty",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        content: "SAID1",
        tool_calls: [
          { id: "1", type: "function", function: { name: "f", arguments: { a: "ARG1" } } },
          { id: "2", type: "function", function: { name: "g", arguments: ["ARG2"] } },
          { id: "3", type: "function", function: { name: "h", arguments: "" } },
        ],
      },
      { role: "tool", tool_call_id: "2", content: [{ type: "text", text: "OUT2" }] },
      { role: "tool", tool_call_id: "3", content: "OUT3" },
      { role: "tool", tool_call_id: "1", content: { nested: { deep: ["OUT1"] } } },
      { role: "assistant", content: [{ type: "output_text", text: "SAID2" }] },
    ],
  ],
  [
    "OpenAI: a call of the old `function_call` with its `function` message",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        content: null,
        parts: [{ function_call: { name: "f", arguments: '{"a":"ARG1"}' } }],
      },
      { role: "function", name: "f", content: "OUT1" },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "Gemini: calls without ids, answered by name in another order",
    [
      { role: "user", parts: [{ text: "USER1" }] },
      {
        role: "model",
        parts: [
          { text: "SAID1" },
          { functionCall: { name: "f", args: { a: "ARG1" } } },
          { functionCall: { name: "g", args: { a: "ARG2" } } },
          { functionCall: { name: "f", args: { a: "ARG3" } } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { name: "g", response: { result: "OUT2" } } },
          { functionResponse: { name: "f", response: { output: "OUT1" } } },
          { functionResponse: { name: "f", response: { error: "ERR3" } } },
        ],
      },
      { role: "model", parts: [{ text: "SAID2" }] },
    ],
  ],
  [
    "Gemini: a response that is a list of parts with a file",
    [
      { role: "user", parts: [{ text: "USER1" }] },
      { role: "model", parts: [{ functionCall: { name: "shot", args: { a: "ARG1" } } }] },
      {
        role: "user",
        parts: [
          {
            functionResponse: {
              name: "shot",
              response: { output: [{ text: "OUT1" }] },
              parts: [{ inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } }],
            },
          },
        ],
      },
      { role: "model", parts: [{ text: "SAID1" }] },
    ],
  ],
  [
    "AI SDK: calls and results in one part, one of them refused, one still running",
    [
      { role: "user", parts: [{ type: "text", text: "USER1" }] },
      {
        role: "assistant",
        parts: [
          { type: "step-start" },
          {
            type: "tool-f",
            toolCallId: "1",
            state: "output-available",
            input: { a: "ARG1" },
            output: { type: "text", value: "OUT1" },
          },
          {
            type: "tool-g",
            toolCallId: "2",
            state: "output-error",
            input: { a: "ARG2" },
            errorText: "ERR2",
          },
          { type: "tool-h", toolCallId: "3", state: "input-available", input: { a: "ARG3" } },
          { type: "text", text: "SAID1" },
          { type: "source-url", url: "https://NOTE1.example" },
        ],
      },
    ],
  ],
  [
    "Responses API: items as messages' parts, encrypted reasoning, outputs as lists",
    [
      { role: "user", parts: [{ type: "input_text", text: "USER1" }] },
      {
        role: "assistant",
        parts: [
          { type: "reasoning", summary: [], encrypted_content: "gAAAAsecret" },
          { type: "function_call", call_id: "1", name: "f", arguments: "" },
          { type: "function_call", call_id: "2", name: "g", arguments: '{"a":"ARG2"}' },
          {
            type: "function_call_output",
            call_id: "1",
            output: [{ type: "input_text", text: "OUT1" }],
          },
          { type: "function_call_output", call_id: "2", output: "OUT2" },
          { type: "output_text", text: "SAID1", annotations: [] },
        ],
      },
    ],
  ],
  [
    "results inside results, and arguments as JSON in JSON",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        parts: [{ type: "tool_use", id: "1", name: "f", input: '{"a":"{\\"b\\":\\"ARG1\\"}"}' }],
      },
      {
        role: "tool",
        parts: [
          {
            type: "tool_result",
            tool_use_id: "1",
            content: [
              { type: "tool_result", tool_use_id: "0", content: [{ type: "text", text: "OUT1" }] },
              { type: "image", source: { type: "url", url: "https://x.example/NOTE1.png" } },
            ],
          },
        ],
      },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "images by URL among the words of a question",
    [
      {
        role: "user",
        content: [
          { type: "text", text: "USER1" },
          { type: "image_url", image_url: { url: "https://x.example/NOTE1.png" } },
          { type: "input_image", image_url: "https://x.example/NOTE2.png" },
          { type: "text", text: "USER2" },
        ],
      },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "unknown parts and roles beside a conversation",
    [
      { role: "user", content: "USER1" },
      { role: "critic", content: "NOTE1" },
      {
        role: "assistant",
        parts: [
          { type: "citation", text: "NOTE2" },
          { type: "agent_handoff", target: "NOTE3" },
          { type: "text", text: "SAID1" },
        ],
      },
    ],
  ],
  [
    "a result whose id no call has, and one without any id",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        parts: [{ type: "tool_use", id: "1", name: "f", input: { a: "ARG1" } }],
      },
      { role: "tool", parts: [{ type: "tool_result", content: "OUT1" }] },
      {
        role: "tool",
        parts: [{ type: "tool_result", tool_use_id: "lost", content: "NOTE1" }],
      },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "a result that comes twice, and a call that is repeated with its id",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        parts: [{ type: "tool_use", id: "1", name: "f", input: { a: "ARG1" } }],
      },
      { role: "tool", parts: [{ type: "tool_result", tool_use_id: "1", content: "OUT1" }] },
      { role: "tool", parts: [{ type: "tool_result", tool_use_id: "1", content: "NOTE1" }] },
      {
        role: "assistant",
        parts: [{ type: "tool_use", id: "1", name: "f", input: { a: "ARG2" } }],
      },
      { role: "tool", parts: [{ type: "tool_result", tool_use_id: "1", content: "OUT2" }] },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "a result that names its tool and comes before its call, while another call of the tool waits",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        parts: [{ type: "tool-call", toolCallId: "1", toolName: "f", input: { a: "ARG1" } }],
      },
      {
        role: "tool",
        parts: [{ type: "tool-result", toolCallId: "2", toolName: "f", output: "OUT2" }],
      },
      {
        role: "assistant",
        parts: [{ type: "tool-call", toolCallId: "2", toolName: "f", input: { a: "ARG2" } }],
      },
      {
        role: "tool",
        parts: [{ type: "tool-result", toolCallId: "1", toolName: "f", output: "OUT1" }],
      },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "a result with an id that no call has, while a call waits for its own",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        parts: [{ type: "tool_use", id: "1", name: "f", input: { a: "ARG1" } }],
      },
      { role: "tool", parts: [{ type: "tool_result", tool_use_id: "lost", content: "NOTE1" }] },
      { role: "tool", parts: [{ type: "tool_result", tool_use_id: "1", content: "OUT1" }] },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "a result without an id, after an older call that never got one",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        parts: [{ type: "tool_use", id: "1", name: "f", input: { a: "ARG1" } }],
      },
      {
        role: "assistant",
        parts: [{ type: "tool_use", id: "2", name: "f", input: { a: "ARG2" } }],
      },
      { role: "tool", parts: [{ type: "tool_result", name: "f", content: "OUT2" }] },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "a tool's message with several results and words of its own",
    [
      { role: "user", content: "USER1" },
      {
        role: "assistant",
        tool_calls: [
          { id: "1", function: { name: "f", arguments: '{"a":"ARG1"}' } },
          { id: "2", function: { name: "g", arguments: '{"a":"ARG2"}' } },
        ],
      },
      {
        role: "tool",
        parts: [
          { type: "text", text: "NOTE1" },
          { type: "tool_result", tool_use_id: "2", content: "OUT2" },
          { type: "tool_result", tool_use_id: "1", content: "OUT1" },
        ],
      },
      { role: "assistant", content: "SAID1" },
    ],
  ],
  [
    "Bedrock: keys as types, results as lists, a failed one",
    [
      { role: "user", content: [{ text: "USER1" }] },
      {
        role: "assistant",
        content: [
          { text: "SAID1" },
          { toolUse: { toolUseId: "1", name: "f", input: { a: "ARG1" } } },
          { toolUse: { toolUseId: "2", name: "f", input: { a: "ARG2" } } },
        ],
      },
      {
        role: "user",
        content: [
          { toolResult: { toolUseId: "2", content: [{ json: { a: "ERR2" } }], status: "error" } },
          { toolResult: { toolUseId: "1", content: [{ text: "OUT1" }, { text: "more" }] } },
        ],
      },
      { role: "assistant", content: [{ text: "SAID2" }] },
    ],
  ],
  [
    "Ollama and LangChain: arguments as an object, `tool_name`, blocks beside `tool_calls`",
    [
      { role: "human", content: "USER1" },
      {
        role: "ai",
        content: [
          { type: "text", text: "SAID1" },
          { type: "tool_use", id: "1", name: "f", input: { a: "ARG1" } },
        ],
        tool_calls: [{ id: "1", name: "f", args: { a: "ARG1" }, type: "tool_call" }],
      },
      { role: "tool", tool_name: "f", tool_call_id: "1", content: "OUT1" },
      { role: "assistant", tool_calls: [{ function: { name: "g", arguments: { a: "ARG2" } } }] },
      { role: "tool", tool_name: "g", content: "OUT2" },
      { role: "ai", content: "SAID2" },
    ],
  ],
];

const wordsIn = (text: string) =>
  Array.from(
    new Set(text.replace(/\\[nrt]/g, " ").match(/\b(?:USER|SAID|ARG|OUT|ERR|NOTE)\d\b/g) ?? []),
  ).sort();

type Chat = {
  role: string;
  content: string | null;
  tool_calls?: { id: string; function: { arguments: string } }[];
  tool_call_id?: string;
};

/** Where each word stands in a chat: its role, or the call that has it or that it answers. */
function placesIn(messages: readonly Chat[]): string[] {
  const calls = messages.flatMap(({ tool_calls = [] }) => tool_calls);
  const argumentsOf = (id?: string) =>
    wordsIn(calls.find((one) => one.id === id)?.function.arguments ?? "").join();
  return messages.flatMap(({ role, content, tool_calls = [], tool_call_id }) => [
    ...wordsIn(content ?? "").map((word) =>
      role === "tool"
        ? `${word} answers ${argumentsOf(tool_call_id) || "a call"}`
        : `${word} by ${role}`,
    ),
    ...tool_calls.flatMap((one) => wordsIn(one.function.arguments).map((word) => `${word} called`)),
  ]);
}

function placeOf(word: string, all: readonly string[]): string {
  const number = word.slice(-1);
  if (word.startsWith("USER")) return `${word} by user`;
  if (word.startsWith("SAID")) return `${word} by assistant`;
  if (word.startsWith("ARG")) return `${word} called`;
  return `${word} answers ${all.includes(`ARG${number}`) ? `ARG${number}` : "a call"}`;
}

/** Formats that hold everything, and formats that hold what a chat has. */
const COMPLETE = ["json", "jsonl", "text", "markdown", "csv", "filesystem"];
const CHATS = [
  ...["openai&style=chat", "openai&style=finetune", "sharegpt", "otel", "deepeval"],
  ...["deepeval&turns=multi", "inspect", "langfuse", "promptfoo&mode=replay"],
];

test.each(TRANSCRIPTS)("nothing is lost or misplaced: %s", async (_, messages) => {
  const ada = await person((t = deployment()));
  const numbered = messages.map((message, at) => ({
    ...{ sessionExternalId: "s", externalId: `m${at}`, createdAt: Date.now() + at },
    ...structuredClone(message),
  }));
  const answer = await read(ada.post("/sync/batch", { messages: numbered }));
  expect(answer).toMatchObject({ errors: [] });
  await settle(t);
  const all = wordsIn(JSON.stringify(messages));
  const spoken = all.filter((word) => !word.startsWith("NOTE"));
  const missing: { [format: string]: string[] } = {};
  for (const format of [...COMPLETE, ...CHATS]) {
    const text = await (await ada.get(`/api/export?id=s&format=${format}`)).text();
    const wanted = COMPLETE.includes(format) ? all : spoken;
    const lost = wanted.filter((word) => !wordsIn(text).includes(word));
    if (lost.length > 0) missing[format] = lost;
  }
  expect(missing).toEqual({});
  const path = "/api/export?id=s&format=openai&style=chat";
  const { messages: chat } = await read<{ messages: Chat[] }>(ada.get(path));
  const places = placesIn(chat).filter((place) => !place.startsWith("NOTE"));
  expect(places.sort()).toEqual(spoken.map((word) => placeOf(word, all)).sort());
  const failed = chat.filter(({ content }) => /ERR\d/.test(content ?? ""));
  for (const { content } of failed) expect(content).toMatch(/^Error: /);
});

let t: ReturnType<typeof deployment>;
