import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { Clock } from "../local/clock.ts";
import { openSqlite } from "../local/store/sqlite.ts";
import { startEngine, type RunningEngine } from "../local/engine.ts";

/** Enough sessions and messages, with their vectors, shares and log lines, that a deletion takes several steps. */
const SESSIONS = 40;
const MESSAGES = 67;

/** Steps of the deletion before the engine is stopped: about a quarter of them. */
const STEPS_BEFORE = 2;

const folder = mkdtempSync(join(tmpdir(), "opensync-deletion-"));
const data = join(folder, "local.sqlite3");
const functions = fileURLToPath(new URL("../../convex", import.meta.url));
/** One clock for all starts. It skips, so that nothing waits. */
const clock = new Clock(true);
const start = () => startEngine({ functions, data, env: {}, clock });

/** Longer than an embedding waits for a conversation to go on. */
const QUIET_MS = 60 * 60 * 1_000;

let engine: RunningEngine;
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

type User = { userId: string; apiKey: string };

async function createUser(email: string): Promise<User> {
  return (await engine.runFunction("users:createWithApiKey", { email })) as User;
}

function request(method: string, path: string, { apiKey }: User, body: object): Promise<Response> {
  const headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" };
  return fetch(engine.url + path, { method, headers, body: JSON.stringify(body) });
}

async function fill(user: User, sessions: number): Promise<void> {
  for (let s = 0; s < sessions; s++) {
    const sessionExternalId = `session-${s}`;
    const messages = Array.from({ length: MESSAGES }, (_, m) => ({
      sessionExternalId,
      externalId: `message-${m}`,
      // Ended by a prompt, so that nothing waits for minutes to see whether the answer goes on.
      role: m === 0 || m === MESSAGES - 1 ? "user" : "assistant",
      textContent: `What was said in ${s} at ${m}`,
      parts:
        m % 10 === 1 ? [{ type: "tool-call", content: { toolName: "Read", args: { m } } }] : [],
    }));
    const body = { sessions: [{ externalId: sessionExternalId, title: `Session ${s}` }], messages };
    const answer = await request("POST", "/sync/batch", user, body);
    expect(answer.status).toBe(200);
  }
  const share = await request("PATCH", "/api/sessions/session-0", user, { isPublic: true });
  expect(share.status).toBe(200);
  await engine.settle(QUIET_MS);
}

/**
 * Rows of each table in the file that hold this text anywhere, read while the engine is down; what
 * the scheduler has run is not data.
 */
function rowsWith(text: string): { [table: string]: number } {
  const file = openSqlite(data, { readOnly: true });
  try {
    const rows = file
      .prepare(
        `SELECT tables.name AS name, count(*) AS n FROM documents
         JOIN tables ON tables.number = documents.table_number
         WHERE instr(documents.json, ?) > 0 AND tables.name NOT LIKE '\\_%' ESCAPE '\\'
         GROUP BY tables.name ORDER BY tables.name`,
      )
      .all(text) as { name: string; n: number }[];
    return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
  } finally {
    file.close();
  }
}

test("an account of thousands of messages is deleted to the last row, across a restart half-way", async () => {
  engine = await start();
  const ada = await createUser("ada@example.com");
  const bob = await createUser("bob@example.com");
  await fill(ada, SESSIONS);
  await fill(bob, 2);
  await engine.stop();
  const before = rowsWith(ada.userId);
  const others = rowsWith(bob.userId);
  expect(before).toMatchObject({
    users: 1,
    sessions: SESSIONS,
    messages: SESSIONS * MESSAGES,
    sessionEmbeddings: SESSIONS,
    apiLogs: SESSIONS + 1,
  });
  // A session has two turns: its first prompt with the answers, and its last prompt.
  expect(before["messageEmbeddings"]).toBe(2 * SESSIONS);

  engine = await start();
  const hash = createHash("sha256").update(ada.apiKey).digest("hex");
  const caller = { kind: "key", hash, prefix: ada.apiKey.slice(0, 12) };
  const underWay = steps(STEPS_BEFORE);
  expect(await engine.runFunction("users:startAccountDeletion", { caller })).toBe(true);
  expect((await request("POST", "/sync/session", ada, { externalId: "late" })).status).toBe(401);
  await underWay;
  await engine.stop();
  const halfway = rowsWith(ada.userId);
  expect(halfway["messages"]).toBeLessThan(before["messages"] ?? 0);
  expect(halfway["messages"]).toBeGreaterThan(0);

  engine = await start();
  await engine.settle();
  await engine.stop();
  expect(rowsWith(ada.userId)).toEqual({});
  expect(rowsWith(bob.userId)).toEqual(others);
}, 600_000);

/** Resolves when so many steps of a deletion have ended. */
function steps(count: number): Promise<void> {
  let seen = 0;
  return new Promise((resolve) => {
    const stop = engine.onCall(({ name }) => {
      if (name === "deletion:step" && ++seen === count) {
        stop();
        resolve();
      }
    });
  });
}
