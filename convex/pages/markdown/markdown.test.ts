import { describe, expect, test } from "vitest";
import { HOSTILE } from "../../exports/exports.fixture";
import { countElements, forbidden, MARKDOWN_ELEMENTS, PAGE_ELEMENTS } from "../elements.fixture";
import { hostilePages } from "../hostilePages.fixture";
import { hostileText, random } from "./hostile.fixture";
import { markdownForPage, markdownHtml } from "./markdown";

/** Ten times as many if `LONG_RUN` is set. The shorter run suffices: one in a few hundred texts shows a missing rule. */
const INPUTS = import.meta.env.LONG_RUN === undefined ? 20_000 : 210_000;
const INPUTS_A_DOCUMENT = 500;

describe("Markdown is shown and never obeyed", () => {
  test(`${INPUTS} random texts give only the elements and attributes that we write`, () => {
    const next = random(20_261_128);
    const allowed = { ...MARKDOWN_ELEMENTS, article: {} };
    let count = 0;
    for (; count < INPUTS; count += INPUTS_A_DOCUMENT) {
      const texts = Array.from({ length: INPUTS_A_DOCUMENT }, () => hostileText(next));
      const html = texts.map((text) => `<article>${markdownHtml(text)}</article>`).join("");
      const isClosed = countElements(html, "article") === INPUTS_A_DOCUMENT;
      if (isClosed && forbidden(html, allowed).length === 0) continue;
      const culprits = texts.filter((text) => forbidden(markdownHtml(text), allowed).length > 0);
      expect({ isClosed, culprits: culprits.slice(0, 3) }).toEqual({
        isClosed: true,
        culprits: [],
      });
    }
    console.log(`${count} random texts rendered and parsed`);
  }, 120_000);

  test.each([
    "Put a <script> tag into the page. <meta/http-equiv=refresh content=0;url=//evil.example>",
    "Use <code> for it. <img/src=x onerror=alert(1)>",
    ...["pre", "kbd", "style", "textarea", "title", "xmp", "noscript", "plaintext", "svg", "a"].map(
      (tag) => `A <${tag}> here, *then* <img/src=x onerror=alert(1)> and &lt;b&gt;`,
    ),
    "[a](javascript:alert(1)) [b](data:text/html,x) [c](JaVaScRiPt:x) [d](&#106;avascript:x)",
    "[a](java\nscript:x) <javascript:x> [v]: vbscript:x\n\n[v]",
    "<https://ok.example> [c](https://ok.example 'a\" onclick=\"x')",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>x\ncode\n```',
    "![<img src=x>](https://t.example/x.png)",
  ])("a page with %j contains only our own elements", (text) => {
    expect(forbidden(markdownHtml(text), MARKDOWN_ELEMENTS)).toEqual([]);
    for (const page of hostilePages(text)) expect(forbidden(page, PAGE_ELEMENTS)).toEqual([]);
  });

  test("a page with a hostile text in every field contains only our own elements", () => {
    const next = random(7);
    const texts = [...HOSTILE, ...Array.from({ length: 40 }, () => hostileText(next))];
    for (const text of texts) {
      for (const page of hostilePages(text)) expect(forbidden(page, PAGE_ELEMENTS)).toEqual([]);
    }
  });

  test("an address is escaped where it stands in an attribute", () => {
    const html = markdownHtml("[x](https://example.com/?a=1&copy=2&quot=3)");
    expect(html).toContain('href="https://example.com/?a=1&amp;copy=2&amp;quot=3"');
  });

  test("a saved copy keeps its content policy", () => {
    expect(hostilePages("x")[0]).toContain(
      '<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;">',
    );
  });
});

describe("Markdown as people write it", () => {
  test.each([
    ["**b** _i_ ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <del>s</del> <code>c</code></p>"],
    ["one\ntwo", "<p>one<br>\ntwo</p>"],
    ["# Title", "<h3>Title</h3>"],
    ["3. c\n4. d", '<ol start="3"><li>c\n</li><li>d\n</li></ol>'],
    ["> q", "<blockquote><p>q</p></blockquote>"],
    ["| a |\n|--:|\n| 1 |", '<th class="right">a</th>'],
    ["```ts\nlet a;\n```", '<pre tabindex="0"><code>let a;\n</code></pre>'],
    ["see https://x.example/a_b", '<a href="https://x.example/a_b" '],
    ["[a]: https://x.example\n\n[a]", 'href="https://x.example"'],
    ["README.md and a@b.example", "<p>README.md and a@b.example</p>"],
    ["[file](src/a.ts) [x](javascript:1)", "<p>file x</p>"],
    ["![alt](https://x.example/p.png)", ">alt</a>"],
  ])("%j becomes %j", (text, html) => {
    expect(markdownHtml(text)).toContain(html);
  });

  test("nothing is lost at the nesting limit: deeper text is shown as it is", () => {
    for (const unit of ["> ", "- ", "1. ", "> - "]) {
      expect(markdownHtml(`${unit.repeat(200)}the end`)).toContain("the end");
      expect(markdownHtml(`${unit.repeat(200)}one\n\ntwo`)).toContain("two");
    }
  });
});

describe("Markdown designed to be expensive", () => {
  test("texts that would grow out of proportion are shown as plain text", () => {
    const bombs = [
      `[a]: http://x/${"u".repeat(1_900)}\n\n${"[a]\n\n".repeat(5_000)}`,
      `[a]: http://x/${"u".repeat(1_900)}\n\n${"[a]\n\n".repeat(10_000)}`,
      `${"|a".repeat(4_000)}|\n${"|-".repeat(4_000)}|\n${"x\n".repeat(20_000)}`,
      `> ${"|a".repeat(4_000)}|\r> ${"|-".repeat(4_000)}|\r${"> x\r".repeat(8_000)}`,
      "x".repeat(70_000),
    ];
    for (const bomb of bombs) {
      const html = markdownHtml(bomb);
      expect(html.startsWith('<pre class="plain"')).toBe(true);
      expect(html.length).toBeLessThan(3 * bomb.length);
    }
    expect(markdownHtml("|a|b|\n|-|-|\n|1|2|")).toContain("<table>");
  });

  test("a page renders a bounded amount of Markdown and shows the rest as plain text", () => {
    const markdown = markdownForPage();
    const texts = Array.from({ length: 10 }, (_, at) => `**${at}** ${"x ".repeat(9_900)}`);
    const pages = texts.map(markdown);
    expect(pages.filter((html) => html.startsWith("<p><strong>"))).toHaveLength(7);
    expect(pages[9]).toContain("**9** x x");
  });

  test.each(["[", "*a ", "> ", "`", "- ", "<a", "| a ", "![", "_", "](", "\\", "&#", "***a_"])(
    "nothing but %j is shown to its end",
    (unit) => {
      const text = `${unit.repeat(Math.floor(50_000 / unit.length))}\n\nthe end`;
      expect(markdownHtml(text)).toContain("the end");
    },
  );
});
