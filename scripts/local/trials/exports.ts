import { parseArgs } from "node:util";
import { memoryOf, startServer } from "./server.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Exports many sessions in one loop over the cursor and checks that everything came, once, with the
 * server's memory flat: `tsx scripts/local/trials/exports.ts --sessions 2000 --messages 100`.
 * Ends with 1 when a session or message is missing or comes twice.
 */
const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "2000" },
    messages: { type: "string", default: "100" },
    format: { type: "string", default: "jsonl" },
  },
});
const sessions = Number(values.sessions);
const perSession = Number(values.messages);

const folder = mkdtempSync(join(tmpdir(), "opensync-exports-"));
// 200,000 vectors are no part of an export.
const server = await startServer(join(folder, "data.sqlite"), ["--no-embeddings"]);
const headers = { Authorization: `Bearer ${server.key}`, "Content-Type": "application/json" };

/** Memory of the server now, in whole MB. */
const memory = () => Math.round(memoryOf(server.pid)?.now ?? 0);

async function send(method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
}

function conversation(id: string) {
  return Array.from({ length: perSession }, (_, index) => ({
    sessionExternalId: id,
    externalId: `${id}-${index}`,
    role: index % 2 === 0 ? "user" : "assistant",
    textContent: `Message ${index} of ${id}: why does the build fail after the update? `.repeat(3),
  }));
}

console.log(`Filling ${sessions} sessions with ${perSession} messages each …`);
for (let index = 0; index < sessions; index++) {
  const id = `session-${index}`;
  await send("POST", "/sync/batch", {
    sessions: [{ externalId: id, source: "pi", title: `Session ${index}` }],
    messages: conversation(id),
  });
  await send("PATCH", `/api/sessions/${id}`, { evalReady: true });
  if (index % 200 === 199) console.log(`  ${index + 1} sessions, ${memory()} MB`);
}

const seen = new Set<string>();
let twice = 0;
let answers = 0;
let exported = 0;
let bytes = 0;
let cursor: string | null = null;
const memories: number[] = [];
const startedAt = Date.now();
do {
  const next: string = cursor === null ? "" : `&cursor=${cursor}`;
  const answer = await fetch(`${server.url}/api/export?format=${values.format}${next}`, {
    headers,
  });
  const content = await answer.text();
  if (!answer.ok) throw new Error(`answer ${answers} was ${answer.status}: ${content}`);
  for (const [, id] of content.matchAll(/"externalId":"(session-\d+-\d+)"/g)) {
    if (id !== undefined && seen.has(id)) twice++;
    if (id !== undefined) seen.add(id);
  }
  exported += Number(answer.headers.get("X-Export-Sessions"));
  bytes += content.length;
  answers++;
  memories.push(memory());
  cursor = answer.headers.get("X-Export-Cursor");
} while (cursor !== null);

const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
console.log(
  `${exported} sessions, ${seen.size} messages, ${(bytes / 1e6).toFixed(1)} MB in ${answers} answers, ${seconds} s`,
);
console.log(`memory of the server after each answer, MB: ${memories.join(" ")}`);
await server.end("SIGTERM");
rmSync(folder, { recursive: true, force: true });
const complete = exported === sessions && seen.size === sessions * perSession && twice === 0;
console.log(complete ? "complete, nothing twice" : `NOT COMPLETE (${twice} twice)`);
process.exitCode = complete ? 0 : 1;
