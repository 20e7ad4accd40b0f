import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../local/store/sqlite.ts";
import { startTestEngine } from "../local/testing.ts";
import { countingServer } from "./countingServer.fixture.ts";
import { inventedHomes, time } from "./invented.fixture.ts";
import { readImportOptions } from "./options.ts";
import type { Places } from "./rows.ts";
import { type Run, watch } from "./run.ts";
import { Server } from "./server.ts";
import { State } from "./state.ts";
import { readSession } from "./testing.fixture.ts";

/** `--watch`: what is new arrives while it is written, and a server may be gone for any time. */

const { folder, homeWith } = inventedHomes();

function runOver(places: Places, server: Server, name: string): Run {
  return {
    options: readImportOptions(["--watch"], {}, Date.now()),
    ...{ places, server },
    state: State.read(join(folder.path, `${name}.json`)),
  };
}

const TRANSCRIPT = ".claude/projects/-w/s.jsonl";
const prompt = (uuid: string) => ({
  ...{ type: "user", uuid, sessionId: "s", timestamp: time(1) },
  message: { role: "user", content: uuid },
});

describe("a server that is gone while the importer watches", () => {
  /** Longer than the server may be gone for an import that does not watch. */
  const IMPATIENCE_MS = 50;

  test("is waited for, said once, and gets what it missed, each message once", async () => {
    const target = await countingServer();
    const places = homeWith({ [TRANSCRIPT]: [prompt("a")] });
    const server = new Server(target.url, "k", { unreachableMs: IMPATIENCE_MS });
    const stop = new AbortController();
    const said: string[] = [];
    server.waitForever(stop.signal, (text) => said.push(text));
    const watching = watch(runOver(places, server, "gone"), stop.signal, () => undefined);
    await expect.poll(() => target.received).toEqual(["a"]);
    await target.stop();
    appendFileSync(join(places.home, TRANSCRIPT), `${JSON.stringify(prompt("b"))}\n`);
    await expect.poll(() => said.length, { timeout: 10_000 }).toBe(1);
    // Several tries fail before the server is back.
    await new Promise((resolve) => setTimeout(resolve, 20 * IMPATIENCE_MS));
    await target.start();
    await expect.poll(() => target.received, { timeout: 10_000 }).toEqual(["a", "b"]);
    // The server has the message before its answer is read.
    await expect.poll(() => said.length).toBe(2);
    stop.abort();
    await watching;
    expect(said).toEqual([
      expect.stringMatching(/cannot be reached: .*ECONNREFUSED.*Waiting for it/),
      expect.stringContaining("answers again"),
    ]);
  }, 30_000);

  test("does not keep Ctrl-C from ending it", async () => {
    const target = await countingServer();
    await target.stop();
    const places = homeWith({ [TRANSCRIPT]: [prompt("a")] });
    const server = new Server(target.url, "k", { unreachableMs: IMPATIENCE_MS });
    const stop = new AbortController();
    const said: string[] = [];
    server.waitForever(stop.signal, (text) => said.push(text));
    const watching = watch(runOver(places, server, "ended"), stop.signal, () => undefined);
    await expect.poll(() => said.length).toBe(1);
    stop.abort();
    await watching;
    expect(target.received).toEqual([]);
  });

  test("ends an import that does not watch", async () => {
    const target = await countingServer();
    await target.stop();
    const server = new Server(target.url, "k", { unreachableMs: IMPATIENCE_MS });
    await expect(server.sessionIds()).rejects.toThrow("cannot be reached");
  });
});

test("while sessions of all tools are written, each message arrives before the next, and none twice", async () => {
  const engine = await startTestEngine({ embeddings: false });
  onTestFinished(() => engine.stop());
  const { apiKey: key } = await engine.createUser();
  const places = homeWith({});
  const at = (path: string) => {
    mkdirSync(dirname(join(places.home, path)), { recursive: true });
    return join(places.home, path);
  };
  const append = (path: string, line: object) => {
    appendFileSync(at(path), `${JSON.stringify(line)}\n`);
  };
  const db = openSqlite(at(".local/share/opencode/opencode.db"));
  onTestFinished(() => {
    db.close();
  });
  db.exec(
    `PRAGMA journal_mode = WAL; CREATE TABLE session (id, title, time_created, time_updated);
     CREATE TABLE message (id, session_id, time_created, time_updated, data);
     CREATE TABLE part (id, message_id, session_id, time_updated, data);
     INSERT INTO session VALUES ('opencode', 'T', 1, 1)`,
  );
  const text = (type: string, n: number) => [{ type, text: `words ${n}` }];
  const rollout = ".codex/sessions/2026/10/01/rollout-2026-10-01T07-00-00-codex.jsonl";
  const events = ".copilot/session-state/copilot/events.jsonl";
  const piFile = ".pi/agent/sessions/--w--/2026-10-01T07-00-00-000Z_pi.jsonl";
  const droid = ".factory/sessions/-w/droid.jsonl";
  const chat = ".gemini/tmp/w/chats/session-gemini.jsonl";
  append(rollout, { type: "session_meta", timestamp: time(0), payload: { id: "codex" } });
  append(piFile, { type: "session", version: 3, id: "pi", timestamp: time(0) });
  append(droid, { type: "session_start", id: "droid" });
  append(chat, { sessionId: "gemini" });
  /** How each tool writes its next message. */
  const writers: { [session: string]: (n: number) => void } = {
    claude: (n) => {
      append(".claude/projects/-w/claude.jsonl", { ...prompt(`u${n}`), timestamp: time(n) });
    },
    codex: (n) => {
      const content = text(n % 2 ? "output_text" : "input_text", n);
      const payload = { type: "message", role: n % 2 ? "assistant" : "user", content };
      append(rollout, { type: "response_item", timestamp: time(n), payload });
    },
    copilot: (n) => {
      const type = n % 2 ? "assistant.message" : "user.message";
      append(events, { type, id: `e${n}`, timestamp: time(n), data: { content: `words ${n}` } });
    },
    pi: (n) => {
      const message = { role: n % 2 ? "assistant" : "user", content: text("text", n) };
      append(piFile, { type: "message", id: `p${n}`, timestamp: time(n), message });
    },
    droid: (n) => {
      const message = { role: n % 2 ? "assistant" : "user", content: text("text", n) };
      append(droid, { type: "message", id: `d${n}`, timestamp: time(n), message });
    },
    gemini: (n) => {
      const type = n % 2 ? "gemini" : "user";
      append(chat, { id: `g${n}`, type, timestamp: time(n), content: `words ${n}` });
    },
    opencode: (n) => {
      const data = { role: n % 2 ? "assistant" : "user", time: { created: n } };
      db.prepare("INSERT INTO message VALUES (?, 'opencode', ?, ?, ?)").run(
        ...([`msg_${n}`, n, n, JSON.stringify(data)] as const),
      );
      db.prepare("INSERT INTO part VALUES (?, ?, 'opencode', ?, ?)").run(
        ...([`prt_${n}`, `msg_${n}`, n, JSON.stringify(text("text", n)[0])] as const),
      );
    },
  };
  const sessions = Object.keys(writers);
  const stored = async () => {
    const counts = sessions.map(async (id) => {
      const answer = await engine.request(`/api/sessions/${id}`, { key });
      return answer.status === 200 ? (await readSession(engine, key, id)).messages.length : 0;
    });
    return await Promise.all(counts);
  };
  const stop = new AbortController();
  const run = runOver(places, new Server(engine.url, key), "all");
  let inserted = 0;
  const watching = watch(run, stop.signal, ({ tallies }) => {
    for (const tally of tallies) inserted += tally.stored.inserted;
  });
  for (let n = 1; n <= 5; n++) {
    for (const write of Object.values(writers)) write(n);
    await expect.poll(stored, { timeout: 20_000, interval: 100 }).toEqual(sessions.map(() => n));
  }
  stop.abort();
  await watching;
  expect(inserted).toBe(5 * sessions.length);
}, 120_000);
