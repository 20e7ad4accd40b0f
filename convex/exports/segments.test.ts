import { describe, expect, test } from "vitest";
import { casesOf } from "./cases";
import { chatTurns } from "./chat";
import { conversation } from "./conversation";
import { message, session } from "./exports.fixture";
import type { SessionPage, StoredMessage } from "./job";
import { ALL_MESSAGES, filterMessages, keepsEverything } from "./messageFilter";
import { MessageJoiner } from "./messageJoiner";
import { formats } from "./index";
import { DEFAULT_OPTIONS } from "./types";
import { writeExport } from "./writer";

/** What a segment of a session leaves to the next one, and which messages it keeps. */

const call = { type: "tool-call", content: { toolName: "Read", args: { path: "a" } } };
const talk = [
  message(0, "user", { textContent: "first question" }),
  message(1, "assistant", { textContent: "let me look", parts: [call] }),
  message(2, "assistant", { textContent: "the first answer" }),
  message(3, "user", { textContent: "second question" }),
  message(4, "assistant", { textContent: "the second answer" }),
];
const reviewed = { expectedOutput: "as expected" };

describe("cases of a session in segments", () => {
  test("the expected answer belongs to the last question of the last segment alone", () => {
    const expected = (isLast: boolean) =>
      casesOf(session(talk, { ...reviewed, isLast }), "single").map((one) => one.expected);
    expect(expected(false)).toEqual([undefined, undefined]);
    expect(expected(true)).toEqual([undefined, "as expected"]);
    const [whole] = casesOf(session(talk, { ...reviewed, isLast: false }), "full");
    expect(whole).not.toHaveProperty("expected");
  });

  test("the last question of a session is in its last segment alone", () => {
    expect(casesOf(session(talk, { isLast: false }), "last")).toEqual([]);
    expect(casesOf(session(talk, { isLast: true }), "last")).toMatchObject([
      { question: "second question" },
    ]);
  });

  test("the end of an answer is its text after the last tool call", () => {
    const [first] = casesOf(session(talk), "single");
    expect(first).toMatchObject({ final: "the first answer", calls: [{ name: "Read" }] });
    expect(first?.answer).toContain("let me look");
  });
});

test("what one speaker thinks in consecutive messages is joined like what they say", () => {
  const steps = [1, 2].map((at) =>
    message(at, "assistant", {
      textContent: `said ${at}`,
      parts: [{ type: "thinking", content: `thought ${at}` }],
    }),
  );
  const [turn] = chatTurns(conversation(steps));
  expect(turn?.text).toMatch(/said 1[^]*said 2/);
  expect(turn?.thinking).toMatch(/thought 1[^]*thought 2/);
});

describe("a filter of messages", () => {
  const filtered = (filter: Partial<typeof ALL_MESSAGES>) =>
    filterMessages(session([...talk, message(5, "tool", { textContent: "output of a tool" })]), {
      ...ALL_MESSAGES,
      ...filter,
    }).messages.map(({ externalId }) => externalId);

  test("by length keeps a text of exactly that length, and is a filter by itself", () => {
    expect(filtered({ minLength: "second question".length })).toEqual(["m2", "m3", "m4", "m5"]);
    expect(filtered({ minLength: "second question".length + 1 })).not.toContain("m3");
    expect(keepsEverything({ ...ALL_MESSAGES, minLength: 1 })).toBe(false);
    expect(keepsEverything(ALL_MESSAGES)).toBe(true);
  });

  test("without tools leaves out the messages of tools too", () => {
    expect(filtered({ toolCalls: false })).toEqual(["m0", "m1", "m2", "m3", "m4"]);
  });
});

test("a filter without tools keeps no result, and one of code finds it in parts too", () => {
  const result = { type: "tool-result", content: "output" };
  const code = { type: "text", content: "```js\n1\n```" };
  const one = session([message(0, "assistant", { parts: [call, result, code] })]);
  const parts = (filter: Partial<typeof ALL_MESSAGES>) =>
    filterMessages(one, { ...ALL_MESSAGES, ...filter }).messages.flatMap((each) => each.parts);
  expect(parts({ toolCalls: false })).toEqual([code]);
  expect(parts({ codeBlocksOnly: true })).toEqual([call, result, code]);
  expect(filterMessages(session(talk), { ...ALL_MESSAGES, codeBlocksOnly: true }).messages).toEqual(
    [],
  );
});

describe("a message that is read in portions", () => {
  const portion = (fields: Partial<StoredMessage>): StoredMessage => ({
    ...message(0, "user"),
    parts: [],
    ...fields,
  });

  test("is incomplete if its last portion says so, whatever the first one said", () => {
    const joined = (first: object, last: object) => {
      const joiner = new MessageJoiner();
      expect(joiner.add(portion({ textContent: "a", restBytes: 1, ...first }))).toBeNull();
      return joiner.add(portion({ continues: false, textContent: "b", ...last }))?.message;
    };
    expect(joined({}, { isIncomplete: true })).toMatchObject({ isIncomplete: true });
    expect(joined({ isIncomplete: true }, {})?.isIncomplete).toBeUndefined();
    expect(joined({}, {})).toMatchObject({ textContent: "ab" });
  });

  test("takes twice the memory where its letters are not those of Latin", () => {
    const bytesOf = (letter: string) =>
      new MessageJoiner().add(portion({ textContent: letter.repeat(10_000) }))?.bytes ?? 0;
    expect(bytesOf("漢") - bytesOf("é")).toBe(10_000);
  });
});

describe("an anonymised export hides a name that a session reveals anywhere", () => {
  const texts = ["ask janeroe", "well", "in /Users/janeroe/repo", "and janeroe again"];
  const others = ["ask hopper", "in /home/hopper/repo", "and hopper again"];
  const pagesOf = (id: string, said: readonly string[]): SessionPage[] =>
    said.map((textContent, at) => ({
      head: { ...session([], { externalId: id }) },
      messages: [{ ...message(at, "user", { textContent }), parts: [] }],
      from: at,
      isLast: at === said.length - 1,
      position: `${id}:${at}`,
      unknown: [],
    }));
  const all = [...pagesOf("a", texts), ...pagesOf("b", others)];
  /** Reads one piece per query, as of sessions of long messages. */
  const reading = (pieces: readonly SessionPage[]) => (position: string | null) => {
    const at = position === null ? 0 : pieces.findIndex((one) => one.position === position);
    const next = pieces[at + 1]?.position ?? null;
    return Promise.resolve({ pieces: pieces.slice(at, at + 1), unknown: [], next });
  };
  const source = {
    pages: reading(all),
    pagesOf: (id: string) => reading(all.filter(({ head }) => head.externalId === id)),
  };
  const job = {
    ...{ format: formats.jsonl, options: DEFAULT_OPTIONS, selection: ALL_MESSAGES, at: 0 },
    ...{ anonymity: { key: "k", names: [] }, limit: Infinity },
  };

  test.each([
    ["from its beginning, in every session", null],
    ["in an answer that begins with its last page", "a:3"],
  ])("%s", async (_, position) => {
    const resume = position === null ? null : { position, skip: 0, sessions: 0 };
    const { chunks } = await writeExport(job, source, resume);
    const text = chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
    expect(text).toContain("again");
    expect(text).not.toMatch(/janeroe|hopper/);
  });
});
