import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { readArguments, runCommand } from "../local/console/commandLine.ts";
import { bm25, measure, type Measures } from "./searchMeasures.ts";
import { queries, sessions } from "./searchSet.ts";

/**
 * `npm run bench:search`: how well search finds again what was synced, over HTTP on the local engine
 * with its offline embeddings, against plain BM25. Fails when hybrid finds less than full text in the
 * first five, or full text less than the baseline.
 */

const TYPES = ["fulltext", "semantic", "hybrid"] as const;

/** Longer than the rest after which the last run of a conversation is embedded. */
const NOTHING_DUE_WITHIN_MS = 60_000;

const USAGE = "npm run bench:search, without options";

async function main(args: string[]): Promise<void> {
  readArguments({ args, options: {} });
  // The benchmark asks faster than any person; its limit is not what is measured.
  const engine = await startTestEngine({ env: { RATE_LIMIT_SEARCH: "1000000" } });
  try {
    const { apiKey: key } = await engine.createUser();
    await upload(engine, key);
    await engine.settle(NOTHING_DUE_WITHIN_MS);
    const rows: [string, Map<string, Measures>][] = [
      ["bm25, 10,000 chars", await measure(queries, bm25(sessions))],
    ];
    for (const type of TYPES) {
      rows.push([type, await measure(queries, (query) => search(engine, key, type, query))]);
    }
    print(rows);
    process.exitCode = isGoodEnough(new Map(rows)) ? 0 : 1;
  } finally {
    await engine.stop();
  }
}

async function upload(engine: TestEngine, key: string): Promise<void> {
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

function print(rows: readonly [string, Map<string, Measures>][]): void {
  const kinds = [...(rows[0]?.[1].keys() ?? [])];
  console.log(`${sessions.length} sessions, ${queries.length} queries; R@1 R@5 MRR@10\n`);
  for (const kind of kinds) {
    console.log(`${kind} (${rows[0]?.[1].get(kind)?.count ?? 0})`);
    for (const [name, measures] of rows) {
      const found = measures.get(kind);
      if (found === undefined) continue;
      const numbers = [found.recallAt1, found.recallAt5, found.mrrAt10].map((n) => n.toFixed(3));
      console.log(`  ${name.padEnd(20)} ${numbers.join("  ")}`);
    }
  }
}

function isGoodEnough(rows: ReadonlyMap<string, Map<string, Measures>>): boolean {
  const recall = (name: string) => rows.get(name)?.get("all")?.recallAt5 ?? 0;
  const inOrder = [recall("hybrid"), recall("fulltext"), recall("bm25, 10,000 chars")];
  const isOrdered = inOrder.every((value, i) => i === 0 || value <= (inOrder[i - 1] ?? 0));
  console.log(`\nR@5: hybrid ≥ full text ≥ baseline: ${isOrdered ? "yes" : "NO"}`);
  return isOrdered;
}

await runCommand(USAGE, main);
