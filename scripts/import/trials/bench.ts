import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isJsonObject, parseJson } from "../../../convex/lib/json";
import { readArguments, runCommand, wholeNumber } from "../../local/console/commandLine.ts";
import { memoryOf, processorMs, startServer } from "../../local/trials/server.ts";
import { Batch } from "../batch.ts";
import { discover } from "../discover.ts";
import { countIn, objectsIn } from "../json.ts";
import type { MessageRow } from "../rows.ts";
import { TOOLS } from "../tools/index.ts";
import { writeInvented, writeRepeated } from "./histories.ts";
import { startImport } from "./killed.ts";

const USAGE = `npm run bench:import -- [--megabytes 100] [--session-megabytes 5] [--short | --files folder]
Imports a history into npm start, and prints how fast it was and how much memory and processor time it took. Its
messages are as long as those of real histories; with --short they are short ones of half as many bytes, and with
--files they are the JSON lines below a folder, again and again with other ids. The limit of the server is measured
beside it: batches that were made before, one after the other.`;

/** Batches that the server's own limit is measured with. */
const SERVER_BATCHES = 12;

/** What the server takes when nothing is read or parsed: messages and bytes a second. */
async function serverLimit(target: { url: string; key: string }, root: string) {
  const bodies = await batchesOf(root);
  const began = performance.now();
  let [bytes, messages] = [0, 0];
  for (const { body, count } of bodies) {
    const answer = await fetch(`${target.url}/sync/batch`, {
      method: "POST",
      headers: { Authorization: `Bearer ${target.key}`, "Content-Type": "application/json" },
      body,
    });
    if (answer.status !== 200) throw new Error(`The server answered ${answer.status}`);
    bytes += body.length;
    messages += count;
  }
  const seconds = (performance.now() - began) / 1_000;
  return { bytes: bytes / seconds, messages: messages / seconds };
}

/** The first batches of a history, in sessions of their own. */
async function batchesOf(root: string): Promise<{ body: Buffer<ArrayBuffer>; count: number }[]> {
  const bodies: { body: Buffer<ArrayBuffer>; count: number }[] = [];
  let batch = new Batch(0);
  for await (const row of messagesBelow(root)) {
    if (batch.isFullBefore(row)) {
      bodies.push({ body: batch.body(), count: batch.messageCount });
      batch = new Batch(0);
      if (bodies.length === SERVER_BATCHES) return bodies;
    }
    batch.addMessage({ ...row, sessionExternalId: `limit-${row.sessionExternalId}` }, NO_ORIGIN);
  }
  return [...bodies, { body: batch.body(), count: batch.messageCount }];
}

const NO_ORIGIN = { path: "" };

async function* messagesBelow(root: string): AsyncGenerator<MessageRow> {
  const places = { home: root, env: {}, host: "bench", isNamed: true };
  for (const tool of TOOLS)
    for (const history of (await discover(tool, places, [root])).histories)
      for await (const item of history.read(undefined)) if (item.kind === "message") yield item.row;
}

const rate = (bytes: number, messages: number) =>
  `${Math.round(messages)} messages/s, ${(bytes / 1e6).toFixed(1)} MB/s`;

async function main(args: string[]): Promise<void> {
  const options = {
    megabytes: { type: "string", default: "100" },
    "session-megabytes": { type: "string", default: "5" },
    short: { type: "boolean", default: false },
    files: { type: "string" },
  } as const;
  const { values } = readArguments({ args, options });
  const bytes = wholeNumber("--megabytes", values.megabytes) * 1e6;
  const sessionBytes = wholeNumber("--session-megabytes", values["session-megabytes"]) * 1e6;
  const folder = mkdtempSync(join(tmpdir(), "opensync-bench-import-"));
  const root = join(folder, "projects");
  const server = await startServer(join(folder, "local.sqlite3"), ["--no-embeddings"]);
  try {
    const written =
      values.files === undefined
        ? await writeInvented(root, values.short ? "short" : "real", { bytes, sessionBytes })
        : writeRepeated(root, values.files, bytes);
    const limit = await serverLimit(server, root);
    console.log(
      `server alone, one request at a time: ${rate(limit.bytes, limit.messages)} (of request bodies)`,
    );
    const spentBefore = processorMs(server.pid);
    const began = performance.now();
    const run = startImport(server, ["--json", "--state", join(folder, "state.json"), root]);
    const code = await run.ended;
    const seconds = (performance.now() - began) / 1_000;
    printImport({ output: run.output(), written, seconds, code });
    const spent = processorMs(server.pid) - spentBefore;
    console.log(
      `server: ${processor(spent, written)}, ${memoryOf(server.pid)?.peak.toFixed(0)} MB of memory`,
    );
    if (code !== 0) process.exitCode = 1;
  } finally {
    await server.end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

type Imported = { output: string; written: number; seconds: number; code: number | null };

function printImport({ output, written, seconds, code }: Imported): void {
  const json = parseJson(output.slice(output.lastIndexOf('{"url"')));
  const report = json.ok && isJsonObject(json.value) ? json.value : {};
  const messages = objectsIn(report, "tools").reduce(
    (sum, tool) => sum + countIn(tool, "messages"),
    0,
  );
  console.log(
    `import of ${(written / 1e6).toFixed(0)} MB, ${messages} messages of ${Math.round(written / messages)} bytes: ${seconds.toFixed(1)} s, ended with ${code}`,
  );
  console.log(`import: ${rate(written / seconds, messages / seconds)} (of transcripts)`);
  const spent = processor(countIn(report, "processorMs"), written);
  console.log(`importer: ${spent}, ${countIn(report, "peakMemoryMB")} MB of memory at its highest`);
}

/** Processor time, which other programs on the machine change less than the time that passed. */
const processor = (ms: number, bytes: number) =>
  `${(ms / 1_000).toFixed(1)} s of a processor, ${(ms / (bytes / 1e6)).toFixed(0)} ms a MB`;

await runCommand(USAGE, main);
