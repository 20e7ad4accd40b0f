import { many, TEXTS, VALUES, words } from "./texts.ts";

/**
 * The worst requests that the API takes: as large as a body may be, and in the forms that cost most
 * memory or time. `refused` ones must get a 4xx; the others must be stored.
 */

export interface Input {
  name: string;
  path: "/sync/message" | "/sync/batch" | "/sync/session";
  /** Made when it is sent, so that not all of them are in memory. */
  body: () => string | Uint8Array;
  expect: "stored" | "refused" | "either";
  /** The session that it fills. */
  session?: string;
}

const BODY_BYTES = 8_000_000;
/** What one message may take as it is stored, with room for its ids. */
const MESSAGE_BYTES = 7_000_000;

function message(session: string, fields: object): string {
  return JSON.stringify({
    sessionExternalId: session,
    externalId: `${session}-1`,
    role: "assistant",
    ...fields,
  });
}

/** A message whose one part has this JSON text as its content. */
function withContent(session: string, json: string, type = "tool-result"): string {
  const head = message(session, {}).slice(0, -1);
  return `${head},"parts":[{"type":"${type}","content":${json}}]}`;
}

function withParts(session: string, json: string): string {
  return `${message(session, {}).slice(0, -1)},"parts":[${json}]}`;
}

function textInputs(): Input[] {
  return Object.entries(TEXTS).map(([name, text]) => ({
    name: `a text of 7 MB: ${name}`,
    path: "/sync/message",
    body: () => message(`text ${name}`, { textContent: text(MESSAGE_BYTES) }),
    // Line breaks make more rows than a message may have.
    expect: name === "lines" ? "either" : "stored",
    session: `text ${name}`,
  }));
}

/** Texts that are also sent as what a tool answered, was asked, and as many parts. */
const TOOL_TEXTS = [
  "one character beyond Latin-1",
  "Chinese",
  "escapes",
  "keys of an API",
  "base64",
];
/** A part of a usual long output. */
const PART_BYTES = 200_000;

function toolInputs(): Input[] {
  const forms: { [name: string]: (text: (bytes: number) => string) => object[] } = {
    "one tool result": (text) => [{ type: "tool-result", content: text(MESSAGE_BYTES) }],
    "one output in JSON": (text) => [
      {
        type: "tool-result",
        content: { toolCallId: "1", output: [{ text: text(MESSAGE_BYTES) }] },
      },
    ],
    "one argument": (text) => [
      { type: "tool-call", content: { toolName: "Write", args: { content: text(MESSAGE_BYTES) } } },
    ],
    "parts of 200 kB": (text) =>
      Array<object>(Math.floor(MESSAGE_BYTES / PART_BYTES)).fill({
        ...{ type: "text", content: text(PART_BYTES - 100) },
      }),
  };
  return Object.entries(forms).flatMap(([form, parts]) =>
    TOOL_TEXTS.map((name): Input => {
      const session = `${form} ${name}`;
      return {
        name: `7 MB as ${form}: ${name}`,
        path: "/sync/message",
        body: () => message(session, { parts: parts(TEXTS[name] ?? String) }),
        expect: "stored",
        session,
      };
    }),
  );
}

function valueInputs(): Input[] {
  return Object.entries(VALUES).flatMap(([name, value]): Input[] => [
    {
      name: `8 MB in one part: ${name}`,
      path: "/sync/message",
      body: () => withContent(`huge ${name}`, value(BODY_BYTES)),
      expect: "either",
      session: `huge ${name}`,
    },
    {
      name: `1.5 MB in one part: ${name}`,
      path: "/sync/message",
      body: () => withContent(`large ${name}`, value(1_500_000)),
      expect: "either",
      session: `large ${name}`,
    },
    {
      name: `8 MB in a field that is ignored: ${name}`,
      path: "/sync/session",
      body: () => `{"externalId":"ignored","metadata":${value(BODY_BYTES)}}`,
      expect: "either",
    },
    {
      name: `8 MB as items of a batch: ${name}`,
      path: "/sync/batch",
      body: () => `{"messages":${value(BODY_BYTES)}}`,
      expect: "either",
    },
  ]);
}

function partInputs(): Input[] {
  const part = (content: string) => `{"type":"text","content":${content}}`;
  const call = '{"type":"tool-call","content":{"toolName":"Bash","args":{"a":1}}}';
  const inputs = {
    "many text parts": (bytes: number) => many(part('"x"'), bytes),
    "many calls": (bytes: number) => many(call, bytes),
    "many empty parts": (bytes: number) => many("{}", bytes),
    "many strings": (bytes: number) => many('"a"', bytes),
    "JSON in strings": (bytes: number) => {
      const inner = JSON.stringify(JSON.stringify({ name: "f", arguments: "x".repeat(5_000) }));
      return many(`{"type":"tool-call","content":${inner}}`, bytes);
    },
    "parts of 7 kB": (bytes: number) => many(part(`"${"lorem ipsum ".repeat(600)}"`), bytes),
  };
  return Object.entries(inputs).flatMap(([name, parts]): Input[] =>
    [BODY_BYTES, MESSAGE_BYTES - 400_000, 1_000_000].map((bytes) => ({
      name: `${(bytes / 1e6).toFixed(1)} MB: ${name}`,
      path: "/sync/message",
      body: () => withParts(`parts ${name} ${bytes}`, parts(bytes)),
      expect: "either",
      session: `parts ${name} ${bytes}`,
    })),
  );
}

function small(session: string, count: number, text: (n: number) => string): string {
  const messages = Array.from({ length: count }, (_, n) => ({
    sessionExternalId: session,
    externalId: `${session}-${n}`,
    role: n % 2 ? "assistant" : "user",
    textContent: text(n),
    model: "claude-sonnet-4-5",
    promptTokens: 900 + n,
    completionTokens: 30,
  }));
  return JSON.stringify({ sessions: [{ externalId: session, title: session }], messages });
}

function batchInputs(): Input[] {
  return [
    {
      name: "15,000 small messages",
      path: "/sync/batch",
      body: () => small("small", 15_000, (n) => `message number ${n} says little`),
      expect: "stored",
      session: "small",
    },
    {
      name: "20,000 messages, as many as are promised",
      path: "/sync/batch",
      body: () => small("promised", 20_000, (n) => `m${n}`),
      expect: "stored",
      session: "promised",
    },
    {
      name: "2,000 messages of 3 kB",
      path: "/sync/batch",
      body: () =>
        small("medium", 2_000, (n) => `${words(3_000, (i) => `w${(n * 7 + i) % 5_000} `)}`),
      expect: "stored",
      session: "medium",
    },
    {
      name: "20,000 sessions",
      path: "/sync/batch",
      body: () =>
        JSON.stringify({
          sessions: Array.from({ length: 20_000 }, (_, n) => ({
            externalId: `many-${n}`,
            title: `Session ${n}`,
            projectName: `project-${n}`,
            model: `model-${n % 500}`,
            createdAt: 1_767_225_600_000 + (n % 400) * 86_400_000,
          })),
        }),
      expect: "stored",
    },
  ];
}

/** Not UTF-8. */
function brokenInput(): Input {
  return {
    name: "bytes that are not UTF-8",
    path: "/sync/message",
    body: () => {
      const bytes = Buffer.from(message("broken", { textContent: "abc !" }));
      bytes[bytes.indexOf("!")] = 0xff;
      return bytes;
    },
    expect: "refused",
  };
}

/** Every input of the trial. */
export function worstInputs(): Input[] {
  return [
    ...textInputs(),
    ...toolInputs(),
    ...partInputs(),
    ...valueInputs(),
    ...batchInputs(),
    brokenInput(),
  ];
}
