import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SearchAnswer } from "../../convex/wire/search.ts";
import { startTestEngine, type TestEngine } from "../local/testing.ts";

/**
 * Words planted at random: in every place where a session holds text, in every script and behind everything
 * that may stand before a word. A search over HTTP finds each, or names it in `ignored`. On the local engine,
 * whose index splits words as Convex does.
 */

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ env: { RATE_LIMIT_SEARCH: "off" } });
});
afterAll(async () => {
  await engine.stop();
});

const of = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });

const LETTERS = "bcdfghjklmnpqrtvwxz";
/** Words that no stemmer changes and no other text of the session contains. */
const word = fc.oneof(
  of(LETTERS, 5, 12).map((text) => `q${text}x`),
  of(`${LETTERS}0123456789`, 33, 60).map((text) => `q1${text}`),
  of("0123456789abcdef", 40, 40).map((text) => `a1${text.slice(2)}`),
  of(`${LETTERS}äöüßéñ`, 20, 40).map((text) => `q1${text}üx`),
  of("абвгдежзиклмнопрст", 16, 24),
  of("缓存失效问题修复数据库连接池", 2, 6),
  of("キャッシュメモリ修正機能", 3, 6),
  of("데이터베이스연결캐시메모리", 2, 5),
  of("абвгдежзиклмнопрст", 5, 12),
  of("éàüñöß", 2, 3).chain((accents) => of(LETTERS, 4, 6).map((text) => `q${text}${accents}`)),
);

const spelled = fc.constantFrom<(word: string) => string>(
  (text) => text,
  (text) => text.normalize("NFD"),
  (text) => text.replace(/[a-z0-9]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
);

/** As JSON writers do that keep to ASCII. */
const escapedLetters = (text: string) =>
  text.replace(
    /[^\u0020-\u007e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** What stands around a word. Each keeps the word visible to a reader. */
const around = fc.constantFrom<(word: string) => string>(
  (text) => text,
  (text) => `before\n${text}\tafter`,
  (text) => `\u001b[31m${text}\u001b[0m`,
  (text) => `printf("one\\n${text}\\n")`,
  (text) => `https://example.com/?q=a%20${encodeURIComponent(text)}&b=1`,
  (text) => `\u001b]8;;https://example.com\u001b\\${text}\u001b]8;;\u001b\\`,
  (text) => `data:image/png;base64,${"iVBORw0KGgoAAAANSUhEUg".repeat(20)} ${text}`,
  (text) => `${"filler words ".repeat(1_300)} ${text} ${"more words ".repeat(900)}`,
  (text) => `(${text}), "${text}".`,
  (text) => `{"ascii": "${escapedLetters(text)}"}`,
  (text) => `${text.slice(0, 3)}\u00ad${text.slice(3)}`,
);

type Message = { role: string; textContent?: string; parts?: object[] };
const call = (input: unknown) => ({ type: "tool_use", id: "c1", name: "Bash", input });
const result = (content: unknown) => ({ type: "tool_result", tool_use_id: "c1", content });

/** Where a session holds text. */
const place = fc.constantFrom<(text: string) => { title?: string; messages: Message[] }>(
  (textContent) => ({ messages: [{ role: "user", textContent }] }),
  (textContent) => ({ messages: [{ role: "assistant", textContent }] }),
  (text) => ({ messages: [{ role: "assistant", parts: [call({ command: text })] }] }),
  (text) => ({ messages: [{ role: "assistant", parts: [call({ deep: [{ list: [text] }] })] }] }),
  (text) => ({ messages: [{ role: "assistant", parts: [call(JSON.stringify({ a: text }))] }] }),
  (text) => ({ messages: [{ role: "user", parts: [result(text)] }] }),
  (text) => ({ messages: [{ role: "user", parts: [result([{ type: "text", text }])] }] }),
  (thinking) => ({ messages: [{ role: "assistant", parts: [{ type: "thinking", thinking }] }] }),
);

const planted = fc.record({ word, spelled, around, place });

const numberOf = fc.array(planted, { minLength: 1, maxLength: 3 });

test("a planted word is found by searching for it, or named as ignored", async () => {
  await fc.assert(
    fc.asyncProperty(numberOf, async (plants) => {
      // A person for each run, because shrinking sends the same words again.
      const { apiKey: key } = await engine.createUser();
      const held = plants.map((plant) => plant.place(plant.around(plant.spelled(plant.word))));
      const messages = held
        .flatMap((one) => one.messages)
        .map((message, n) => ({ sessionExternalId: "s", externalId: `m${n}`, ...message }));
      const sent = await engine.request("/sync/batch", { key, json: { messages } });
      expect(sent.status).toBe(200);
      for (const { word: wanted } of plants) {
        const answer = await engine.request(`/api/search?q=${encodeURIComponent(wanted)}`, { key });
        const { results, ignored = [] } = (await answer.json()) as SearchAnswer;
        if (ignored.some((one) => wanted.includes(one))) continue;
        expect(results.map(({ externalId }) => externalId)).toEqual(["s"]);
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);
