import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isJsonObject, parseJson } from "../../../convex/lib/json";
import { readArguments, runCommand, wholeNumber } from "../../local/console/commandLine.ts";
import { memoryOf, startServer } from "../../local/trials/server.ts";
import { Batch } from "../batch.ts";
import { countIn } from "../json.ts";
import { readLines } from "../lines.ts";
import { ClaudeLines } from "../tools/claude/lines.ts";
import { startImport, transcriptLines } from "./killed.ts";

const USAGE = `npm run bench:import -- [--megabytes 100] [--session-megabytes 5]
Imports an invented history into npm start, and prints how fast it was and how much memory it took. The limit of the
server is measured beside it: the same batches, made before, one after the other.`;

/** Batches that the server's own limit is measured with. */
const SERVER_BATCHES = 12;

async function writeFiles(root: string, bytes: number, sessionBytes: number): Promise<number> {
  mkdirSync(join(root, "-work-app"), { recursive: true });
  let written = 0;
  for (let n = 0; written < bytes; n++) {
    const file = createWriteStream(join(root, "-work-app", `bench-${n}.jsonl`));
    // Lines of one turn over and over would have the same ids: each block is a session's worth of its own.
    for (let block = 0, own = 0; own < sessionBytes && written < bytes; block++) {
      const text = `${transcriptLines(`bench-${n}-${block}`, 50, 300).join("\n")}\n`;
      if (!file.write(text)) await once(file, "drain");
      own += text.length;
      written += text.length;
    }
    file.end();
    await once(file, "finish");
  }
  return written;
}

/** What the server takes when nothing is read or parsed: messages and bytes a second. */
async function serverLimit(target: { url: string; key: string }, root: string) {
  const bodies = await batchesOf(join(root, "-work-app", "bench-0.jsonl"));
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

async function batchesOf(path: string): Promise<{ body: string; count: number }[]> {
  const bodies: { body: string; count: number }[] = [];
  let batch = new Batch(0);
  const transcript = { externalId: "bench-limit", host: "bench" };
  for await (const item of readLines(
    path,
    undefined,
    (memo) => new ClaudeLines(transcript, memo),
  )) {
    if (item.kind !== "message") continue;
    if (batch.isFullBefore(item.row)) {
      bodies.push({ body: batch.body(), count: batch.messageCount });
      batch = new Batch(0);
      if (bodies.length === SERVER_BATCHES) return bodies;
    }
    batch.addMessage(item.row, { path });
  }
  return [...bodies, { body: batch.body(), count: batch.messageCount }];
}

const rate = (bytes: number, messages: number) =>
  `${Math.round(messages)} messages/s, ${(bytes / 1e6).toFixed(1)} MB/s`;

async function main(args: string[]): Promise<void> {
  const options = {
    megabytes: { type: "string", default: "100" },
    "session-megabytes": { type: "string", default: "5" },
  } as const;
  const { values } = readArguments({ args, options });
  const bytes = wholeNumber("--megabytes", values.megabytes) * 1e6;
  const sessionBytes = wholeNumber("--session-megabytes", values["session-megabytes"]) * 1e6;
  const folder = mkdtempSync(join(tmpdir(), "opensync-bench-import-"));
  const server = await startServer(join(folder, "local.sqlite3"), ["--no-embeddings"]);
  try {
    const root = join(folder, "projects");
    const written = await writeFiles(root, bytes, sessionBytes);
    const limit = await serverLimit(server, root);
    console.log(
      `server alone, one request at a time: ${rate(limit.bytes, limit.messages)} (of request bodies)`,
    );
    const began = performance.now();
    const run = startImport(server, ["--json", "--state", join(folder, "state.json"), root]);
    const code = await run.ended;
    const seconds = (performance.now() - began) / 1_000;
    const json = parseJson(run.output().slice(run.output().lastIndexOf('{"url"')));
    const report = json.ok && isJsonObject(json.value) ? json.value : {};
    const tools = Array.isArray(report.tools) ? report.tools.filter(isJsonObject) : [];
    const messages = tools.reduce((sum, tool) => sum + countIn(tool, "messages"), 0);
    console.log(
      `import of ${(written / 1e6).toFixed(0)} MB, ${messages} messages: ${seconds.toFixed(1)} s, ended with ${code}`,
    );
    console.log(`import: ${rate(written / seconds, messages / seconds)} (of transcripts)`);
    console.log(
      `memory of the importer: ${countIn(report, "peakMemoryMB")} MB at its highest; of the server: ${memoryOf(server.pid)?.peak.toFixed(0)} MB`,
    );
    if (code !== 0) process.exitCode = 1;
  } finally {
    await server.end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

await runCommand(USAGE, main);
