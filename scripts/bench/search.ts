import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { readArguments, runCommand, wholeNumber } from "../local/console/commandLine.ts";
import { bm25, meanOf, measure, type Measures } from "./searchMeasures.ts";
import { type BenchSession, queries, sessionsOf } from "./searchSet.ts";

/**
 * `npm run bench:search`: measures the quality of search over HTTP on the local engine with offline embeddings,
 * compared with plain BM25. The filler text of sessions is random and changes a few results, so the mean over
 * several seeds counts. Fails if hybrid has a lower recall at 5 than full text, full text a lower one than the
 * baseline, or `/api/context` less than nine tenths of hybrid's.
 */

const BASELINE = "bm25, 10,000 chars";
const TYPES = ["fulltext", "semantic", "hybrid"] as const;

/** The share of hybrid's recall at 5 that `/api/context` must reach, whose answer has room for few sessions. */
const CONTEXT_SHARE = 0.9;

/** Longer than the pause after which the last turn of a conversation is embedded. */
const NOTHING_DUE_WITHIN_MS = 60_000;

const USAGE = "npm run bench:search -- [--seeds 3]";

/** The measures of each search, by kind of query. */
type Run = Map<string, Map<string, Measures>>;

async function main(args: string[]): Promise<void> {
  const options = { seeds: { type: "string", default: "3" } } as const;
  const { values } = readArguments({ args, options });
  const count = wholeNumber("--seeds", values.seeds);
  const runs: Run[] = [];
  for (let seed = 0; seed < count; seed++) {
    const run = await measureSeed(sessionsOf(seed));
    const recalls = [...run].map(([name, found]) => `${name} ${recallAt5(found).toFixed(3)}`);
    console.log(`seed ${seed}, R@5: ${recalls.join("; ")}`);
    runs.push(run);
  }
  const means = new Map(
    [...(runs[0]?.keys() ?? [])].map((name) => [
      name,
      meanOf(runs.flatMap((run) => run.get(name) ?? [])),
    ]),
  );
  print(means);
  process.exitCode = isGoodEnough(means) ? 0 : 1;
}

async function measureSeed(sessions: readonly BenchSession[]): Promise<Run> {
  // The benchmark must not reach the rate limit.
  const engine = await startTestEngine({
    env: { RATE_LIMIT_SEARCH: "off" },
    limits: { mode: "enforce", writeBytesPerSecond: Infinity },
  });
  try {
    const { apiKey: key } = await engine.createUser();
    await upload(engine, key, sessions);
    await engine.settle(NOTHING_DUE_WITHIN_MS);
    const run: Run = new Map([[BASELINE, await measure(queries, bm25(sessions))]]);
    for (const type of TYPES) {
      run.set(type, await measure(queries, (query) => search(engine, key, type, query)));
    }
    run.set("context", await measure(queries, (query) => context(engine, key, query)));
    return run;
  } finally {
    await engine.stop();
  }
}

async function upload(
  engine: TestEngine,
  key: string,
  sessions: readonly BenchSession[],
): Promise<void> {
  for (const { messages, ...session } of sessions) {
    const { externalId } = session;
    const response = await engine.request("/sync/batch", {
      key,
      json: {
        sessions: [{ ...session, source: "claude-code" }],
        messages: messages.map((message) => ({ ...message, sessionExternalId: externalId })),
      },
    });
    if (!response.ok) throw new Error(`Upload answered ${response.status}`);
  }
}

async function search(engine: TestEngine, key: string, type: string, query: string) {
  const response = await engine.request("/search", { key, json: { query, type, limit: 10 } });
  if (!response.ok) throw new Error(`Search answered ${response.status}: ${await response.text()}`);
  const { results } = (await response.json()) as { results: { externalId: string }[] };
  return results.map((result) => result.externalId);
}

/** The sessions of the passages that an agent would be given, in their order. */
async function context(engine: TestEngine, key: string, query: string) {
  const path = `/api/context?q=${encodeURIComponent(query)}&format=json`;
  const response = await engine.request(path, { key });
  if (!response.ok)
    throw new Error(`Context answered ${response.status}: ${await response.text()}`);
  const { context: passages } = (await response.json()) as { context: { externalId: string }[] };
  return Array.from(new Set(passages.map(({ externalId }) => externalId)));
}

function print(means: Run): void {
  console.log(`\nMeans over the seeds, ${queries.length} queries each; R@1 R@5 MRR@10\n`);
  for (const [kind, { count }] of means.get(BASELINE) ?? []) {
    console.log(`${kind} (${count})`);
    for (const [name, measures] of means) {
      const found = measures.get(kind);
      if (found === undefined) continue;
      const numbers = [found.recallAt1, found.recallAt5, found.mrrAt10].map((n) => n.toFixed(3));
      console.log(`  ${name.padEnd(20)} ${numbers.join("  ")}`);
    }
  }
}

function recallAt5(measures: ReadonlyMap<string, Measures> | undefined): number {
  return measures?.get("all")?.recallAt5 ?? 0;
}

/** Whether each search is at least as good as the simpler one, of every kind of query and in total. */
function isGoodEnough(means: Run): boolean {
  const failures: string[] = [];
  const expectOrder = (kind: string, better: string, worse: string, share = 1) => {
    const [high, low] = [better, worse].map((name) => means.get(name)?.get(kind)?.recallAt5 ?? 0);
    if ((high ?? 0) < share * (low ?? 0)) {
      failures.push(
        `${kind}: ${better} ${high?.toFixed(3)} < ${share} × ${worse} ${low?.toFixed(3)}`,
      );
    }
  };
  for (const kind of means.get(BASELINE)?.keys() ?? []) {
    expectOrder(kind, "hybrid", "fulltext");
    expectOrder(kind, "fulltext", BASELINE);
  }
  expectOrder("all", "context", "hybrid", CONTEXT_SHARE);
  const rule = `R@5: hybrid ≥ full text ≥ baseline of every kind, context ≥ ${CONTEXT_SHARE} × hybrid`;
  console.log(`\n${rule}: ${failures.length === 0 ? "yes" : "NO"}`);
  for (const failure of failures) console.log(`  ${failure}`);
  return failures.length === 0;
}

await runCommand(USAGE, main);
