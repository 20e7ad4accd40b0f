import { describe, expect, test } from "vitest";
import { MAX_GROUPS, MAX_TERMS, prepareQuery, withoutStopWords } from "./query";
import { utf8Length } from "../text";
import { wordsOf } from "./words";

const termsOf = (query: string) => prepareQuery(query).terms;

/** A trace of 20 kB whose first line states the error. */
const trace = [
  "TypeError: Cannot read properties of undefined (reading 'flushBatches')",
  ...Array.from(
    { length: 260 },
    (_, i) => `    at Object.<anonymous> (/home/u/app/node_modules/lib${i}/dist/index.js:${i}:17)`,
  ),
].join("\n");

describe("the words searched in the index", () => {
  test("a plain question loses its stop words", () => {
    const terms = termsOf("how do I rotate the signing keys");
    expect(terms).toEqual(expect.arrayContaining(["signing", "rotate", "keys"]));
    for (const word of ["how", "do", "i", "the"]) expect(terms).not.toContain(word);
  });

  test("a question of nothing but stop words keeps them", () => {
    expect(termsOf("what is it")).toEqual(expect.arrayContaining(["what", "is", "it"]));
  });

  test.each([
    ["getUserById", ["getuserbyid", "get", "user", "id"]],
    ["foo_bar", ["foo", "bar"]],
    ["src/auth/session.ts", ["src", "auth", "session", "ts"]],
    ["HTTPServer", ["httpserver", "http", "server"]],
  ])("%s is searched whole and in its parts", (query, expected) => {
    expect(termsOf(query)).toEqual(expect.arrayContaining(expected));
  });

  test("words that may be written as one are also searched as one", () => {
    expect(termsOf("get user name")).toContain("getusername");
  });

  test("identifiers come before common words, and the word being typed comes last", () => {
    const terms = termsOf("why does the deployment fail with ECONNRESET when upload");
    expect(terms[0]).toBe("econnreset");
    expect(terms[terms.length - 1]).toBe("upload");
  });

  test("a 20 kB stack trace is searched by its first line, not by its frames", () => {
    expect(trace.length).toBeGreaterThan(20_000);
    const terms = termsOf(trace);
    expect(terms.length).toBeLessThanOrEqual(MAX_TERMS);
    for (const word of ["flushbatches", "typeerror", "undefined", "properties"]) {
      expect(terms).toContain(word);
    }
    expect(terms).not.toContain("17");
  });

  test.each([
    ["", 0],
    ["   \n\t", 0],
    ["?!… — (){}", 0],
    ["🎉🚀", 2],
    ["数据库 连接", 3],
    ["a".repeat(20_000), 1],
    ["数".repeat(5_000), 1],
    ["é".repeat(400), 1],
    ["word ".repeat(4_000), MAX_TERMS],
    [Array.from({ length: 3_000 }, (_, i) => `w${i}`).join(" "), MAX_TERMS],
    [Array.from({ length: 3_000 }, (_, i) => `w${i}`).join("_"), MAX_TERMS],
  ])("%.20s gives words that the index can hold", (query, count) => {
    const terms = termsOf(query);
    expect(terms).toHaveLength(count);
    for (const term of terms) {
      expect(utf8Length(term)).toBeLessThan(32);
      expect(wordsOf(term)).toHaveLength(1);
    }
    expect(new Set(terms).size).toBe(terms.length);
  });
});

test("a word copied with invisible characters is searched as its reader sees it", () => {
  for (const pasted of ["soft\u00adhyphenzz", "\ufeffsofthyphenzz", "soft\u200bhyphenzz\u200e"]) {
    expect(termsOf(pasted)).toEqual(termsOf("softhyphenzz"));
  }
  expect(termsOf("می\u200cخواهم")).toEqual(expect.arrayContaining(["می", "خواهم"]));
});

describe("inflections of a word", () => {
  test.each([
    ["labels", "label"],
    ["refactoring", "refactored"],
    ["running", "run"],
    ["caches", "caching"],
    ["queries", "query"],
    ["deploys", "deployed"],
  ])("%s also searches for %s", (asked, form) => {
    expect(termsOf(asked)).toContain(form);
  });
});

describe("words beyond the first 16", () => {
  const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`);

  test("are searched in further groups of 16, each word once", () => {
    const { terms, groups } = prepareQuery([...words(40), ...words(40)].join(" "));
    expect(groups.map((group) => group.length)).toEqual([16, 16, 8]);
    expect(groups[0]).toEqual(terms);
    expect(groups.flat().sort()).toEqual(words(40).sort());
  });

  test("are bounded, however many there are", () => {
    const { groups } = prepareQuery(words(3_000).join(" "));
    expect(groups).toHaveLength(MAX_GROUPS);
    expect(Math.max(...groups.map((group) => group.length))).toBe(MAX_TERMS);
  });
});

test.each([
  ["how do I rotate the Signing keys?", "rotate Signing keys?"],
  ["what is it", "what is it"],
  ["🎉 数据库", "🎉 数据库"],
])("%s is embedded as %s", (query, expected) => {
  expect(withoutStopWords(query)).toBe(expected);
});
