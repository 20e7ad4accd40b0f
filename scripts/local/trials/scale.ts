import { statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { readArguments, runCommand, wholeNumber } from "../console/commandLine.ts";
import { slope } from "../../bench/budgets.ts";
import { seeded } from "../../bench/random.ts";
import { ask } from "./ask.ts";
import { message, text } from "./corpus.ts";
import { memoryOf, startServer, withDataFile, type ServerProcess } from "./server.ts";

/**
 * `npm run bench:scale`: whether operations get slower with history. Fills the engine to each size over HTTP,
 * and prints the time of each operation and its growth (log-log slope). Exits with 1 if a bound is exceeded.
 */
const BATCH = 100;
const REPEATS = 15;

interface Operation {
  name: string;
  /** The highest allowed growth, as an exponent of the number of messages. */
  maxSlope: number;
  /** Milliseconds allowed at the largest size, if bounded. */
  maxMs?: number;
  run(client: Client, round: number): Promise<void>;
}

class Client {
  /** Messages sent so far. */
  size = 0;

  constructor(readonly server: ServerProcess) {}

  async request(path: string, body?: unknown): Promise<string> {
    const answer = await ask(this.server, path, { body });
    return await answer.text();
  }

  async sendBatch(): Promise<void> {
    const messages = Array.from({ length: BATCH }, (_, i) => message(this.size + i));
    await this.request("/sync/batch", { sessions: [], messages });
    this.size += BATCH;
  }
}

const OPERATIONS: Operation[] = [
  {
    name: "message",
    maxSlope: 0.1,
    run: async (client, round) => {
      await client.request("/sync/message", message(10_000_000 + client.size * 100 + round));
    },
  },
  {
    name: `batch of ${BATCH}`,
    maxSlope: 0.1,
    maxMs: 250,
    run: (client) => client.sendBatch(),
  },
  {
    name: "list of 10",
    maxSlope: 0.1,
    run: async (client) => {
      await client.request("/api/sessions?limit=10");
    },
  },
  {
    name: "page of 100 messages",
    maxSlope: 0.1,
    run: async (client, round) => {
      await client.request(`/api/sessions/session-${round % 5}`);
    },
  },
  {
    name: "search",
    maxSlope: 0.2,
    run: async (client, round) => {
      const query = text(seeded(round + 77), 40);
      await client.request("/search", { query, type: "fulltext", limit: 10 });
    },
  },
];

/** The lower quartile, which other load on the machine hardly affects. */
function quartile(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 4)] ?? 0;
}

async function time(operation: Operation, client: Client): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < REPEATS; round++) {
    const start = performance.now();
    await operation.run(client, round);
    times.push(performance.now() - start);
  }
  return quartile(times);
}

/** Pauses, so that background work of earlier requests is not measured with the operation. */
const REST_AFTER_FILLING_MS = 6_000;
const REST_AFTER_OPERATION_MS = 1_500;

async function fill(client: Client, size: number): Promise<void> {
  const start = performance.now();
  const before = client.size;
  while (client.size < size) await client.sendBatch();
  const seconds = (performance.now() - start) / 1000;
  console.error(
    `filled to ${client.size} messages in ${seconds.toFixed(1)} s (${Math.round((client.size - before) / seconds)} a second)`,
  );
  await pause(REST_AFTER_FILLING_MS);
}

async function measure(
  client: Client,
  sizes: number[],
): Promise<Map<string, { size: number; ms: number }[]>> {
  const results = new Map(
    OPERATIONS.map(({ name }) => [name, [] as { size: number; ms: number }[]]),
  );
  // Warms up, because the first requests of a process are slower than others.
  await fill(client, BATCH);
  for (const operation of OPERATIONS) await time(operation, client);
  for (const size of sizes) {
    await fill(client, size);
    for (const operation of OPERATIONS) {
      const ms = await time(operation, client);
      results.get(operation.name)?.push({ size: client.size, ms });
      await pause(REST_AFTER_OPERATION_MS);
    }
  }
  return results;
}

function report(results: Map<string, { size: number; ms: number }[]>, sizes: number[]): boolean {
  const cells = (values: string[]) =>
    values.map((value, i) => (i === 0 ? value.padEnd(22) : value.padStart(10))).join("");
  console.log(cells(["operation (ms)", ...sizes.map(String), "slope", "allowed"]));
  let isGood = true;
  for (const { name, maxSlope, maxMs } of OPERATIONS) {
    const points = results.get(name) ?? [];
    // In microseconds, because `slope` treats values below 1 as 1.
    const grows = slope(points.map(({ size, ms }) => ({ size, value: ms * 1000 })));
    const last = points.at(-1)?.ms ?? 0;
    const isMissed = grows >= maxSlope || (maxMs !== undefined && last > maxMs);
    if (isMissed) isGood = false;
    const times = points.map(({ ms }) => ms.toFixed(1));
    const bound = maxMs === undefined ? `< ${maxSlope}` : `< ${maxSlope}, ${maxMs} ms`;
    console.log(
      `${cells([name, ...times, grows.toFixed(2)])}  ${bound}${isMissed ? "  MISSED" : ""}`,
    );
  }
  return isGood;
}

async function run(data: string, sizes: number[]): Promise<void> {
  const server = await startServer(data, ["--no-embeddings"]);
  try {
    const isGood = report(await measure(new Client(server), sizes), sizes);
    const memory = memoryOf(server.pid);
    if (memory)
      console.log(
        `memory ${memory.now.toFixed(0)} MB, at most ${memory.peak.toFixed(0)} MB (allowed: under 1024)`,
      );
    console.log(
      `data file ${(statSync(data).size / 2 ** 20).toFixed(0)} MB, start ${server.startMs.toFixed(0)} ms`,
    );
    const isSmall = memory === null || memory.peak < 1024;
    process.exitCode = isGood && isSmall ? 0 : 1;
  } finally {
    await server.end("SIGTERM");
  }
}

const USAGE = `npm run bench:scale -- [--sizes 1000,10000,100000]`;

await runCommand(USAGE, async (args) => {
  const { values } = readArguments({
    args,
    options: { sizes: { type: "string", default: "1000,10000,100000" } },
  });
  const sizes = values.sizes.split(",").map((size) => wholeNumber("--sizes", size));
  await withDataFile((data) => run(data, sizes));
});
