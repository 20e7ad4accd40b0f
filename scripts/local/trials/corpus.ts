import { seeded } from "../../bench/random.ts";

const SYLLABLES = [
  "ba",
  "co",
  "di",
  "fu",
  "ge",
  "ha",
  "ki",
  "lo",
  "mu",
  "ne",
  "po",
  "ra",
  "si",
  "tu",
  "ve",
  "zo",
];

/** The n-th word of an artificial language; common words have small numbers. */
function word(n: number): string {
  let rest = n + 16;
  let text = "";
  for (; rest > 0; rest = Math.floor(rest / 16)) text += SYLLABLES[rest % 16];
  return text;
}

const VOCABULARY = 20_000;

/** Generates text of about this many characters, with a word distribution like that of real text. */
export function text(random: () => number, characters: number): string {
  const words: string[] = [];
  for (let length = 0; length < characters;) {
    const next = word(Math.floor(VOCABULARY ** random()) - 1);
    words.push(next);
    length += next.length + 1;
  }
  return words.join(" ").slice(0, characters);
}

interface Message {
  sessionExternalId: string;
  externalId: string;
  role: "user" | "assistant";
  textContent: string;
  createdAt: number;
  parts: unknown[];
}

/** The i-th message of a history of sessions with 100 messages, every fourth with a tool call. */
export function message(i: number, characters = 600): Message {
  const random = seeded(i);
  const content = text(random, characters);
  const tool = {
    type: "tool-call",
    content: { toolName: "Read", args: { file_path: `src/${word(i % 997)}.ts` } },
  };
  return {
    sessionExternalId: `session-${Math.floor(i / 100)}`,
    externalId: `message-${i}`,
    role: i % 2 === 0 ? "user" : "assistant",
    textContent: content,
    createdAt: Date.UTC(2026, 0, 1) + i * 60_000,
    parts: [{ type: "text", content }, ...(i % 4 === 3 ? [tool] : [])],
  };
}
