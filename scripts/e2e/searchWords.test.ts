import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../local/testing.ts";

/** Words of any kind are found over HTTP. On the local engine: the mock cannot search rows without text. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ env: { RATE_LIMIT_SEARCH: "off" } });
});
afterAll(async () => {
  await engine.stop();
});

type Message = { [field: string]: unknown };

async function person() {
  const { apiKey: key } = await engine.createUser();
  return {
    send: (_method: string, path: string, json: unknown) => engine.request(path, { key, json }),
    get: (path: string) => engine.request(path, { key }),
  };
}

/** A person whose sessions are: one that says what is looked for, and others that do not. */
async function withSession(message: Message, session: Message = {}) {
  const ada = await person();
  const other = "The build is green and the release notes are written.";
  const messages = [
    { sessionExternalId: "wanted", externalId: "m1", role: "user", ...message },
    ...["a", "b", "c"].map((id) => ({
      sessionExternalId: id,
      externalId: `m-${id}`,
      role: "user",
      textContent: other,
    })),
  ];
  const sessions = [{ externalId: "wanted", source: "claude-code", ...session }];
  const response = await ada.send("POST", "/sync/batch", { sessions, messages });
  expect(response.status).toBe(200);
  return ada;
}

type Result = { externalId: string; snippet: string; highlights: [number, number][] };

async function search(ada: Awaited<ReturnType<typeof person>>, query: string) {
  const response = await ada.send("POST", "/search", { query, type: "fulltext", limit: 10 });
  expect(response.status).toBe(200);
  return (await response.json()) as { results: Result[]; truncated: boolean };
}

const call = (input: unknown) => ({
  parts: [{ type: "tool-call", content: { name: "Bash", args: input } }],
});
const result = (output: unknown) => ({ parts: [{ type: "tool-result", content: { output } }] });
const word = "zebrafinch";
const german = "Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung";
/** JSON as Python writes it: every letter beyond ASCII is an escape. */
const asciiJson = (value: unknown) =>
  JSON.stringify(value).replace(
    /[^\u0020-\u007e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
const ascii = (value: unknown) => ({
  parts: [{ type: "tool-result", content: asciiJson(value) }],
});
const image = Buffer.from(Uint8Array.from({ length: 45_000 }, (_, i) => (i * 7919) % 251)).toString(
  "base64",
);

describe("A word is found whatever stands before it", () => {
  test.each<[string, Message, string?]>([
    ["a line break in arguments stored as JSON", call({ command: `set -e\n${word} --now` })],
    ["a tab in a result stored as JSON", result({ rows: [`a\t${word}`] })],
    ["JSON in JSON", call({ body: JSON.stringify({ text: `a\n${word}` }) })],
    ["a Unicode escape", { textContent: `"caf\\u00e9\\u0020${word}"` }],
    ["JSON in ASCII", ascii({ city: "Münchenrepro" }), "Münchenrepro"],
    ["JSON in ASCII, Japanese", ascii({ jp: "東京都" }), "東京都"],
    ["JSON in ASCII, Cyrillic", ascii({ a: "проверказаписи" }), "проверказаписи"],
    ["JSON in ASCII, two words", ascii({ a: "naïve größter zebrafinch" }), "größter zebrafinch"],
    ["JSON in ASCII, quoted words", ascii({ a: "das größte Haus" }), '"größte Haus"'],
    ["JSON in ASCII, an emoji", ascii({ a: "shipped 🚀" }), "🚀"],
    ["JSON in ASCII in JSON", result(asciiJson({ a: ["Münchenrepro"] })), "Münchenrepro"],
    ["arguments in ASCII", call(asciiJson({ q: "Münchenrepro" })), "Münchenrepro"],
    ["a letter as an escape in source code", { textContent: '"caf\\u00e9hone"' }, "caféhone"],
    ["a letter as a short escape", { textContent: '"caf\\xe9hone"' }, "caféhone"],
    ["the escape of a letter, as written", { textContent: '"caf\\u00e9 hone"' }, "u00e9"],
    ["percent-encoding", { textContent: `GET /?q=a%20${word}` }],
    ["a colour", { textContent: `\u001b[31m${word}\u001b[0m failed` }],
    ["a colour in a result", result({ stdout: `\u001b[1;32m${word}\u001b[0m` })],
    ["a colour without its escape character", { textContent: `[31m${word}[0m` }],
    ["an image in the same part", result({ image: `data:image/png;base64,${image}`, alt: word })],
    ["Chinese inside a run", { textContent: "我们昨天修复了缓存失效的问题" }, "缓存"],
    ["Japanese inside a run", { textContent: "昨日キャッシュを修正しました" }, "修正"],
    ["Korean with a particle", { textContent: "캐시를 수정했습니다" }, "캐시"],
    ["Thai inside a run", { textContent: "เราแก้ไขแคชเมื่อวานนี้" }, "แคช"],
    ["an emoji", { textContent: "shipped 🚀" }, "🚀"],
    ["a decomposed letter", { textContent: "the cafe\u0301 is open" }, "café"],
    ["full-width letters", { textContent: "ＡＢＣＤＥＦ" }, "abcdef"],
    ["a commit hash", { textContent: `see ${"a94a8fe5".repeat(5)}` }, "a94a8fe5".repeat(5)],
    ["the beginning of a commit hash", { textContent: `see ${"b94a8fe5".repeat(5)}` }, "b94a8fe"],
    [
      "a long identifier",
      { textContent: "new InternalFrameInternalFrameTitlePaneMaximizeButton()" },
      "InternalFrameInternalFrameTitlePaneMaximizeButton",
    ],
    ["a long German word", { textContent: `die ${german} gilt` }, german],
    [
      "the beginning of a long German word",
      { textContent: `die ${german} gilt` },
      german.slice(0, 7),
    ],
    [
      "a long Russian word",
      { textContent: "о высокопревосходительство" },
      "высокопревосходительство",
    ],
    ["a soft hyphen", { textContent: "text soft\u00adhyphenzz end" }, "softhyphenzz"],
    ["a zero-width space", { textContent: "zero\u200bwidthzz" }, "zerowidthzz"],
    ["a word joiner in a result", result("word\u2060joinzz"), "wordjoinzz"],
    ["a soft hyphen, quoted", { textContent: "a soft\u00adhyphenzz end" }, '"softhyphenzz end"'],
    ["a soft hyphen in the query", { textContent: "the softhyphenzz" }, "soft\u00adhyphenzz"],
    ["a part beside a joiner", { textContent: "می\u200cخواهم" }, "می\u200cخواهم"],
    ["a micro sign", { textContent: "took 12µs in all" }, "12µs"],
    ["another form: plural", { textContent: "one label is missing" }, "labels"],
    ["another form: past", { textContent: "we refactored it" }, "refactoring"],
  ])("%s", async (_, message, query = word) => {
    const ada = await withSession(message);
    const { results } = await search(ada, query);
    expect(results.map(({ externalId }) => externalId)).toEqual(["wanted"]);
  });
});

test.each([
  "calculateInvoiceTotal",
  "calculateinvoicetotal",
  "calculate",
  "calculateInv",
  "calculate invoice total",
  "shop",
  "main",
  "max_items",
  "items",
  "kebab",
])(
  "An identifier is found whole, by its beginning, words, and parts between signs: %s",
  async (query) => {
    const textContent = "see calculateInvoiceTotal in src/shop/main.go, max_items, some-kebab-case";
    const ada = await withSession({ textContent });
    expect((await search(ada, query)).results).toHaveLength(1);
  },
);

describe("What is found is shown as people read it", () => {
  test("without escapes and colours, with its word highlighted", async () => {
    const ada = await withSession(result({ stdout: `\u001b[1;32m${word}\u001b[0m\nnext` }));
    const [first] = (await search(ada, word)).results;
    const [[start, end] = [0, 0]] = first?.highlights ?? [];
    expect(first?.snippet.slice(start, end)).toBe(word);
    expect(first?.snippet).not.toMatch(/\\u001b|\\n|\[1;32m/);
  });

  test("without inline data", async () => {
    const small = image.slice(0, 8_000);
    const ada = await withSession(result({ image: `data:image/png;base64,${small}`, alt: word }));
    const [first] = (await search(ada, word)).results;
    expect(first?.snippet).toContain("[image/png, 6 kB]");
  });
});

describe("A session with half an emoji is found and shown", () => {
  const half = `${word} cut \ud83d`;
  test.each<[string, Message]>([
    ["in a result", { parts: [{ type: "tool-result", content: half }] }],
    ["in arguments", call({ command: half })],
    ["in a key", call({ [half]: 1 })],
    ["in a name", { parts: [{ type: "tool-call", content: { name: half, args: {} } }] }],
    ["in thinking", { parts: [{ type: "thinking", thinking: half }] }],
    ["in an unknown part", { parts: [{ type: "new-kind", content: { a: [half] } }] }],
    ["beyond the first portion", { textContent: `${"word ".repeat(4_000)} ${half}` }],
  ])("%s", async (_, message) => {
    const ada = await withSession(message);
    for (const type of ["fulltext", "hybrid"]) {
      const response = await ada.send("POST", "/search", { query: word, type });
      expect(response.status).toBe(200);
      const { results } = (await response.json()) as { results: Result[] };
      expect(results.map(({ externalId }) => externalId)).toEqual(["wanted"]);
    }
    const context = await ada.get(`/api/context?q=${word}`);
    expect(context.status).toBe(200);
    expect(await context.text()).toContain(word);
  });
});

test("An image is not found by the two letters of a file's ending", async () => {
  const ada = await withSession(result({ image: `data:image/png;base64,${image}` }));
  for (const query of ["main.go", "run.py", "index.ts"]) {
    expect((await search(ada, query)).results).toEqual([]);
  }
});

test("A short word in capitals is not found inside other words", async () => {
  const ada = await withSession({ textContent: "at last the fast cast was vast, 1MB of it" });
  expect((await search(ada, "AST")).results).toEqual([]);
});

test("Quoted words must stand together", async () => {
  const ada = await withSession({ textContent: "the connection pool was exhausted" });
  expect((await search(ada, '"connection pool"')).results).toHaveLength(1);
  expect((await search(ada, '"pool connection"')).results).toEqual([]);
});

test("The order does not depend on how many results are asked for", async () => {
  const ada = await person();
  const texts = [
    "upload",
    "retry",
    "the upload retry",
    "retry the upload",
    "upload of a retry queue",
  ];
  const messages = Array.from({ length: 30 }, (_, i) => ({
    sessionExternalId: `s${i}`,
    externalId: `m${i}`,
    role: "user",
    textContent: `${texts[i % 5]} ${"and so on ".repeat(i % 7)}`,
  }));
  await ada.send("POST", "/sync/batch", { messages });
  // Until the refresh has run, the sessions' own texts are not searched.
  await engine.settle();
  const ids = async (limit: number) => {
    const response = await ada.send("POST", "/search", { query: "upload retry", limit });
    const { results } = (await response.json()) as { results: Result[] };
    return results.map(({ externalId }) => externalId);
  };
  const fifty = await ids(50);
  expect(fifty.length).toBeGreaterThan(20);
  for (const limit of [1, 5, 10, 20]) expect(await ids(limit)).toEqual(fifty.slice(0, limit));
});

test("A message that is rewritten is found by its new words only", async () => {
  const ada = await withSession({ textContent: "[31mzebrafinch[0m" });
  const rewritten = {
    sessionExternalId: "wanted",
    externalId: "m1",
    role: "user",
    textContent: "[31mheron[0m",
  };
  await ada.send("POST", "/sync/message", rewritten);
  expect((await search(ada, "zebrafinch")).results).toEqual([]);
  expect((await search(ada, "heron")).results).toHaveLength(1);
});
