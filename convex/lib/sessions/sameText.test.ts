import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { containsInOrder, isSameText, containsText } from "./sameText";

const squeezed = (text: string) => text.replace(/\s+/g, " ").trim();
const text = fc
  .array(fc.constantFrom("a", "ab", "b", " ", "\n", "\t ", "\u00a0", "\u2003", "é"), {
    maxLength: 12,
  })
  .map((units) => units.join(""));

describe("texts are compared with collapsed white space", () => {
  test("equal texts, and texts contained in several", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), text, (texts, wanted) => {
        expect(isSameText(texts[0] ?? "", wanted)).toBe(
          squeezed(texts[0] ?? "") === squeezed(wanted),
        );
        expect(containsText(texts, wanted)).toBe(
          squeezed(texts.join("\n")).includes(squeezed(wanted)),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test("parts are found in their order", () => {
    expect(containsInOrder("one  two\nthree", ["one", "two three"])).toBe(true);
    expect(containsInOrder("one two", ["two", "one"])).toBe(false);
    expect(containsInOrder("one", ["one", "one"])).toBe(false);
    expect(containsInOrder("one", ["one two"])).toBe(false);
  });
});

describe("a text of megabytes", () => {
  const long = Array.from({ length: 60_000 }, (_, n) => `word${n}`).join(" ");
  const spaced = long.replace(/ /g, "\n\n");

  test("matches parts that start with it, and no others", () => {
    const half = long.length / 2;
    expect(containsText([spaced, "and more"], long)).toBe(true);
    expect(
      containsText(
        [long.slice(0, long.indexOf(" ", half)), long.slice(long.indexOf(" ", half))],
        long,
      ),
    ).toBe(true);
    expect(containsText([`${spaced}x`], `${long} y`)).toBe(false);
    expect(containsText([], long)).toBe(false);
    expect(isSameText(spaced, long)).toBe(true);
    expect(isSameText(spaced, `${long}x`)).toBe(false);
  });

  test("contains its parts in order, and a short one is found anywhere in it, across every boundary", () => {
    expect(containsInOrder(long, ["word1 ", "word20000 word20001", "word59999"])).toBe(true);
    expect(containsInOrder(long, ["word5", "word4 word5 "])).toBe(false);
    for (let n = 0; n < 59_990; n += 333) {
      expect(containsText([spaced], ` word${n} word${n + 1} word${n + 2} `)).toBe(true);
    }
    expect(containsText([spaced], "word1 word3")).toBe(false);
  });
});

test("a long text is searched for in many short ones by reading each of them a few times, however many there are", () => {
  const collapsed = vi.spyOn(String.prototype, "replace");
  try {
    const texts = Array<string>(30_000).fill("x");
    const wanted = "y ".repeat(45_000);
    expect(containsText(texts, wanted)).toBe(false);
    const read = collapsed.mock.contexts.reduce<number>((sum, one) => sum + String(one).length, 0);
    expect(read).toBeLessThan(3 * (2 * texts.length + wanted.length));
  } finally {
    collapsed.mockRestore();
  }
});

test("a text that begins in one of many short texts and ends in another is found", () => {
  const texts = Array.from({ length: 200_000 }, (_, n) => `w${n}`);
  for (let n = 0; n < 199_000; n += 19_999)
    expect(containsText(texts, texts.slice(n, n + 900).join("\n"))).toBe(true);
  expect(containsText(texts, "w199999 w0")).toBe(false);
});
