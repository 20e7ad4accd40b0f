import { describe, expect, test } from "vitest";
import {
  splitParts,
  splitText,
  joinRows,
  contentBytes,
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
      const rows = splitParts(parts);
      expect(rows.length).toBeLessThanOrEqual(1_002);
      expect(unpackParts(joinRows(rows).parts)).toEqual(parts);
    },
  );

  test("no row is larger than half a document, and no searchable one than 16 kB", () => {
    const rows = splitParts([text("🎉é x".repeat(500_000)), text(""), text("z".repeat(70_000))]);
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
      const { head, tail } = splitText("日本語 🎉 words\n".repeat(count * 10));
      const rows = [...tail, ...splitParts(parts)];
      expect(storedBytes(joinRows(tail, head).text, parts)).toBe(
        utf8Length(head) + contentBytes(rows),
      );
    },
  );

  test.each([
    ["prose", (n: number) => `${"word".repeat(1 + (n % 9))}${n} `],
    ["JSON without spaces", (n: number) => `{"key${n}":"${"value".repeat(1 + (n % 7))}"},`],
    ["words in scripts of two bytes and four", (n: number) => `слово${n}𐐔𐐯𐑅 `],
    ["lines", (n: number) => `line_${n}\n`],
  ])("every word of a long text is complete in one of its rows: %s", (_, word) => {
    const whole = Array.from({ length: 9_000 }, (_value, n) => word(n)).join("");
    const wordsIn = (text: string) => text.match(/[\p{L}\p{N}_]+/gu) ?? [];
    const { head, tail } = splitText(whole);
    const ofText = [head, ...tail.map(({ text = "" }) => text)];
    expect(ofText.length).toBeGreaterThan(4);
    expect(ofText.join("")).toBe(whole);
    expect(ofText.flatMap(wordsIn)).toEqual(wordsIn(whole));
    const ofPart = splitParts([text(whole)]).map(({ text = "" }) => text);
    const searched = wordsIn(ofPart.join(""));
    expect(utf8Length(ofPart.join(""))).toBeGreaterThan(64_000);
    expect(ofPart.flatMap(wordsIn)).toEqual(searched);
    expect(wordsIn(whole).slice(0, searched.length)).toEqual(searched);
  });

  test.each([
    ["a text", "\n"],
    ["a JSON text", "\\n"],
  ])("no row of %s ends between a name and the secret beside it", (_, lineEnd) => {
    for (let shift = 0; shift < 64; shift++) {
      const whole =
        "x".repeat(shift) + `  - name: DB_PASS value: horse battery${lineEnd}`.repeat(900);
      const { head, tail } = splitText(whole);
      const ofText = [head, ...tail.map(({ text = "" }) => text)];
      expect(ofText.join("")).toBe(whole);
      expect(ofText.length).toBeGreaterThan(2);
      expect(ofText.filter((row) => !row.endsWith(`battery${lineEnd}`))).toEqual([]);
    }
  });

  test("a long text is split into head and tail, and every word of it is searchable", () => {
    const whole = "日本語 🎉 words\n".repeat(20_000);
    const { head, tail } = splitText(whole);
    expect(utf8Length(head)).toBeLessThanOrEqual(TEXT_INLINE_MAX_BYTES);
    expect(tail.every((row) => row.text !== undefined && row.content === undefined)).toBe(true);
    expect(joinRows(tail, head).text).toBe(whole);
  });
});
