import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteChunks, escapedSlices, jsonHash, jsonSlices, SLICE_CHARS } from "./jsonStream";

test("the slices of a text are its JSON, with any character at the edge of a slice", () => {
  const edge = fc.integer({ min: -3, max: 3 });
  const mark = fc.constantFrom("x", "漢", "🎉", "\u0001", '"', "\\", "\n");
  fc.assert(
    fc.property(edge, mark, fc.integer({ min: 1, max: 2 }), (by, character, slices) => {
      const long = "a".repeat(slices * SLICE_CHARS + by) + character + "b".repeat(10);
      const chunks = new ByteChunks();
      for (const slice of escapedSlices(long)) chunks.add(slice);
      const text = chunks.chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
      expect(`"${text}"`).toBe(JSON.stringify(long));
      expect(chunks.bytes).toBe(Buffer.byteLength(text));
    }),
    { numRuns: 40 },
  );
});

test("the slices of a value are its JSON, with texts of any length at any place", () => {
  const long = "a".repeat(SLICE_CHARS - 1);
  const value = {
    short: "ä",
    none: undefined,
    list: [`${long}🎉"`, 1, null, { [long]: long + long }],
  };
  expect(Array.from(jsonSlices(value)).join("")).toBe(JSON.stringify(value));
});

test("the hash of a value does not depend on its length in memory", async () => {
  const value = { text: `${"漢字".repeat(SLICE_CHARS)}🎉`, more: [1, "x"] };
  expect(await jsonHash(value, 10 ** 7)).toBe(await jsonHash(value, 0));
});

test("no slice is larger than its characters can become", () => {
  const slices = Array.from(escapedSlices("\u0001".repeat(300_000)));
  expect(slices.length).toBeGreaterThan(4);
  expect(Math.max(...slices.map(({ length }) => length))).toBeLessThanOrEqual(6 * SLICE_CHARS);
});

test("many small texts become few chunks, and chunks taken over keep their order", () => {
  const [one, two] = [new ByteChunks(), new ByteChunks()];
  one.add("first ");
  for (let n = 0; n < 50_000; n++) two.add("text ");
  one.take(two);
  one.add("last");
  const text = one.chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
  expect(text).toBe(`first ${"text ".repeat(50_000)}last`);
  expect(one.chunks.length).toBeLessThan(10);
  expect(two.bytes).toBe(0);
});
