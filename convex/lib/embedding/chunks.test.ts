import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHUNK_MAX_BYTES, chunksOf } from "./chunks";
import { estimateTokens } from "../search/tokens";
import { utf8Length } from "../text";

const paragraph = (name: string, words: number) => `${name} ${"word ".repeat(words)}`.trim();

describe("splitting a long text into chunks", () => {
  test("cuts after a paragraph", () => {
    const paragraphs = ["One", "Two", "Three"].map((name) => paragraph(name, 400));
    expect(chunksOf(paragraphs.join("\n\n"))).toEqual(paragraphs);
  });

  test("keeps a fenced block in one chunk, with its blank lines", () => {
    const fence = `\`\`\`ts\n${"const a = 1;\n\n".repeat(150)}\`\`\``;
    const text = `${paragraph("Before", 500)}\n${fence}\n${paragraph("After", 600)}`;
    expect(chunksOf(text)).toContain(fence);
  });

  test("cuts after a line, a word or a character when there is no better boundary", () => {
    const lines = Array.from({ length: 300 }, (_, i) => `line ${i} of a log`).join("\n");
    const words = "ab ".repeat(3_000).trim();
    const faces = "😀".repeat(3_000);
    for (const text of [lines, words, faces]) expect(chunksOf(text).length).toBeGreaterThan(1);
    expect(chunksOf(lines).join("\n")).toBe(lines);
    expect(chunksOf(words).join(" ")).toBe(words);
    expect(chunksOf(faces).join("")).toBe(faces);
  });

  test("gives no chunks for white space", () => {
    expect(chunksOf("")).toEqual([]);
    expect(chunksOf(" \n".repeat(5_000))).toEqual([]);
  });

  test("gives non-empty chunks within the limit that leave nothing out, whatever the text", () => {
    const token = fc.constantFrom("a", "longer", "\n", "\n\n", "```\n", " ", "数据", "😀", ". ");
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 400 }),
        fc.integer({ min: 8, max: 90 }),
        (ps, max) => {
          const text = ps.join("");
          const chunks = chunksOf(text, max);
          for (const chunk of chunks) {
            expect(chunk.trim()).not.toBe("");
            expect(utf8Length(chunk)).toBeLessThanOrEqual(max);
          }
          expect(chunks.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
        },
      ),
    );
  });

  test("fills chunks of a megabyte without any boundary", () => {
    const chunks = chunksOf("x".repeat(1_000_000));
    expect(chunks).toHaveLength(Math.ceil(1_000_000 / CHUNK_MAX_BYTES));
  });
});

test("the estimate of tokens is never above the bytes, nor below the real count of prose", () => {
  expect(estimateTokens("The quick brown fox jumps over the lazy dog")).toBeGreaterThanOrEqual(9);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
      expect(estimateTokens(text)).toBeGreaterThan(0);
      expect(estimateTokens(text)).toBeLessThanOrEqual(utf8Length(text));
    }),
  );
});
