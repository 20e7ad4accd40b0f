import { expect, test } from "vitest";
import type { Written } from "../../exports/job";
import { fileChoices, fileText } from "./dashboardFiles";

const written = (fields: Partial<Written>): Written => ({
  ...{ chunks: [], sessions: 1, found: 1, records: 1 },
  ...{ skipped: [], cut: [], incomplete: [], unknown: [], resume: null },
  ...fields,
});
const bytes = (text: string) => new TextEncoder().encode(text);

test("a file joins its chunks, also where one ends inside a character", () => {
  const whole = bytes("caf\u00e9 \u{1f600}!");
  for (let at = 0; at <= whole.length; at++) {
    const chunks = [whole.slice(0, at), whole.slice(at)];
    expect(fileText(written({ chunks }))).toBe("caf\u00e9 \u{1f600}!");
  }
});

test("a file that would need a second answer is refused, not cut", () => {
  const resume = { position: "p", skip: 0, sessions: 1 };
  expect(() => fileText(written({ chunks: [bytes("begun")], resume }))).toThrow("Too large");
});

test("a file larger than a function may return is refused, by the sum of its chunks", () => {
  const chunk = new Uint8Array(3 * 1024 * 1024).fill(32);
  expect(fileText(written({ chunks: Array<Uint8Array>(5).fill(chunk) }))).toHaveLength(
    15 * 1024 * 1024,
  );
  const chunks = [...Array<Uint8Array>(5).fill(chunk), bytes("x")];
  expect(() => fileText(written({ chunks }))).toThrow("Too large");
});

test("what is off in the dialog is left out, and what it sets reaches the export", () => {
  const off = { systemPrompts: false, toolCalls: false, codeBlocksOnly: false, minLength: 0 };
  expect(fileChoices({})).toMatchObject({ options: { turns: "single" }, selection: off });
  const on = { includeSystemPrompts: true, includeToolCalls: true, codeBlocksOnly: true };
  expect(fileChoices({ ...on, minMessageLength: 7 }).selection).toEqual({
    ...{ systemPrompts: true, toolCalls: true, codeBlocksOnly: true, minLength: 7 },
  });
});
