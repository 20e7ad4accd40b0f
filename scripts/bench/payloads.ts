import { wholeNumbers } from "./random.ts";

/**
 * Deterministic payloads of plugins: claude-code's hooks, with one request per step and no times, and a
 * back-fill that sends a history in batches with source times.
 */

type SessionBody = {
  externalId: string;
  source: string;
  title?: string;
  projectPath?: string;
  projectName?: string;
  model?: string;
  promptTokens?: number;
  completionTokens?: number;
  cost?: number;
  messageCount?: number;
  toolCallCount?: number;
  createdAt?: number;
};

export type MessageBody = {
  sessionExternalId: string;
  externalId: string;
  role: "user" | "assistant";
  source: string;
  textContent?: string;
  model?: string;
  promptTokens?: number;
  completionTokens?: number;
  createdAt?: number;
  parts?: { type: string; content: unknown }[];
};

/** A request of a hook. */
export type Step =
  { path: "/sync/session"; body: SessionBody } | { path: "/sync/message"; body: MessageBody };

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** The newest day of the history. */
export const LAST_DAY = "2026-10-31";
const LAST_DAY_MS = Date.parse(`${LAST_DAY}T09:00:00Z`);

const WORDS = (
  "the a of to and in is that it for on with as at by this from or be are was cache query index token session deploy " +
  "queue worker schema migration route handler button layout test error timeout retry stream socket parser buffer " +
  "column table cursor page limit login redirect cookie header upload batch vector search rank chunk budget slope " +
  "refactor rename extract inline compile bundle release branch merge conflict review comment commit revert pin"
).split(" ");

const MODELS = ["claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "gpt-5.1-codex"];
const PROJECTS = ["web-app", "billing", "search-service", "infra"];

/** Generates prose of about this many characters. */
export function prose(seed: number, length: number): string {
  const next = wholeNumbers(seed * 7_919 + length);
  let text = "";
  while (text.length < length) {
    const word = WORDS[next(WORDS.length)] ?? "";
    text += next(12) === 0 ? `${word}. ` : `${word} `;
  }
  return text.trimEnd();
}

/** Returns the items of a list in rotation. */
function pick(list: readonly string[], index: number): string {
  return list[index % list.length] ?? "";
}

/**
 * Sessions per day of the history. With fewer, the largest history would begin before 2020; such times are
 * ignored, so the oldest sessions would all be booked on the current day.
 */
const SESSIONS_PER_DAY = 6;

/** The n-th newest session of the history, as a back-fill sends it. */
export function pastSession(n: number): SessionBody {
  const days = Math.floor(n / SESSIONS_PER_DAY);
  const hours = n % SESSIONS_PER_DAY;
  return {
    externalId: `past-${n}`,
    source: "claude-code",
    title: `Past session ${n}: ${prose(n, 40)}`,
    projectPath: `/home/dev/${pick(PROJECTS, n)}`,
    projectName: pick(PROJECTS, n),
    model: pick(MODELS, n),
    promptTokens: 40_000 + n,
    completionTokens: 6_000,
    cost: 0.25,
    createdAt: LAST_DAY_MS - days * DAY_MS - hours * HOUR_MS,
  };
}

/** Another session on the day of the workload, because a developer has several per day. */
export function todaysSession(index: number): SessionBody {
  return {
    externalId: `today-${index}`,
    source: "claude-code",
    projectPath: `/home/dev/${pick(PROJECTS, index)}`,
    projectName: pick(PROJECTS, index),
    model: pick(MODELS, index),
    promptTokens: 40_000 + index,
    completionTokens: 6_000,
  };
}

/** Messages of a session as a back-fill sends them: about 600 characters, with their times. */
export function pastMessages(session: SessionBody, from: number, count: number): MessageBody[] {
  const start = session.createdAt ?? LAST_DAY_MS;
  const hour = Math.floor(start / HOUR_MS);
  return Array.from({ length: count }, (_, index) => {
    const n = from + index;
    return {
      sessionExternalId: session.externalId,
      externalId: `${session.externalId}-message-${n}`,
      role: n % 2 === 0 ? "user" : "assistant",
      source: session.source,
      textContent: prose(hour * 1_000 + n, 600),
      createdAt: start + n * 1_000,
    };
  });
}

/** Tool calls of a turn. */
export const TOOL_CALLS = 3;
/** Messages of a turn: the prompt, its tool calls, the answer. */
export const TURN_MESSAGES = TOOL_CALLS + 2;

/** The session as hooks send it at the end of a turn, with the totals of its transcript. */
export function liveSession(externalId: string, turns: number): SessionBody {
  return {
    externalId,
    source: "claude-code",
    projectPath: "/home/dev/web-app",
    projectName: "web-app",
    model: pick(MODELS, 0),
    promptTokens: 12_000 * turns,
    completionTokens: 900 * turns,
    cost: 0.05 * turns,
    messageCount: 2 * turns,
    toolCallCount: TOOL_CALLS * turns,
  };
}

/** The requests of one turn, in the order of the hooks. */
export function liveTurn(externalId: string, turn: number): Step[] {
  const steps: Step[] = [];
  const message = (id: string, role: "user" | "assistant", rest: Partial<MessageBody>) =>
    steps.push({
      path: "/sync/message",
      body: { sessionExternalId: externalId, externalId: id, role, source: "claude-code", ...rest },
    });
  if (turn === 0) {
    const { projectPath, projectName, model } = liveSession(externalId, 0);
    const started = { externalId, source: "claude-code", projectPath, projectName, model };
    steps.push({ path: "/sync/session", body: started });
    const title = `${prose(1, 70)}...`;
    steps.push({ path: "/sync/session", body: { externalId, source: "claude-code", title } });
  }
  message(`${externalId}-prompt-${turn}`, "user", { textContent: prose(turn, 240) });
  for (let call = 0; call < TOOL_CALLS; call++) {
    message(`toolu_${externalId}_${turn}_${call}`, "assistant", { parts: toolParts(turn, call) });
  }
  const textContent = prose(turn + 1, 900);
  message(`${externalId}-answer-${turn}`, "assistant", { textContent, model: pick(MODELS, 0) });
  steps.push({ path: "/sync/session", body: liveSession(externalId, turn + 1) });
  return steps;
}

function toolParts(turn: number, call: number) {
  const args = {
    file_path: `/home/dev/web-app/src/module${turn % 40}.ts`,
    old_string: prose(turn + call, 120),
    new_string: prose(turn + call + 1, 160),
  };
  return [
    { type: "tool-call", content: { toolName: pick(["Edit", "Read", "Bash"], call), args } },
    { type: "tool-result", content: prose(turn * TOOL_CALLS + call, 1_200) },
  ];
}

/** Words in every message and tool output of the dominating session, and nowhere else. */
export const LOUD_WORDS = "flamingo pelican";
/** More messages than any search reads of one session. */
const LOUD_MESSAGES = 300;

/** A session that dominates the matches of its words, long before the last day of the history. */
export function loudMessages(): MessageBody[] {
  const start = Date.parse("2025-01-01T09:00:00Z");
  return Array.from({ length: LOUD_MESSAGES }, (_, n) => ({
    sessionExternalId: "loud",
    externalId: `loud-${n}`,
    role: n % 2 === 0 ? "user" : "assistant",
    source: "claude-code",
    textContent: `${LOUD_WORDS} ${prose(n, 500)}`,
    createdAt: start + n * 1_000,
    parts: [{ type: "tool-result", content: `${LOUD_WORDS} ${prose(n, 1_000)}` }],
  }));
}
