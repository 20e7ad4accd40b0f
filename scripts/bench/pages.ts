import { growth, SLOW_PATTERNS } from "./pagePatterns.ts";

/** `npm run bench:pages`: CPU time of Markdown designed to be slow, at 10,000 and 40,000 characters. */

const RUNS = 5;
const RATIO_MAX = 6;

const ms = (seconds: number) => `${(1_000 * seconds).toFixed(1)} ms`.padStart(10);

let worst = 0;
console.log(`${"pattern".padEnd(16)}${"10k".padStart(10)}${"40k".padStart(10)}   ratio`);
for (const base of SLOW_PATTERNS) {
  for (const pattern of [base, `${base.repeat(20)}\n\n`]) {
    const { small, large, ratio } = growth(pattern, RUNS);
    worst = Math.max(worst, ratio);
    const label = pattern === base ? JSON.stringify(base) : `  in paragraphs`;
    console.log(`${label.padEnd(16)}${ms(small)}${ms(large)}   ${ratio.toFixed(1)}`);
  }
}
console.log(`worst ratio ${worst.toFixed(1)}, limit ${RATIO_MAX}`);
if (worst >= RATIO_MAX) process.exitCode = 1;
