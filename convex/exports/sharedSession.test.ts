import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { message, ordinary, session } from "./exports.fixture";
import { sharedDocument, type SharedForm, sharedJson, sharedMarkdown } from "./sharedSession";
import type { ExportSession } from "./types";
import { readableJson } from "../lib/json";
import { utf8Length } from "../lib/text";

const forms = { markdown: sharedMarkdown, json: sharedJson };

const textOf = (form: SharedForm, one: ExportSession) =>
  sharedDocument(form, one, (shown) =>
    shown < one.messages.length ? `x?after=${shown}` : undefined,
  ).text;

describe("a shared session", () => {
  const secret = session(
    [
      message(0, "user", {
        externalId: "SECRET-message",
        textContent: "Hi",
        model: "SECRET-m",
        promptTokens: 77_777,
        parts: [{ type: "tool-call", content: { id: "SECRET-call", name: "Read", input: {} } }],
      }),
    ],
    {
      externalId: "SECRET-session",
      title: "Title",
      projectPath: "/SECRET/path",
      projectName: "SECRET-project",
      provider: "SECRET-provider",
      evalNotes: "SECRET-notes",
      evalTags: ["SECRET-tag"],
      evalStatus: "golden",
      expectedOutput: "SECRET-expected",
      totalTokens: 77_777,
      cost: 7.7777,
    },
  );

  test("contains only the fields of the allow-list", () => {
    const shared = JSON.parse(textOf(sharedJson, secret)) as { messages: object[] };
    expect(Object.keys(shared).sort()).toEqual([
      "createdAt",
      "messages",
      "model",
      "source",
      "title",
    ]);
    expect(shared.messages).toEqual([
      {
        role: "user",
        createdAt: "2026-11-22T10:00:00.000Z",
        parts: [
          { type: "text", text: "Hi" },
          { type: "tool-call", name: "Read", args: {} },
        ],
      },
    ]);
  });

  test("contains nothing else in any form", () => {
    for (const form of Object.values(forms)) {
      expect(textOf(form, secret)).toContain("Title");
      expect(textOf(form, secret)).not.toMatch(/SECRET|77.?777|7\.7777|golden/);
    }
  });
});

describe("every form", () => {
  const one = session([
    message(0, "unknown", { textContent: "Who am I?" }),
    message(1, "assistant", { textContent: "  " }),
    message(2, "user", {
      parts: [{ type: "file", content: "data:image/png;base64,AAAA" }],
    }),
  ]);

  test("calls an unknown role unknown, and has no heading without content", () => {
    expect(textOf(sharedMarkdown, one)).toContain("## Unknown\n\nWho am I?\n");
    expect(textOf(sharedMarkdown, one)).not.toContain("Assistant");
  });

  test("names files, and fences JSON as JSON in Markdown", () => {
    expect(textOf(sharedMarkdown, one)).toContain("[image/png, 3 B]");
    expect(textOf(sharedMarkdown, ordinary)).toContain('```json\n{\n  "command": "ls"\n}\n```');
  });

  test("cuts a huge part with a note, and states how many messages follow", () => {
    const long = session([
      message(0, "user", { parts: [{ type: "tool-result", content: "y".repeat(3_000_000) }] }),
      ...Array.from({ length: 20 }, (_, at) =>
        message(at, "user", { textContent: "z".repeat(900_000) }),
      ),
    ]);
    expect(textOf(sharedMarkdown, long)).toContain("*… the first 1MB of 3MB*");
    expect(textOf(sharedMarkdown, long)).toMatch(/\*… 17 more messages: <x\?after=4>\*\n$/);
    expect(JSON.parse(textOf(sharedJson, long))).toMatchObject({
      more: { messages: 17, next: "x?after=4" },
    });
  });
});

/** Texts that grow when written as JSON, HTML or Markdown. */
const GROWING = [
  "\u0001",
  '"',
  "&",
  "\\",
  "é",
  "> ",
  "- ",
  "*a*",
  "|a",
  "- [ ] a\n",
  "[a]",
  "a\n\n",
  "`",
];
const text = fc
  .tuple(fc.constantFrom(...GROWING), fc.integer({ min: 0, max: 200_000 }))
  .map(([unit, length]) => unit.repeat(length / unit.length));
const nested = (depth: number) =>
  JSON.parse(`${'{"a":['.repeat(depth)}1${"]}".repeat(depth)}`) as unknown;
const content = fc.oneof(
  text,
  fc.integer({ min: 0, max: 400 }).map(nested),
  fc.integer({ min: 0, max: 100_000 }).map((length) => Array.from({ length }, () => ({ a: 1 }))),
);
const part = fc.record({
  type: fc.constantFrom("text", "thinking", "tool-call", "tool-result", "file"),
  content,
});
const conversation = fc.array(
  fc.record({ textContent: text, parts: fc.array(part, { maxLength: 20 }) }),
  { minLength: 1, maxLength: 8 },
);

test("no page exceeds the limit of an answer, whatever its content, and all messages are reached", () => {
  fc.assert(
    fc.property(conversation, fc.constantFrom(...Object.values(forms)), (said, form) => {
      const all = said.map((fields, at) => message(at, "assistant", fields));
      for (let from = 0; from < all.length;) {
        const rest = session(all.slice(from), { from, messageCount: all.length });
        let shown = 0;
        const written = sharedDocument(form, rest, (count) => {
          shown = count;
          return from + count < all.length ? "next" : undefined;
        });
        expect(shown).toBeGreaterThan(0);
        expect(utf8Length(written.text)).toBeLessThan(12 * 1024 * 1024);
        expect(written.text.includes("next")).toBe(from + shown < all.length);
        from += shown;
      }
    }),
    { numRuns: 3 },
  );
}, 120_000);

test("JSON for people is at most a few times as long as JSON", () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue({ maxDepth: 30 }), content), (value) => {
      const line = JSON.stringify(value);
      expect(readableJson(value).length).toBeLessThanOrEqual(5 * line.length);
      expect(JSON.parse(readableJson(value))).toEqual(JSON.parse(line));
    }),
    { numRuns: 20 },
  );
});
