import { markdownHtml } from "../../convex/pages/markdown/markdown.ts";

/** Markdown that, if repeated, takes careless parsers more than linear time. */
export const SLOW_PATTERNS: readonly string[] = [
  ...[
    "***a_",
    "__a**",
    "_a",
    "**a@",
    "]_a",
    "~~a~",
    "1. ",
    ">>>>",
    "> ",
    "- ",
    "[",
    "![",
    "[a](",
    "](",
  ],
  ...[
    "`",
    "`a``",
    "<a",
    "<http:",
    "<!--",
    "|a",
    "|-\n",
    "*a **b ",
    "https://",
    "http://a.b ",
    "\\",
  ],
  ...[
    "&#",
    "&a;",
    "a@b.c",
    "[![",
    "***a\n",
    "- a\n",
    "> a\n",
    "a\n\n",
    "1) a\n\n ",
    "[a]: b\n",
    '[a](b "',
  ],
  ...[
    "\t- ",
    "    a\n",
    "~~~\n",
    "+ > 1. ",
    "a**b_c~~",
    "<b>",
    "</a>",
    "<img/src=x>",
    "# a\n",
    "\"'",
  ],
];

/** Repeats a pattern to this many characters. */
export function repeated(pattern: string, chars: number): string {
  return pattern.repeat(Math.ceil(chars / pattern.length)).slice(0, chars);
}

/** Measures the CPU seconds of rendering a text as Markdown: the minimum of a few runs, because other work interferes. */
export function renderSeconds(text: string, runs: number): number {
  let least = Infinity;
  for (let run = 0; run < runs; run++) {
    const start = process.cpuUsage();
    markdownHtml(text);
    least = Math.min(least, process.cpuUsage(start).user / 1e6);
  }
  return least;
}

/** Below this many seconds, garbage collection dominates the ratio. */
const NOISE_SECONDS = 0.02;

/** Returns how many times longer 40,000 characters take than 10,000; linear is 4. */
export function growth(
  pattern: string,
  runs: number,
): { small: number; large: number; ratio: number } {
  renderSeconds(repeated(pattern, 2_000), runs);
  const small = renderSeconds(repeated(pattern, 10_000), runs);
  const large = renderSeconds(repeated(pattern, 40_000), runs);
  return { small, large, ratio: Math.max(large, NOISE_SECONDS) / Math.max(small, NOISE_SECONDS) };
}
