import { readArguments, runCommand, wholeNumber } from "../console/commandLine.ts";
import { seeded } from "../../bench/random.ts";
import { ask } from "./ask.ts";
import { text } from "./corpus.ts";
import { memoryOf, startServer, withDataFile, type ServerProcess } from "./server.ts";

/**
 * `npm run bench:export`: exports many sessions by following the cursor, checks that every session and message
 * is exported exactly once (else exits with 1), and prints the server's memory, which should stay constant.
 */
interface Size {
  sessions: number;
  /** Messages of each session. */
  messages: number;
}

const MESSAGE_CHARACTERS = 300;

/** Current memory of the server, in whole MB. */
const memory = (server: ServerProcess) => Math.round(memoryOf(server.pid)?.now ?? 0);

async function fill(server: ServerProcess, size: Size): Promise<void> {
  const random = seeded(1);
  console.log(`Filling ${size.sessions} sessions with ${size.messages} messages each …`);
  for (let index = 0; index < size.sessions; index++) {
    const id = `session-${index}`;
    const sessions = [{ externalId: id, source: "pi", title: `Session ${index}` }];
    const messages = Array.from({ length: size.messages }, (_, at) => ({
      sessionExternalId: id,
      externalId: `${id}-${at}`,
      role: at % 2 === 0 ? "user" : "assistant",
      textContent: text(random, MESSAGE_CHARACTERS),
    }));
    await ask(server, "/sync/batch", { body: { sessions, messages } });
    await ask(server, `/api/sessions/${id}`, { method: "PATCH", body: { evalReady: true } });
    if (index % 200 === 199) console.log(`  ${index + 1} sessions, ${memory(server)} MB`);
  }
}

/** Returns the ids of all exported messages, with duplicates, and the number of sessions that the answers state. */
async function exportAll(server: ServerProcess): Promise<{ sessions: number; ids: string[] }> {
  const ids: string[] = [];
  const memories: number[] = [];
  const startedAt = performance.now();
  let [sessions, characters] = [0, 0];
  let cursor: string | null = null;
  do {
    const next: string = cursor === null ? "" : `&cursor=${cursor}`;
    const answer = await ask(server, `/api/export?format=jsonl${next}`);
    const content = await answer.text();
    for (const [, id = ""] of content.matchAll(/"externalId":"(session-\d+-\d+)"/g)) ids.push(id);
    sessions += Number(answer.headers.get("X-Export-Sessions"));
    characters += content.length;
    memories.push(memory(server));
    cursor = answer.headers.get("X-Export-Cursor");
  } while (cursor !== null);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const size = `${(characters / 1e6).toFixed(1)} MB in ${memories.length} answers, ${seconds} s`;
  console.log(`${sessions} sessions, ${ids.length} messages, ${size}`);
  console.log(`memory of the server after each answer, MB: ${memories.join(" ")}`);
  return { sessions, ids };
}

async function run(data: string, size: Size): Promise<void> {
  // Exports contain no vectors.
  const server = await startServer(data, ["--no-embeddings"]);
  try {
    await fill(server, size);
    const { sessions, ids } = await exportAll(server);
    const missing = size.sessions * size.messages - new Set(ids).size;
    const twice = ids.length - new Set(ids).size;
    const isComplete = sessions === size.sessions && missing === 0 && twice === 0;
    console.log(isComplete ? "complete, nothing twice" : `MISSING ${missing}, TWICE ${twice}`);
    process.exitCode = isComplete ? 0 : 1;
  } finally {
    await server.end("SIGTERM");
  }
}

const USAGE = `npm run bench:export -- [--sessions 2000] [--messages 100]`;

await runCommand(USAGE, async (args) => {
  const { values } = readArguments({
    args,
    options: {
      sessions: { type: "string", default: "2000" },
      messages: { type: "string", default: "100" },
    },
  });
  const sessions = wholeNumber("--sessions", values.sessions);
  const messages = wholeNumber("--messages", values.messages);
  await withDataFile((data) => run(data, { sessions, messages }));
});
