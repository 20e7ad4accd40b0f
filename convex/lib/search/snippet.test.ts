import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matcherOf } from "./matching";
import { makeSnippet, SNIPPET_MAX_CHARS } from "./snippet";
import { prepareQuery } from "./query";

const filler = "The build went through and nothing else was said about it. ".repeat(80);
const snippetOf = (query: string, text: string) =>
  makeSnippet(matcherOf(prepareQuery(query)), text);
const shown = ({ snippet, highlights }: ReturnType<typeof snippetOf>) =>
  highlights.map(([start, end]) => snippet.slice(start, end));

describe("a snippet", () => {
  test("shows the window with most of the query, with whole words", () => {
    const text = `${filler}retry once. ${filler}We set retry and backoff in the uploader. ${filler}`;
    const found = snippetOf("uploader retry backoff", text);
    expect(found.snippet).toContain("We set retry and backoff in the uploader.");
    expect(found.snippet.length).toBeLessThanOrEqual(SNIPPET_MAX_CHARS);
    expect(shown(found)).toEqual(["retry", "backoff", "uploader"]);
    for (const word of found.snippet.replace(/…/g, "").trim().split(" ")) {
      expect(text.split(" ")).toContain(word);
    }
  });

  test("is the whole text as one plain line when that fits", () => {
    expect(snippetOf("b", "<b>a\n\n\tb</b>\u0000 c").snippet).toBe("<b>a b</b> c");
  });

  test("is the start of the text when nothing matches", () => {
    expect(snippetOf("absent", filler).snippet).toMatch(/^The build went .*…$/);
  });

  test("highlights parts of identifiers and inflected forms", () => {
    expect(shown(snippetOf("user connections", "call getUserById on connecting"))).toEqual([
      "getUserById",
      "connecting",
    ]);
  });

  test("shows a match inside a word without spaces that is longer than the snippet", () => {
    const run = `${"x=1;".repeat(200)}findMe(7);${"y=2;".repeat(200)}`;
    const found = snippetOf("findMe", `lead ${run}`);
    expect(shown(found)).toContain("findMe");
    expect(found.snippet.length).toBeLessThanOrEqual(SNIPPET_MAX_CHARS);
  });

  test("finds a Chinese word inside a longer segment", () => {
    expect(shown(snippetOf("数据库", `${"好".repeat(300)}修复数据库连接`))).toContain("数据库");
  });

  describe("of at most 100 characters", () => {
    const words = (count: number, name: string) =>
      Array.from({ length: count }, (_, n) => `${name}${n}`).join(" ");
    const before = words(30, "pad");
    const lead = words(30, "pad").split(" ").slice(20).join(" ");
    const after = words(30, "end");
    const cut = (query: string, text: string) =>
      makeSnippet(matcherOf(prepareQuery(query)), text, 100);

    test.each([
      [
        "begins with words before the first match and fills its length",
        "retry",
        `${before} retry ${after}`,
        `…${lead} retry end0 end1 end2 end3 end4 end5…`,
      ],
      [
        "begins with the text if the match is near its start",
        "retry",
        `${words(5, "pad")} retry ${after}`,
        "pad0 pad1 pad2 pad3 pad4 retry end0 end1 end2 end3 end4 end5 end6 end7 end8 end9 end10 end11 end12…",
      ],
      [
        "ends with the text if the match is near its end",
        "retry",
        `${before} retry last`,
        `…${lead} retry last`,
      ],
      [
        "shows two words rather than one of them four times",
        "retry backoff",
        `${before} retry retry retry retry ${before} retry and backoff ${after}`,
        `…${lead} retry and backoff end0 end1 end2 end3…`,
      ],
      [
        "shows the first of two places that are as good",
        "retry backoff",
        `${before} retry one backoff ${before} retry two backoff ${after}`,
        `…${lead} retry one backoff pad0 pad1 pad2 pad3…`,
      ],
      [
        "shows words that are near each other rather than those that are not",
        "retry backoff limit",
        `${before} retry ${words(9, "gap")} backoff ${words(9, "gap")} limit ${before} limit backoff ${after}`,
        `…${lead} limit backoff end0 end1 end2 end3 end4…`,
      ],
      [
        "shows a place where a word is said twice rather than once",
        "retry",
        `${before} retry ${before} retry retry ${after}`,
        `…${lead} retry retry end0 end1 end2 end3 end4…`,
      ],
    ])("%s", (_, query, text, snippet) => {
      expect(cut(query, text).snippet).toBe(snippet);
    });

    test.each([
      [99, "a"],
      [100, "a"],
    ])("is a text of %d characters as it is", (length, character) => {
      const text = character.repeat(length);
      expect(cut("x", text).snippet).toBe(text);
    });

    test("cuts a text of 101 characters without spaces to 100", () => {
      expect(cut("x", "a".repeat(101)).snippet).toBe(`${"a".repeat(99)}…`);
    });
  });

  test("joins highlights that overlap, and keeps those apart that touch", () => {
    const found = snippetOf("数据 据库 修复", "修复数据库");
    expect(found.highlights).toEqual([
      [0, 2],
      [2, 5],
    ]);
  });

  test("stays within its length, splits no surrogate pair and highlights only itself, whatever the text", () => {
    const text = fc.array(
      fc.oneof(
        fc.string({ unit: "grapheme" }),
        fc.constantFrom("alpha", "beta", "😀".repeat(70), " "),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(text, fc.constantFrom("", " "), (words, glue) => {
        const found = snippetOf("alpha beta", words.join(glue));
        expect(found.snippet.length).toBeLessThanOrEqual(SNIPPET_MAX_CHARS);
        expect(found.snippet).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
        let from = 0;
        for (const [start, end] of found.highlights) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(found.snippet.length);
          from = end;
        }
        if (/(^|\s)alpha(\s|$)/.test(words.join(glue)))
          expect(found.highlights.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
