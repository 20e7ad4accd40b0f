import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { startTestEngine, type TestEngine } from "../testing.ts";
import { indexedWords, tokenize } from "./tokens.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ functions });
});
afterAll(() => engine.stop());

let owner = 0;
beforeEach(() => {
  owner += 1;
});

async function add(...texts: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts)
    ids.push((await engine.runFunction("search:add", { owner: `o${owner}`, text })) as string);
  return ids;
}

const search = (query: string, more: { kind?: string; take?: number } = {}) =>
  engine.runFunction("search:byText", { query, owner: `o${owner}`, take: 20, ...more });

describe("words", () => {
  test("are split at everything except letters and digits, lower case, and under 32 bytes", () => {
    expect(tokenize("Hello, wörld! snake_case x2 日本語 don't")).toEqual([
      "hello",
      "wörld",
      "snake",
      "case",
      "x2",
      "日本語",
      "don",
      "t",
    ]);
    expect(tokenize(`${"a".repeat(31)} ${"b".repeat(32)} ${"日".repeat(11)}`)).toEqual([
      "a".repeat(31),
    ]);
  });

  test("of ASCII text are the same if there is another letter in the text", () => {
    const ascii = String.fromCharCode(...Array(128).keys());
    const text = `${ascii} Don't PANIC_42 ${"Z".repeat(31)} ${"Y".repeat(32)} ${[...ascii].join(" ")}`;
    expect(tokenize(text)).toEqual(tokenize(`${text} é`).slice(0, -1));
    expect(tokenize(text)).toContain("panic");
    expect(tokenize("-- !")).toEqual([]);
  });

  test("are indexed as they are searched, in every script", () => {
    // Σ is ς at the end of a word, and İ two characters.
    for (const text of ["Plain ASCII", "ΑΣ.ΒΣ ΣΑΣ, ΟΔΟΣ’s", "İstanbul IĞDIR ẞ", "Ünï-CÖDE ǅ ﬀ", ""])
      expect(indexedWords(text)).toBe(tokenize(text).join(" "));
  });
});

describe("text search", () => {
  test("finds any of the words, and the last one also as a prefix", async () => {
    await add("red fox", "green frog", "blue whale");
    expect(await search("fox whale")).toHaveLength(2);
    expect(await search("fr")).toEqual(["green frog"]);
    expect(await search("fo whale")).toEqual(["blue whale"]);
  });

  test("ignores punctuation and FTS5 operators", async () => {
    await add('say "hello-world" AND run', "plain");
    expect(await search("world")).toHaveLength(1);
    for (const query of [
      '"',
      "AND",
      "NOT plain OR",
      "a*b",
      "words:x",
      "(",
      "-hello",
      "NEAR(a b)",
      "{x}",
      "^plain",
    ])
      await search(query);
    expect(await search('hello" OR filters:"x')).toHaveLength(1);
  });

  test("ranks by BM25: rare words, short texts and repetition weigh more", async () => {
    const filler = "common words that everybody uses every day";
    await add(
      `${filler} ${filler} ${filler} zebra`,
      `${filler} zebra`,
      `zebra zebra`,
      filler,
      filler,
      filler,
    );
    const found = (await search("zebra")) as string[];
    expect(found).toEqual([
      "zebra zebra",
      `${filler} zebra`,
      `${filler} ${filler} ${filler} zebra`,
    ]);
    expect((await search("common zebra")) as string[]).toHaveLength(6);
  });

  test("ranks rare words before common ones in a history too large to be scored whole", async () => {
    const note = (i: number) => `everywhere ${i % 4 === 0 ? "often" : "else"} note${i}`;
    const texts = Array.from({ length: 4_200 }, (_, i) => (i === 1 ? `rare ${note(i)}` : note(i)));
    await engine.runFunction("search:addMany", { owner: `o${owner}`, texts });
    // The rare word is in the second-oldest document. More newer documents contain "often" than are scored.
    const found = (await search("everywhere often rare note0", { take: 3 })) as string[];
    expect(found).toEqual([texts[0], texts[1], texts[4_196]]);
  });

  test("ranks the newer document first if scores are equal", async () => {
    await add("tie one", "tie two", "tie three");
    expect(await search("tie", { take: 2 })).toEqual(["tie three", "tie two"]);
  });

  test("never reads documents that the filters exclude", async () => {
    await add("mine apple");
    owner += 1;
    await add("other apple");
    expect(await search("apple")).toEqual(["other apple"]);
    await engine.runFunction("search:add", { owner: `o${owner}`, text: "kind apple", kind: "k" });
    expect(await search("apple", { kind: "k" })).toEqual(["kind apple"]);
  });

  test("follows changes and deletions, in the mutation that makes them", async () => {
    const [id = ""] = await add("first words");
    await engine.runFunction("search:edit", { id, text: "second thoughts" });
    expect(await search("words")).toEqual([]);
    expect(await search("thoughts")).toEqual(["second thoughts"]);
    await engine.runFunction("search:remove", { id });
    expect(await search("thoughts")).toEqual([]);
  });

  test("follows a change of a filter field alone, and of the text alone under a filter", async () => {
    const before = owner;
    const [id = ""] = await add("moving pear");
    await engine.runFunction("search:edit", { id, kind: "x" });
    expect(await search("pear", { kind: "x" })).toEqual(["moving pear"]);
    await engine.runFunction("search:edit", { id, kind: "y" });
    expect(await search("pear", { kind: "x" })).toEqual([]);
    expect(await search("pear", { kind: "y" })).toEqual(["moving pear"]);
    await engine.runFunction("search:edit", { id, owner: `o${before + 1}` });
    expect(await search("pear")).toEqual([]);
    owner += 1;
    expect(await search("pear", { kind: "y" })).toEqual(["moving pear"]);
  });

  test("uses at most 16 words of a query", async () => {
    await add("needle");
    const hay = Array.from({ length: 16 }, (_, i) => `hay${i}`).join(" ");
    expect(await search(`${hay} needle`)).toEqual([]);
    expect(await search(`needle ${hay}`)).toEqual(["needle"]);
  });

  test("finds nothing without words, and never finds a document without text", async () => {
    await add("something");
    await engine.runFunction("search:add", { owner: `o${owner}` });
    for (const query of ["", "   ", "!?", "x".repeat(40)]) expect(await search(query)).toEqual([]);
  });

  test("refuses to read more than 1,024 results", async () => {
    await add(...Array.from({ length: 1030 }, (_, i) => `many ${i}`));
    expect(await search("many", { take: 1024 })).toHaveLength(1024);
    await expect(
      engine.runFunction("search:byText", { query: "many", owner: `o${owner}` }),
    ).rejects.toThrow("too many documents");
  });
});
