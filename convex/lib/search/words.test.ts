import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { wordsOf } from "./words";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the words of a text", () => {
  test("are all sequences of letters and digits of any script, with their positions", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "a",
        "Z",
        "0",
        " ",
        "_",
        "é",
        "é",
        "ﬁ",
        "漢字",
        "かな",
        "“",
        "🎉",
        "𝒳",
        "\ud83d",
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        const found = Array.from(
          text.matchAll(/[\p{Alphabetic}\p{N}]+/gu),
          ({ 0: word, index }) => ({
            text: word,
            start: index,
            end: index + word.length,
          }),
        );
        expect(wordsOf(text)).toEqual(found);
      }),
    );
  });

  test("are found without a regular expression in ASCII, because one takes several times as long", () => {
    const exec = vi.spyOn(RegExp.prototype, "exec");
    const found = wordsOf("two words, and_3 more");
    expect(exec).not.toHaveBeenCalled();
    expect(found.map(({ text }) => text)).toEqual(["two", "words", "and", "3", "more"]);
  });
});
