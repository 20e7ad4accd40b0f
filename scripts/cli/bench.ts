import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { seeded } from "../bench/random.ts";
import { printTable } from "../bench/table.ts";
import { readArguments, runCommand, wholeNumber } from "../local/console/commandLine.ts";
import { ask } from "../local/trials/ask.ts";
import { message, text } from "../local/trials/corpus.ts";
import { startServer, withDataFile, type ServerProcess } from "../local/trials/server.ts";

/**
 * `npm run bench:cli`: how long `opensync search` takes on a long history, from the start of its process to its
 * end, and how much of it is the server's answer. Exits with 1 if the median is above 300 ms.
 */
const MEDIAN_MS_MAX = 300;
const BATCH = 500;
const REPEATS = 21;
/** Embedding waits until turns are quiet, and is not to be measured with the searches. */
const REST_MS = 5_000;

const CLI = fileURLToPath(new URL("opensync.mjs", import.meta.url));
const run = promisify(execFile);

async function fill(server: ServerProcess, count: number): Promise<void> {
  for (let first = 0; first < count; first += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) =>
      message(first + i),
    );
    await ask(server, "/sync/batch", { body: { sessions: [], messages } });
  }
}

/** Waits until every session is embedded. */
async function whenEmbedded(server: ServerProcess): Promise<void> {
  for (;;) {
    const query = new URLSearchParams({ q: "anything", type: "semantic", limit: "1" });
    const answer = await ask(server, `/api/search?${query.toString()}`);
    const { pending } = (await answer.json()) as { pending?: number };
    if (!pending) return;
    await pause(REST_MS);
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs each kind of measurement in turn, so that other load of the machine meets all of them. */
async function measure(server: ServerProcess, round: number): Promise<[string, number][]> {
  const query = text(seeded(round + 77), 24);
  const env = { PATH: process.env["PATH"], OPENSYNC_URL: server.url, OPENSYNC_API_KEY: server.key };
  const cli = (...args: string[]) => run(process.execPath, [CLI, ...args], { env });
  const path = `/api/search?${new URLSearchParams({ q: query, limit: "10" }).toString()}`;
  return [
    ["`node -e 0`", await timeOf(() => run(process.execPath, ["-e", "0"]))],
    ["`opensync --help`", await timeOf(() => cli("--help"))],
    ["the server's answer", await timeOf(async () => (await ask(server, path)).text())],
    [`\`opensync search\``, await timeOf(() => cli("search", query))],
  ];
}

async function bench(data: string, count: number, args: string[]): Promise<void> {
  const server = await startServer(data, args);
  try {
    await fill(server, count);
    if (args.length === 0) await whenEmbedded(server);
    await pause(REST_MS);
    await measure(server, 0);
    const times = new Map<string, number[]>();
    for (let round = 1; round <= REPEATS; round++)
      for (const [name, ms] of await measure(server, round))
        times.set(name, [...(times.get(name) ?? []), ms]);
    const at = (values: number[], share: number) =>
      [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
    const rows = [...times].map(([name, values]) => [
      name,
      ...[0.25, 0.5, 0.9].map((share) => `${at(values, share).toFixed(0)} ms`),
    ]);
    printTable([`${count} messages`, "quartile", "median", "nine of ten within"], rows);
    const median = at(times.get("`opensync search`") ?? [], 0.5);
    process.exitCode = median <= MEDIAN_MS_MAX ? 0 : 1;
  } finally {
    await server.end("SIGTERM");
  }
}

const USAGE = "npm run bench:cli -- [--messages 40000] [--no-embeddings]";

await runCommand(USAGE, async (args) => {
  const { values } = readArguments({
    args,
    options: {
      messages: { type: "string", default: "40000" },
      "no-embeddings": { type: "boolean", default: false },
    },
  });
  const count = wholeNumber("--messages", values.messages);
  await withDataFile((data) =>
    bench(data, count, values["no-embeddings"] ? ["--no-embeddings"] : []),
  );
});
