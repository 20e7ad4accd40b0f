import { sendDemo } from "../local/console/demo.ts";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { startServer, withDataFile } from "../local/trials/server.ts";
import { growth, SLOW_PATTERNS } from "./pagePatterns.ts";
import {
  browserOf,
  largeMessage,
  longSession,
  PAGE_MAX_BYTES,
  readToTheEnd,
  type PageRead,
} from "./pageReads.ts";
import { printTable } from "./table.ts";

/**
 * `npm run bench:pages`: pages of the sessions that are hardest to show, within a deployment's 64 MiB; the first
 * view and the weight of each page on `npm start -- --demo`; and Markdown designed to be slow.
 */

const RUNS = 5;
const USER_MS_MAX = 330;
const FIRST_VIEW_MS_MAX = 100;
const WEIGHT_MAX_BYTES = 100_000;
const RATIO_MAX = 6;
const HEAP_MIB = 64;
const MIB = 1024 * 1024;

/** Fails the run, after everything is measured. */
function require(isKept: boolean, promise: string): void {
  if (isKept) return;
  console.log(`✗ ${promise}`);
  process.exitCode = 1;
}

const whole = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 0 });
const inMs = (value: number) => `${value.toFixed(0)} ms`;

const SESSIONS: readonly (readonly [name: string, id: string, batches: readonly object[]])[] = [
  ["4,000 messages", "long", longSession("long", 4_000)],
  ["a message of 7 MB", "large", [largeMessage("large", 7_000_000)]],
];

/** Stores the sessions, and hands over a way to read all pages of each. */
async function withSessions(
  options: { heapMiB?: number },
  measure: (engine: TestEngine, name: string, read: () => Promise<PageRead[]>) => Promise<void>,
): Promise<void> {
  const engine = await startTestEngine({
    ...{ ...options, embeddings: false, env: { RATE_LIMIT_READ: "off" } },
  });
  const { apiKey: key } = await engine.createUser();
  const open = await browserOf(engine.url, key);
  for (const [name, id, batches] of SESSIONS) {
    for (const json of batches) await engine.request("/sync/batch", { method: "POST", key, json });
    await engine.settle(300_000);
    const read = () => readToTheEnd(open, `/sessions/${id}`);
    await read();
    engine.resetPeaks();
    await measure(engine, name, read);
  }
  await engine.stop();
}

/**
 * Reads all pages of the hard sessions: in this process, whose CPU time is that of the functions and of the
 * engine together; and in one with a deployment's heap.
 */
async function measureSessions(): Promise<void> {
  const rows = new Map<string, string[]>();
  await withSessions({}, async (engine, name, read) => {
    const runs: PageRead[][] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await read());
    const [pages = []] = runs;
    const bytes = Math.max(...pages.map((page) => page.bytes));
    const best = pages.map((_, at) => Math.min(...runs.map((run) => run[at]?.cpuMs ?? Infinity)));
    const cpuMs = Math.max(...best);
    const userMs = Math.max(...engine.peaks().map((peak) => peak.userMs));
    rows.set(name, [
      ...[name, whole(pages.length), `${whole(bytes / 1_000)} kB`, inMs(userMs), inMs(cpuMs)],
    ]);
    require(bytes < PAGE_MAX_BYTES, `${name}: a page of ${whole(bytes)} bytes`);
    require(userMs < USER_MS_MAX, `${name}: a query of ${inMs(userMs)}`);
    require(cpuMs < USER_MS_MAX, `${name}: a page that takes ${inMs(cpuMs)}`);
  });
  await withSessions({ heapMiB: HEAP_MIB }, async (engine, name, read) => {
    await read();
    const heap = Math.max(...engine.peaks().map((peak) => peak.heapBytes ?? 0));
    rows.get(name)?.push(`${(heap / MIB).toFixed(1)} MiB`);
  });
  const best = `slowest page, best of ${RUNS}`;
  printTable(
    ["session of", "pages", "largest", "slowest query", best, "heap"],
    Array.from(rows.values()),
  );
}

/** Pages of the demonstration that a browser opens, each with the script, the icon and no image. */
const DEMO_PAGES = [
  "/",
  "/?q=index",
  "/sessions/demo-rate-limits",
  "/stats",
  "/wrapped/today",
].concat(["/shares", "/settings"]);

async function measureDemo(data: string): Promise<void> {
  const server = await startServer(data);
  const began = performance.now();
  await (await fetch(server.url, { headers: { Accept: "text/html" } })).arrayBuffer();
  const firstMs = performance.now() - began;
  await sendDemo(server.url, server.key);
  const read = await browserOf(server.url, server.key);
  const parts = [await read("/assets/app.js"), await read("/favicon.svg")];
  const shared = parts.reduce((sum, part) => sum + part.bytes, 0);
  const rows: string[][] = [];
  for (const path of DEMO_PAGES) {
    const first = await read(path);
    const again = await read(path);
    const weight = first.bytes + shared;
    rows.push([path, `${whole(weight / 1_000)} kB`, inMs(first.ms), inMs(again.ms)]);
    require(weight < WEIGHT_MAX_BYTES, `${path} has ${whole(weight)} bytes`);
  }
  printTable(["page of the demonstration", "with script and icon", "first", "again"], rows);
  console.log(`first view after the start: ${inMs(firstMs)}`);
  require(firstMs < FIRST_VIEW_MS_MAX, `the first view takes ${inMs(firstMs)}`);
  await server.end("SIGTERM");
}

const ms = (seconds: number) => `${(1_000 * seconds).toFixed(1)} ms`.padStart(10);

function measurePatterns(): void {
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
  console.log(`worst ratio ${worst.toFixed(1)}`);
  require(worst < RATIO_MAX, `four times the text takes ${worst.toFixed(1)} times as long`);
}

await measureSessions();
console.log("");
await withDataFile(measureDemo);
console.log("");
measurePatterns();
