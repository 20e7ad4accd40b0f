import { describe, expect, test } from "vitest";
import { HOSTILE, hostileSession, message, ordinary, session } from "./exports.fixture";
import { markdownHtml } from "./html";
import { sharedDocument, type SharedForm, sharedJson, sharedMarkdown } from "./shared";
import { sharedPage } from "./sharedPage";
import type { ExportSession } from "./types";

const htmlForm = sharedPage({ markdown: "x.md", json: "x.json" });
const forms = { page: htmlForm, markdown: sharedMarkdown, json: sharedJson };

const textOf = (form: SharedForm, one: ExportSession) =>
  sharedDocument(form, one, (shown) =>
    shown < one.messages.length ? `x?after=${shown}` : undefined,
  ).text;
const pageOf = (one: ExportSession) => textOf(htmlForm, one);

const TAGS =
  "!doctype html head meta title style body header p h1 ul li main article h2 h3 h4 h5 h6 time div details summary pre footer a code strong em del blockquote ol table thead tbody tr th td hr br input";

describe("the public page", () => {
  test("has only harmless elements and attributes, whatever the conversation holds", () => {
    const allowed = new Set(TAGS.split(" "));
    const attacks = [
      "[a](javascript:alert(1)) [b](data:text/html,x) ![p](https://track.example/x.png)",
      '<img src=x onerror="alert(1)"> <svg onload=alert(1)> <a href="javascript:x">y</a>',
      "<https://ok.example> [c](https://ok.example 'a\" onclick=\"x')",
      "```html\n<script>alert(1)</script>\n```",
      '```"><script>x\ncode\n```',
      "<div><style>*{display:none}</style>",
    ];
    for (const text of [...HOSTILE, ...attacks]) {
      const page = pageOf(hostileSession(text));
      const body = page.slice(page.indexOf("</style>"));
      for (const [, tag, attributes] of body.matchAll(
        /<\/?([a-z!][a-z0-9]*)((?:"[^"]*"|[^">])*)>/gi,
      )) {
        expect(allowed).toContain(tag);
        expect(attributes).not.toMatch(/\son|style=|src=|javascript:|data:/i);
      }
      expect(body).not.toMatch(/<script|<img|<svg|<style|<iframe/i);
    }
  });

  test("closes what it opens around a hostile message", () => {
    for (const text of HOSTILE) {
      const page = pageOf(hostileSession(text));
      expect(page.match(/<article/g)).toHaveLength(3);
      expect(page.trimEnd().endsWith("</body></html>")).toBe(true);
    }
  });

  test("is not indexed, runs nothing and leads to its other forms", () => {
    const page = sharedDocument(htmlForm, ordinary, () => "x?after=2").text;
    expect(page).toContain('<meta name="robots" content="noindex,nofollow">');
    expect(page).toContain('<a href="x.md">Markdown</a>');
    expect(page).toContain('href="x?after=2"');
  });

  test("shows prose as Markdown, tools and thinking folded away", () => {
    const page = pageOf(session([message(0, "user", { textContent: "**bold** `code`" })]));
    expect(page).toContain("<strong>bold</strong> <code>code</code>");
    expect(pageOf(ordinary)).toContain('<details class="call"><summary>Bash</summary>');
  });
});

describe("what leaves", () => {
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

  test("only what the allow-list names, field by field", () => {
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

  test("no form of the page holds anything else", () => {
    for (const form of Object.values(forms)) {
      expect(textOf(form, secret)).toContain("Title");
      expect(textOf(form, secret)).not.toMatch(/SECRET|77.?777|7\.7777|golden/);
    }
  });
});

// A parser that goes back over what it read would hang here until the test times out.
test.each(["[", "*a ", "> ", "`", "- ", "<a", "| a ", "![", "_", "](", "\\", "&#"])(
  "Markdown of nothing but '%s' is read to its end",
  (unit) => {
    expect(markdownHtml(`${unit.repeat(20_000)}\n\nthe end`)).toContain("the end");
  },
);
