import { oneOf, seeded } from "./random.ts";
import { HIDDEN_KINDS, type HiddenWord, hiddenWordsOf } from "./searchHidden.ts";
import { type Topic, topics } from "./searchTopics.ts";

/**
 * The labelled set: a session of 8, 40 or 160 messages for every topic, three of which are about the topic and
 * the rest is filler text; and the queries whose correct answer is that session. Deterministic for a seed.
 */

type BenchMessage = {
  externalId: string;
  role: "user" | "assistant";
  textContent: string;
  parts?: object[];
};

export type BenchSession = {
  externalId: string;
  title: string;
  projectName: string;
  gitCommit?: string;
  messages: BenchMessage[];
};

/** Kinds of queries that are about what the texts of a session say. */
export const TEXT_KINDS = [
  "identifier",
  "error",
  "paraphrase",
  "title words",
  "rare word, late",
] as const;

export const KINDS = [...TEXT_KINDS, ...HIDDEN_KINDS] as const;

/** A query and the `externalId` of the one session that answers it. */
export type BenchQuery = { kind: (typeof KINDS)[number]; text: string; answer: string };

const LENGTHS = [8, 40, 160] as const;

const ASKS = [
  "Does the {n} still pass after that?",
  "Please look at the {n} again, something about the {m} is odd.",
  "Can you also write a test for the {n}?",
  "Why did the {m} change when we only touched the {n}?",
  "Ok, and what happens to the {n} when the {m} is missing?",
  "Commit this and go on with the {n}.",
];

const ANSWERS = [
  "I looked at the {n} and the {m}. Both are fine now, and the tests of the {n} are green.",
  "The {n} reads the {m} twice; I removed the second call and kept the first one, which is enough.",
  "I searched for the {n} in the repository and found three places. Two of them belong to the {m}.",
  "Done. The {m} has a comment that says why, the {n} is unchanged, and nothing else was touched.",
  "There was an error in the {n}: the value of the {m} was undefined. I added a check and a test.",
  "The {n} is slow because the {m} is loaded on each request. A small cache is all it needs.",
  "Let me read the file first. It defines the {n}, and the {m} is imported from another package.",
];

const NOUNS = (
  "build deployment test config database cache token queue request response handler service client server session " +
  "user page component migration schema index query worker job log metric release branch pipeline container image " +
  "version package module route endpoint key secret cookie form button list table file folder path script report " +
  "order invoice customer payment message event stream batch model vector label image socket retry timeout limit"
).split(" ");

/** All sessions of the set; the seed determines the filler text. */
export function sessionsOf(seed: number): BenchSession[] {
  return topics.map((topic, i) => toSession(topic, i, seeded(seed * topics.length + i)));
}

/** All queries of the set, which do not depend on the seed. */
export const queries: readonly BenchQuery[] = topics.flatMap(toQueries);

function toSession(topic: Topic, i: number, random: () => number): BenchSession {
  const length = LENGTHS[i % LENGTHS.length] ?? 8;
  const texts = Array.from({ length }, (_, at) => talk(random, at % 2 === 0));
  texts[0] = topic.question;
  texts[1 + 2 * Math.floor(length * 0.3)] = `${texts[1] ?? ""}\n\n${topic.answer}`;
  const late = 1 + 2 * Math.floor(length * 0.45);
  texts[late] = `${texts[late] ?? ""} The test machine for it is called ${topic.rareWord} now.`;
  const hidden = hiddenWordsOf(i);
  const planted = 1 + 2 * Math.floor(length * 0.2);
  for (const { text } of hidden) if (text !== undefined) texts[planted] += ` ${text}`;
  const messages = texts.map((textContent, at) => ({
    externalId: `${i}-${at}`,
    role: at % 2 === 0 ? ("user" as const) : ("assistant" as const),
    textContent,
    ...(at === planted ? { parts: partsOf(textContent, hidden) } : {}),
  }));
  return {
    externalId: externalIdOf(i),
    title: topic.title,
    projectName: topic.project,
    gitCommit: hidden.find(({ gitCommit }) => gitCommit !== undefined)?.gitCommit,
    messages,
  };
}

/** The parts of an answer that called tools. */
function partsOf(text: string, hidden: readonly HiddenWord[]): object[] {
  const outputs = hidden.flatMap(({ output }) => output ?? []);
  const calls = outputs.flatMap((content, at) => [
    { type: "tool_use", id: `call-${at}`, name: "Bash", input: { command: "npm test" } },
    { type: "tool_result", tool_use_id: `call-${at}`, content },
  ]);
  return [{ type: "text", text }, ...calls];
}

function toQueries(topic: Topic, i: number): BenchQuery[] {
  const answer = externalIdOf(i);
  const split = topic.identifier.replace(/(?<=[a-z])(?=[A-Z])|[_.-]/g, " ").toLowerCase();
  const title = topic.title.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 3);
  const found: BenchQuery[] = [
    { kind: "identifier", text: i % 2 === 0 ? topic.identifier : split, answer },
    { kind: "error", text: topic.error, answer },
    { kind: "paraphrase", text: topic.paraphrase, answer },
    {
      kind: "title words",
      text: title
        .filter((_, w) => w % 2 === i % 2)
        .slice(0, 3)
        .join(" "),
      answer,
    },
    ...hiddenWordsOf(i).map(({ kind, query: text }) => ({ kind, text, answer })),
  ];
  if (i % LENGTHS.length === 0) return found;
  return [
    ...found,
    { kind: "rare word, late", text: `which machine is ${topic.rareWord}`, answer },
  ];
}

function externalIdOf(i: number): string {
  return `bench-session-${i}`;
}

/** Generates a few sentences of filler text. */
function talk(random: () => number, isQuestion: boolean): string {
  const pick = (from: readonly string[]) => oneOf(from, random);
  const sentences = Array.from({ length: isQuestion ? 1 : 2 + Math.floor(random() * 3) }, () =>
    pick(isQuestion ? ASKS : ANSWERS).replace(/\{[nm]\}/g, () => pick(NOUNS)),
  );
  return sentences.join(" ");
}
