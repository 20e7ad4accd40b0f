import { setTimeout as pause } from "node:timers/promises";
import { seeded } from "../../bench/random.ts";
import { openSqlite, pragma } from "../store/sqlite.ts";
import { messagesOf } from "./messages.ts";
import { startServer, withDataFile, type ServerProcess } from "./server.ts";

/** The result of one crash trial. */
interface CrashReport {
  requests: number;
  acknowledged: number;
  kills: number;
  /** Answers other than 200, by status; these messages need not be stored. */
  refused: Record<string, number>;
  /** Acknowledged messages that were missing, incomplete or duplicated. */
  lost: string[];
  /** Scheduled work that did not resume. */
  unsettled: string[];
  isSound: boolean;
}

interface Sent {
  session: string;
  id: string;
  text: string;
  isAcknowledged: boolean;
}

const ARGS = ["--no-embeddings", "--strict"];
const SESSIONS = 10;
const PARALLEL = 16;

function newMessage(i: number): Sent {
  const text = `message ${i}: ${"ä whole text with some length ".repeat(1 + (i % 20))}end ${i}`;
  return {
    session: `crash-${i % SESSIONS}`,
    id: `crash-message-${i}`,
    text,
    isAcknowledged: false,
  };
}

async function send(server: ServerProcess, message: Sent): Promise<number> {
  const answer = await fetch(`${server.url}/sync/message`, {
    method: "POST",
    headers: { Authorization: `Bearer ${server.key}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      sessionExternalId: message.session,
      externalId: message.id,
      role: "user",
      textContent: message.text,
      parts: [{ type: "tool-call", content: { toolName: "Echo", args: { text: message.text } } }],
    }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Sends messages in parallel until all are sent or the server has ended. */
async function sendAll(
  server: ServerProcess,
  waiting: Sent[],
  refused: Record<string, number>,
): Promise<void> {
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        const status = await send(server, next);
        next.isAcknowledged = status === 200;
        if (status !== 200) refused[status] = (refused[status] ?? 0) + 1;
      } catch {
        // The server was killed during the request: the message may be stored or not, and is not sent again.
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

interface Stored {
  externalId: string;
  textContent: string;
  parts: { content: { args?: { text?: string } } }[];
}

async function get({ url, key }: ServerProcess, path: string) {
  const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${key}` } });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

const readSession = (server: ServerProcess, session: string) =>
  messagesOf<Stored>((path) => get(server, path), session);

/** Finds acknowledged messages that are missing, damaged or duplicated. */
async function findLost(server: ServerProcess, sent: Sent[]): Promise<string[]> {
  const stored = new Map<string, Stored[]>();
  for (let i = 0; i < SESSIONS; i++)
    for (const message of await readSession(server, `crash-${i}`))
      stored.set(message.externalId, [...(stored.get(message.externalId) ?? []), message]);
  const problem = ({ id, text, isAcknowledged }: Sent): string | null => {
    const found = stored.get(id) ?? [];
    if (found.length > 1) return `${id} is there ${found.length} times`;
    const [message] = found;
    if (message === undefined) return isAcknowledged ? `${id} is not there` : null;
    const isWhole = message.textContent === text && message.parts[0]?.content.args?.text === text;
    return isWhole ? null : `${id} is damaged`;
  };
  return sent.map(problem).filter((found) => found !== null);
}

/** Finds sessions that the scheduled refresh has not updated. */
async function findUnsettled(server: ServerProcess): Promise<string[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const behind: string[] = [];
    for (let i = 0; i < SESSIONS; i++) {
      const session = `crash-${i}`;
      const count = (await readSession(server, session)).length;
      const { body } = await get(server, "/api/sessions?limit=200");
      const { sessions } = body as { sessions: { externalId: string; messageCount: number }[] };
      const listed = sessions.find(({ externalId }) => externalId === session)?.messageCount ?? 0;
      if (listed !== count) behind.push(`${session}: ${listed} counted, ${count} stored`);
    }
    if (behind.length === 0 || Date.now() > deadline) return behind;
    await pause(300);
  }
}

/** Runs SQLite's integrity check on the closed file. */
export function isSound(data: string): boolean {
  const db = openSqlite(data, { readOnly: true });
  try {
    return pragma(db, "integrity_check") === "ok";
  } finally {
    db.close();
  }
}

interface CrashOptions {
  kills: number;
  requestsPerKill: number;
  seed: number;
  onKill?: (kill: number, acknowledged: number) => void;
}

/**
 * Kills the server with SIGKILL at random times while messages arrive in parallel, restarts it with the same
 * file each time, and checks what is stored.
 */
export async function crash(options: CrashOptions): Promise<CrashReport> {
  return await withDataFile((data) => crashOn(data, options));
}

const acknowledged = (sent: Sent[]) => sent.filter((message) => message.isAcknowledged).length;

async function crashOn(data: string, options: CrashOptions): Promise<CrashReport> {
  const { kills, requestsPerKill, seed, onKill } = options;
  const random = seeded(seed);
  const sent: Sent[] = [];
  const lost: string[] = [];
  const refused: Record<string, number> = {};
  let server = await startServer(data, ARGS);
  try {
    for (let kill = 0; kill < kills; kill++) {
      const burst = Array.from({ length: requestsPerKill }, (_, i) => newMessage(sent.length + i));
      sent.push(...burst);
      const sending = sendAll(server, [...burst], refused);
      const killAfter = Math.floor(random() * requestsPerKill);
      let isThrough = false;
      void sending.then(() => (isThrough = true));
      while (acknowledged(burst) < killAfter && !isThrough) await pause(1);
      // Varies the time between the last answer and the kill.
      await pause(random() * 15);
      await server.end("SIGKILL");
      await sending;
      onKill?.(kill + 1, acknowledged(sent));
      server = await startServer(data, ARGS);
      lost.push(...(await findLost(server, sent)));
    }
    const unsettled = await findUnsettled(server);
    await server.end("SIGTERM");
    return {
      ...{ requests: sent.length, acknowledged: acknowledged(sent), kills },
      ...{ refused, lost, unsettled, isSound: isSound(data) },
    };
  } finally {
    await server.end("SIGKILL");
  }
}
