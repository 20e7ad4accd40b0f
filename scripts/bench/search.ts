import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { readArguments, runCommand, wholeNumber } from "../local/console/commandLine.ts";
import { bm25, meanOf, measure, type Measures } from "./searchMeasures.ts";
import { type BenchSession, queries, sessionsOf } from "./searchSet.ts";

/**
 * `npm run bench:search`: measures the quality of search over HTTP on the local engine with offline embeddings,
 * compared with plain BM25. The filler text of sessions is random and changes a few results, so the mean over
 * several seeds counts. Fails if hybrid has a lower recall at 5 than full text, or full text a lower one than
 * the baseline.
 */

const BASELINE = "bm25, 10,000 chars";
const TYPES = ["fulltext", "semantic", "hybrid"] as const;

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
    env: { RATE_LIMIT_SEARCH: "1000000" },
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
  for (const { externalId, title, projectName, messages } of sessions) {
    const response = await engine.request("/sync/batch", {
      key,
      json: {
        sessions: [{ externalId, title, projectName, source: "claude-code" }],
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

function isGoodEnough(means: Run): boolean {
  const recall = (name: string) => recallAt5(means.get(name));
  const isOrdered =
    recall("hybrid") >= recall("fulltext") && recall("fulltext") >= recall(BASELINE);
  console.log(`\nMean R@5: hybrid ≥ full text ≥ baseline: ${isOrdered ? "yes" : "NO"}`);
  return isOrdered;
}

await runCommand(USAGE, main);
