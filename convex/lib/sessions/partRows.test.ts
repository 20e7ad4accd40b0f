import { describe, expect, test } from "vitest";
import {
  cutParts,
  cutText,
  joinPieces,
  pieceBytes,
  storedBytes,
  TEXT_INLINE_MAX_BYTES,
  unpackParts,
  type WholePart,
} from "./partRows";
import { utf8Length } from "../text";

const text = (content: string): WholePart => ({ type: "text", format: "text", content });

describe("rows of a message", () => {
  test.each([0, 1, 1_000, 1_001, 20_000])(
    "%i parts make at most 1,002 rows, which hold every part in order",
    (count) => {
      const parts = Array.from({ length: count }, (_, i) => text(`part ${i}`));
      const rows = cutParts(parts);
      expect(rows.length).toBeLessThanOrEqual(1_002);
      expect(unpackParts(joinPieces(rows).parts)).toEqual(parts);
    },
  );

  test("no row is larger than half a document, and a searched one not than 16 kB", () => {
    const rows = cutParts([text("🎉é x".repeat(500_000)), text(""), text("z".repeat(70_000))]);
    for (const { text: searched = "", content = "" } of rows) {
      expect(utf8Length(searched)).toBeLessThanOrEqual(16_384);
      expect(utf8Length(content)).toBeLessThanOrEqual(512 * 1024);
    }
  });

  test.each([0, 1, 1_000, 1_001, 1_500])(
    "what %i parts and a text take is known before they are cut",
    (count) => {
      const parts = Array.from({ length: count }, (_, i): WholePart => ({
        type: `"${i}é`,
        format: i % 2 ? "text" : "jsonAndFields",
        content: `🎉\u0001\n"${"x".repeat(i % 40)}`,
      }));
      const { head, tail } = cutText("日本語 🎉 words\n".repeat(count * 10));
      const rows = [...tail, ...cutParts(parts)];
      expect(storedBytes(joinPieces(tail, head).text, parts)).toBe(
        utf8Length(head) + pieceBytes(rows),
      );
    },
  );

  test.each([
    ["prose", (n: number) => `${"word".repeat(1 + (n % 9))}${n} `],
    ["JSON without spaces", (n: number) => `{"key${n}":"${"value".repeat(1 + (n % 7))}"},`],
    ["words in scripts of two bytes and four", (n: number) => `слово${n}𐐔𐐯𐑅 `],
    ["lines", (n: number) => `line_${n}\n`],
  ])("every word of a long text stands whole in one of its rows: %s", (_, word) => {
    const whole = Array.from({ length: 9_000 }, (_value, n) => word(n)).join("");
    const wordsIn = (text: string) => text.match(/[\p{L}\p{N}_]+/gu) ?? [];
    const { head, tail } = cutText(whole);
    const ofText = [head, ...tail.map(({ text = "" }) => text)];
    expect(ofText.length).toBeGreaterThan(4);
    expect(ofText.join("")).toBe(whole);
    expect(ofText.flatMap(wordsIn)).toEqual(wordsIn(whole));
    const ofPart = cutParts([text(whole)]).map(({ text = "" }) => text);
    const searched = wordsIn(ofPart.join(""));
    expect(utf8Length(ofPart.join(""))).toBeGreaterThan(64_000);
    expect(ofPart.flatMap(wordsIn)).toEqual(searched);
    expect(wordsIn(whole).slice(0, searched.length)).toEqual(searched);
  });

  test("a long text is its head and its tail, every word of it searched", () => {
    const whole = "日本語 🎉 words\n".repeat(20_000);
    const { head, tail } = cutText(whole);
    expect(utf8Length(head)).toBeLessThanOrEqual(TEXT_INLINE_MAX_BYTES);
    expect(tail.every((row) => row.text !== undefined && row.content === undefined)).toBe(true);
    expect(joinPieces(tail, head).text).toBe(whole);
  });
});
