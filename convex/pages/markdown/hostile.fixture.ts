/** Random texts made to break a renderer of Markdown: the same seed gives the same texts. */

/** Pieces that attacks are made of, and what is around them in the grammar of Markdown. */
const FRAGMENTS = [
  ...["<script>", "</script>", "<pre>", "</pre>", "<code>", "</code>", "<kbd>", "</kbd>", "<a>"],
  ...["<style>", "<textarea>", "<title>", "<plaintext>", "<svg>", "<math>", "<template>", "<!--"],
  ...["-->", "<![CDATA[", "]]>", "<?", "?>", "<!x", "</article>", "</body>", "<br/>", "<"],
  ...["<img/src=x onerror=alert(1)>", "<meta/http-equiv=refresh content=0;url=//evil.example>"],
  ...['<a href="javascript:alert(1)">', "<iframe srcdoc=x>", "<form action=//e>", "<base href=/>"],
  ...['" onmouseover="alert(1)', "' onclick='x", "javascript:alert(1)", "data:text/html,<b>"],
  ...[
    "&lt;img src=x onerror=y&gt;",
    "&#60;b&#62;",
    "&#x3c;",
    "&quot;",
    "&amp;lt;",
    "&Tab;",
    "&#0;",
  ],
  ...["[", "]", "(", ")", "](", "![", "[x]: ", "[x]", "<https://a.example/", "https://a.example/"],
  ...["*", "**", "***", "_", "__", "~", "~~", "`", "``", "```", "~~~", "\\", "|", "|-|", "|:-:|"],
  ...["\n", "\n\n", "\r", "\r\n", "\t", "    ", "> ", ">", "- ", "* ", "+ ", "1. ", "7) ", "# "],
  ...["###### ", "---\n", "===\n", "- [ ] ", "[^1]", "a@b.example", "www.a.example", "mailto:a@b"],
  ...[
    "a",
    "b ",
    "é",
    "漢",
    "😀",
    "\u0000",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\ud800",
    "x=1",
    "{{",
    "$",
  ],
];

export type Random = () => number;

/** A small generator (mulberry32) of numbers from 0 to 1. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<Item>(from: readonly Item[], next: Random): Item {
  const item = from[Math.floor(next() * from.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** Fragments in any order, which leave open what they open. */
function salad(next: Random): string {
  const count = 1 + Math.floor(next() * 10);
  let text = "";
  for (let i = 0; i < count; i++) text += pick(FRAGMENTS, next);
  return text;
}

const inline = (next: Random, depth: number): string =>
  depth <= 0 ? pick(FRAGMENTS, next) : pick(INLINE, next)(next, depth - 1);

const block = (next: Random, depth: number): string =>
  depth <= 0 ? inline(next, 1) : pick(BLOCKS, next)(next, depth - 1);

type Rule = (next: Random, depth: number) => string;

/** Well-formed inline Markdown around hostile leaves. */
const INLINE: readonly Rule[] = [
  (next, depth) => `*${inline(next, depth)}*`,
  (next, depth) => `**${inline(next, depth)}**`,
  (next, depth) => `~~${inline(next, depth)}~~`,
  (next, depth) => `\`${inline(next, depth)}\``,
  (next, depth) => `[${inline(next, depth)}](${inline(next, 0)})`,
  (next, depth) => `[${inline(next, depth)}](<${inline(next, 0)}> "${inline(next, 0)}")`,
  (next, depth) => `![${inline(next, depth)}](${inline(next, 0)} '${inline(next, 0)}')`,
  (next, depth) => `<${pick(["https:", "javascript:", "mailto:"], next)}${inline(next, depth)}>`,
  (next, depth) => `${inline(next, depth)} ${inline(next, depth)}`,
];

/** Well-formed blocks around hostile inline text. */
const BLOCKS: readonly Rule[] = [
  (next, depth) => `> ${block(next, depth)}`,
  (next, depth) => `- ${block(next, depth)}\n- ${inline(next, 1)}`,
  (next, depth) => `${Math.floor(next() * 1e10)}. ${block(next, depth)}`,
  (next) => `# ${inline(next, 2)}`,
  (next) => `\`\`\`${inline(next, 0)}\n${inline(next, 1)}\n\`\`\``,
  (next) => `|${inline(next, 1)}|b|\n|:-|-:|\n|${inline(next, 1)}|${inline(next, 1)}|`,
  (next) => `[x]: ${inline(next, 0)} "${inline(next, 0)}"\n\n[x] ![x]`,
  (next) => `    ${inline(next, 1)}`,
  (next, depth) => `${block(next, depth)}\n\n${block(next, depth)}`,
];

/** One hostile text: half from the grammar, half a salad. */
export function hostileText(next: Random): string {
  return next() < 0.5 ? salad(next) : block(next, 3);
}
