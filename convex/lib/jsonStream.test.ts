import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonPieces, LONG_TEXT } from "./jsonStream";

function written(value: unknown): string {
  const decoder = new TextDecoder();
  let text = "";
  for (const piece of jsonPieces(value)) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}

test("is the JSON text of the value, with texts of any length and any character at the edge of a slice", () => {
  const edge = fc.integer({ min: -3, max: 3 });
  const mark = fc.constantFrom("x", "漢", "🎉", "\u0001", '"', "\\", "\n", "\ud83c");
  fc.assert(
    fc.property(edge, mark, fc.integer({ min: 1, max: 2 }), (by, character, slices) => {
      const long = "a".repeat(slices * LONG_TEXT + by) + character + "b".repeat(10);
      const value = { short: "ä", none: undefined, list: [long, 1, null, { long }], end: long };
      expect(written(value)).toBe(JSON.stringify(value));
    }),
    { numRuns: 40 },
  );
});

test("no piece is larger than a slice can become", () => {
  const pieces = Array.from(jsonPieces({ text: "\u0001".repeat(300_000) }));
  expect(pieces.length).toBeGreaterThan(4);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(6 * LONG_TEXT);
});
