import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fieldsIn, isJsonObject, type JsonObject, objectsIn, parsedObject } from "../json.ts";
import { SAMPLES, hasSamples } from "../testing.fixture.ts";
import { ShapedTranscripts } from "./shape.ts";

/** The bench's transcripts against those that users published. */

type Sizes = { [share: string]: number };

/** Bytes of transcripts by what they hold. */
function sizesOf(lines: readonly string[]): Sizes {
  const sizes: Sizes = {};
  const add = (name: string, value: unknown) => {
    sizes[name] = (sizes[name] ?? 0) + Buffer.byteLength(JSON.stringify(value));
  };
  for (const line of lines) {
    const value = parsedObject(line) ?? {};
    add("all", value);
    sizes.lines = (sizes.lines ?? 0) + 1;
    const { content } = fieldsIn(value, "message");
    if (value.toolUseResult !== undefined) add("copies of results", value.toolUseResult);
    if (typeof content === "string") add("text", content);
    for (const block of objectsIn({ content }, "content")) addBlock(block, add);
  }
  return sizes;
}

function addBlock(block: JsonObject, add: (name: string, value: unknown) => void): void {
  if (block.type === "tool_use") add("arguments", block.input);
  else if (block.type === "tool_result") add("results", block.content);
  else add("text", block.text ?? block);
}

/** The transcripts of Claude Code that `SOURCES.md` calls real. */
function realLines(): string[] {
  const sources = readFileSync(join(SAMPLES, "SOURCES.md"), "utf8");
  const paths = Array.from(
    sources.matchAll(/^\| `(claude\/[^`]+)` \| real \|/gm),
    ([, path]) => path,
  );
  return paths.flatMap((path = "") =>
    readFileSync(join(SAMPLES, path), "utf8")
      .split("\n")
      .filter((line) => line.trim() !== ""),
  );
}

describe.runIf(hasSamples)("the transcripts that the bench imports", () => {
  test("have as many lines, and of each kind of content as many bytes, as the real ones", () => {
    const [real, made] = [sizesOf(realLines()), sizesOf(new ShapedTranscripts().lines("s"))];
    expect(Object.keys(made).sort()).toEqual(Object.keys(real).sort());
    expect(made.lines).toBe(real.lines);
    for (const [name, bytes] of Object.entries(real)) {
      const ratio = (made[name] ?? 0) / bytes;
      expect(ratio, name).toBeGreaterThan(0.9);
      expect(ratio, name).toBeLessThan(1.1);
    }
  });
});

test("No two sessions of the bench share an id", () => {
  const transcripts = new ShapedTranscripts();
  const idsOf = (lines: readonly string[]) =>
    lines.flatMap((line) => {
      const value: unknown = JSON.parse(line);
      return isJsonObject(value) && typeof value.uuid === "string" ? [value.uuid] : [];
    });
  const ids = [...idsOf(transcripts.lines("a")), ...idsOf(transcripts.lines("b"))];
  expect(new Set(ids).size).toBe(ids.length);
});
