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

const many = (item: string, bytes: number) =>
  Array(Math.floor(bytes / (item.length + 1)))
    .fill(item)
    .join(",");

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

function words(bytes: number, word: (n: number) => string): string {
  const texts: string[] = [];
  let length = 0;
  for (let n = 0; length < bytes; n++) {
    const one = word(n);
    texts.push(one);
    length += Buffer.byteLength(one);
  }
  return texts.join("");
}

/** Texts of one message that are as long as a message may be. */
const TEXTS: { [name: string]: (bytes: number) => string } = {
  "unique words": (bytes) => words(bytes, (n) => `w${n.toString(36)}x `),
  "one character beyond Latin-1": (bytes) => `${words(bytes - 8, (n) => `word${n % 977} `)}🎉`,
  "no spaces": (bytes) => "x".repeat(bytes),
  "only spaces": (bytes) => `${" ".repeat(bytes - 1)}x`,
  Chinese: (bytes) => "漢字仮名".repeat(bytes / 12),
  lines: (bytes) => "a\n".repeat(bytes / 2),
};

/** Values of which a body can hold many more than memory can. */
const VALUES: { [name: string]: (bytes: number) => string } = {
  "empty lists": (bytes) => `[${many("[]", bytes)}]`,
  "empty objects": (bytes) => `[${many("{}", bytes)}]`,
  "small objects": (bytes) => `[${many('{"a":1}', bytes)}]`,
  "short strings": (bytes) => `[${many('"ab"', bytes)}]`,
  "numbers that grow": (bytes) => `[${many("1e20", bytes)}]`,
  "small numbers": (bytes) => `[${many("1", bytes)}]`,
  escapes: (bytes) => `["${"\\u0001".repeat(bytes / 6)}"]`,
  keys: (bytes) => `{${words(bytes - 20, (n) => `"k${n}":1,`)}"z":1}`,
  "deep lists": (bytes) => `[${many("[".repeat(900) + "]".repeat(900), bytes)}]`,
};

function textInputs(): Input[] {
  return Object.entries(TEXTS).map(([name, text]) => ({
    name: `a text of 7 MB: ${name}`,
    path: "/sync/message",
    body: () => message(`text ${name}`, { textContent: text(MESSAGE_BYTES) }),
    expect: name === "lines" ? "either" : "stored",
    session: `text ${name}`,
  }));
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
  return [...batchInputs(), brokenInput(), ...textInputs(), ...partInputs(), ...valueInputs()];
}
