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
