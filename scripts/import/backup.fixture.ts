import type { TestEngine } from "../local/testing.ts";

/** Sessions of every shape that a backup must bring back, and what `/api/sessions/:id` answers of them. */

const STARTED = Date.UTC(2026, 9, 1, 8);
const MINUTE = 60_000;

/** Values of a field, one after another; `undefined` leaves the field out. */
const turn = <Value>(values: readonly Value[], at: number): Value => values[at % values.length]!;

const SOURCES = ["claude-code", "opencode", "cursor", "codex-cli", "my own tool", undefined];
const TITLES = [
  "Fix the build",
  undefined,
  "日本語 émoji 🎉 \u202Ertl",
  `long ${"word ".repeat(200)}`,
  "continue",
  "New session - 2026-01-01T00:00:00.000Z",
  "quiet-humming-otter",
  "<command-name>/init</command-name>",
];
/** Times of one moment in every form and precision that tools send. */
const TIMES: ((ms: number) => unknown)[] = [
  (ms) => ms,
  (ms) => ms + 0.75,
  (ms) => new Date(ms).toISOString(),
  (ms) => new Date(ms).toISOString().replace("Z", "456+00:00"),
  (ms) => ms / 1_000,
  (ms) => ms * 1_000 + 789,
];
/** Messages without a usable time get that of their arrival. */
const NO_TIMES = [() => "yesterday", () => undefined];
const NUMBERS = [
  {},
  { promptTokens: 100, completionTokens: 20, cost: 0.125, durationMs: 1_234.5 },
  { totalTokens: 77 },
  { promptTokens: 5 },
  { cost: 0, promptTokens: 0, totalTokens: 0, durationMs: 0 },
  { cacheReadTokens: 9, cacheWriteTokens: 8, reasoningTokens: 7, cost: 0.1 + 0.2 },
];
const MODELS = [
  {},
  { model: "gpt-5" },
  { model: "unknown" },
  { provider: "acme" },
  { model: "claude-x", provider: "anthropic" },
];
const ROLES = ["user", "assistant", "model", "critic", "developer", "toolResult", { odd: 1 }, null];
const TEXTS = [
  "Plain question?",
  "lone \ud800 surrogate, NUL \u0000, \u2028 line, \u0085 next, CRLF\r\n tab\t",
  "",
  "<system-reminder>injected</system-reminder>",
  undefined,
  '{"json":"text"}',
  "\ufeffbom and 😀",
  "  blank around  ",
];
const ODD_VALUES = [
  null,
  [],
  {},
  "",
  0.1 + 0.2,
  1e21,
  -0,
  12_345_678_901_234_567_890,
  "\udfff",
  JSON.parse('{"__proto__":{"a":1},"constructor":2,"$ref":3,"_id":4,"2":1,"1":2}') as unknown,
  JSON.parse(`${"[".repeat(90)}${"]".repeat(90)}`) as unknown,
];
const PARTS: unknown[][] = [
  [{ type: "text", text: "in a part" }],
  [{ type: "tool_use", id: "t1", name: "Read", input: { path: "/a" } }],
  [{ type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "out" }] }],
  [{ text: "untyped" }, { functionCall: { name: "run", args: {} } }, "a string", 7, ["list"], null],
  [
    { type: "text", content: "lone \ud800" },
    { type: "\ud800", content: 1 },
    { type: "", x: 1 },
  ],
  [{ type: 5, content: "no type" }, { type: "x".repeat(120) }, { type: "empty" }],
  [{ type: "tool-result", content: null, is_error: true, __proto__x: 1 }],
  [{ type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } }],
  ODD_VALUES.map((content) => ({ type: "odd", content })),
  ODD_VALUES.map((beside) => ({ type: "tool_call", name: "n", content: "c", beside })),
  [],
];
const USAGE = [
  {},
  { promptTokens: 10, completionTokens: 3, cost: 0.01, durationMs: 0.5 },
  { totalTokens: 12, cost: 0 },
  { cacheWrite5mTokens: 4, cacheWrite1hTokens: 2, promptTokens: "11" },
];
const REVIEWS: { [field: string]: unknown }[] = [
  {},
  { evalReady: true, evalStatus: "golden", evalTags: ["b", "a, with comma"], evalNotes: "Good.\n" },
  { evalStatus: "incorrect", expectedOutput: "forty-two \ud83c\udf89" },
  { evalTags: ["only a tag"] },
  { title: "My own title" },
  { evalReady: true },
  { evalNotes: "only a note" },
];

/** Whether the plugin of a session reports numbers of its own. */
export const reports = (at: number) => at % NUMBERS.length !== 0;

/** Session number `at`, its messages, and what its owner says of it. */
export function variedSession(at: number) {
  const externalId = `session ${at}/é?#%`;
  const began = STARTED + at * 7 * MINUTE;
  const parent =
    at % 5 === 4
      ? {
          parentExternalId: `session ${at - 2}/é?#%`,
          relation: turn(["fork", "resume", "subagent"], at),
        }
      : {};
  const session = {
    externalId,
    source: turn(SOURCES, at),
    title: turn(TITLES, at),
    ...(at % 3 === 0 ? { projectPath: `/home/someone/project ${at % 7}` } : {}),
    ...(at % 4 === 0 ? { gitBranch: "main", gitCommit: "abc", host: "laptop.local" } : {}),
    ...(at % 6 === 0 ? { endReason: "done", toolCallCount: at, agentVersion: "1.2" } : {}),
    ...turn(NUMBERS, at),
    ...turn(MODELS, at >> 1),
    ...parent,
    createdAt: turn(TIMES, at)(began),
  };
  // A total that only the session reports is booked on one day, which depends on when it arrived: then its messages
  // lie on one day.
  const times = !reports(at) ? [...TIMES, ...NO_TIMES] : TIMES;
  const messages = Array.from({ length: at % 6 }, (_, n) => {
    const seed = at * 3 + n;
    return {
      sessionExternalId: externalId,
      externalId: n === 3 ? 1_000 + at : `m${n}`,
      role: n === 0 ? "user" : turn(ROLES, seed),
      textContent: turn(TEXTS, seed),
      parts: seed % 2 === 0 ? turn(PARTS, seed >> 1).slice() : undefined,
      // Several messages of one moment keep the order in which they were sent.
      createdAt: turn(times, seed)(began + Math.floor(n / 3) * 1_001),
      ...turn(USAGE, seed),
      ...(seed % 4 === 1 ? turn(MODELS, seed) : {}),
      // Copies of a fork's parent carry the same usage.
      ...(seed % 5 === 0 ? { apiMessageId: `r${Math.floor(at / 5)}-${n}` } : {}),
      ...(n > 0 ? { parentExternalId: `m${n - 1}` } : {}),
      ...(seed % 11 === 0 ? { source: "other tool" } : {}),
    };
  });
  return { session, messages, review: turn(REVIEWS, at) };
}

/** Messages of the largest sizes: text that stands in its parts too, many parts, much to escape. */
export function largeMessages(sessionExternalId: string) {
  const lines = 'He said "no"\n'.repeat(100_000);
  return [
    { parts: [{ type: "text", text: lines }] },
    { role: "assistant", textContent: "漢字 ".repeat(900_000) },
    { parts: Array.from({ length: 1_300 }, (_, n) => ({ type: "tool-call", content: { n } })) },
    { role: "tool", parts: [{ type: "tool-result", content: "\u0001".repeat(690_000) }] },
  ].map((message, n) => ({
    sessionExternalId,
    externalId: `large-${n}`,
    createdAt: STARTED + n,
    ...message,
  }));
}

type Page = {
  session: { id: string; updatedAt: number; changedAt: number };
  parent?: { id: string };
  children?: { id: string }[];
  messages: { id: string }[];
  messagesCursor: string | null;
};

/**
 * The bytes that `/api/sessions/:id` answers, page by page. Only what another account cannot have is replaced: our
 * ids (and cursors), and the times at which this server received something.
 */
export async function answersOf(engine: TestEngine, key: string, id: string): Promise<string[]> {
  const texts: string[] = [];
  for (let cursor = ""; ;) {
    const query = `messages_limit=200${cursor && `&messages_cursor=${encodeURIComponent(cursor)}`}`;
    const answer = await engine.request(`/api/sessions/${encodeURIComponent(id)}?${query}`, {
      key,
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${id}: ${answer.status} ${text}`);
    const page = JSON.parse(text) as Page;
    texts.push(withoutOurs(text, page));
    if (page.messagesCursor === null) return texts;
    cursor = page.messagesCursor;
  }
}

function withoutOurs(text: string, page: Page): string {
  const { session, parent, children = [], messages, messagesCursor } = page;
  const named = [session, ...(parent ? [parent] : []), ...children, ...messages];
  const replaced = new Map<string, string>([
    ...named.map(({ id }) => [`"${id}"`, '"id"'] as const),
    ...(messagesCursor === null ? [] : [[`"${messagesCursor}"`, '"cursor"'] as const]),
    [`"updatedAt":${session.updatedAt}`, '"updatedAt":0'],
    [`"changedAt":${session.changedAt}`, '"changedAt":0'],
  ]);
  let rest = text;
  for (const [ours, instead] of replaced) rest = rest.replaceAll(ours, instead);
  return rest;
}
