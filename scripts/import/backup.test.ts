import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine, type TestUser } from "../local/testing.ts";
import { answersOf, largeMessages, reports, variedSession } from "./backup.fixture.ts";
import { hasSamples, runImport, SAMPLES, temporaryFolder } from "./testing.fixture.ts";

/** A backup with `GET /api/export?all=true`, brought back with `npm run import -- file.jsonl`. */

/** Enough for every value of each list in the generator. `OPENSYNC_BACKUP_SESSIONS=1000` takes minutes. */
const SESSIONS = Number(process.env["OPENSYNC_BACKUP_SESSIONS"] ?? 40);
/** Sessions in one request. */
const BATCH = 15;
const folder = temporaryFolder();
const file = join(folder.path, "backup.jsonl");
let engine: TestEngine;
let ada: TestUser;
let restored: TestUser;
let ids: string[];

async function send(key: string, path: string, json: unknown, method = "POST") {
  const answer = await engine.request(path, { key, json, method });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/** Does something with each of these, several at once. */
async function inParallel<One>(all: readonly One[], act: (one: One) => Promise<void>) {
  const waiting = [...all];
  const work = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await act(one);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

/** Writes all answers of an export to a file, as `opensync export --all -o file` does. */
async function backUp(key: string, path: string): Promise<void> {
  for (let cursor: string | null = ""; cursor !== null;) {
    const query = `all=true&format=jsonl${cursor && `&cursor=${cursor}`}`;
    const answer: Response = await engine.request(`/api/export?${query}`, { key });
    expect(answer.status).toBe(200);
    for (const header of ["X-Export-Skipped", "X-Export-Cut", "X-Export-Incomplete"])
      expect(answer.headers.get(header)).toBeNull();
    appendFileSync(path, await answer.text());
    cursor = answer.headers.get("X-Export-Cursor");
  }
}

async function fill(key: string): Promise<void> {
  const all = Array.from({ length: SESSIONS }, (_, at) => variedSession(at));
  for (let at = 0; at < all.length; at += BATCH) {
    const some = all.slice(at, at + BATCH);
    await send(key, "/sync/batch", {
      // Some plugins report once more, with another number.
      sessions: some.flatMap(({ session }, n) =>
        n % 7 === 0 && reports(at + n)
          ? [session, { externalId: session.externalId, promptTokens: 321 }]
          : [session],
      ),
      messages: some.flatMap(({ messages }) => messages),
    });
  }
  // A message that was sent in two halves.
  for (const { session } of all.slice(0, 15)) {
    const ids = { sessionExternalId: session.externalId, externalId: "halves" };
    const message = { ...ids, createdAt: Date.UTC(2026, 9, 1, 12) };
    await send(key, "/sync/message", { ...message, role: "assistant", textContent: "first half" });
    await send(key, "/sync/message", { ...message, parts: [{ type: "text", text: "second" }] });
  }
  for (const message of largeMessages("large")) await send(key, "/sync/message", message);
  await engine.settle();
  await inParallel(all, async ({ session, review }) => {
    const path = `/api/sessions/${encodeURIComponent(session.externalId)}`;
    if (Object.keys(review).length > 0) await send(key, path, review, "PATCH");
  });
  const { session } = variedSession(1);
  await send(key, `/api/sessions/${encodeURIComponent(session.externalId)}`, {}, "DELETE");
}

beforeAll(async () => {
  engine = await startTestEngine({
    embeddings: false,
    env: { RATE_LIMIT_READ: "off", RATE_LIMIT_SYNC: "off", RATE_LIMIT_EXPORT: "off" },
  });
  [ada, restored] = [await engine.createUser(), await engine.createUser()];
  await fill(ada.apiKey);
  if (hasSamples) {
    const to = { url: engine.url, key: ada.apiKey };
    await runImport(to, [SAMPLES], join(folder.path, "samples.json"));
  }
  await engine.settle();
  const listed = await engine.request("/sync/sessions/list", { key: ada.apiKey });
  ids = ((await listed.json()) as { sessionIds: string[] }).sessionIds;
}, 300_000);
afterAll(async () => {
  await engine.stop();
  folder.remove();
});

test("a backup of all sessions comes back equal, byte by byte, but for our ids and times of arrival", async () => {
  await backUp(ada.apiKey, file);
  const to = { url: engine.url, key: restored.apiKey };
  const { tallies } = await runImport(to, [file], join(folder.path, "state.json"));
  expect(tallies.map(({ label, faults, shortened }) => [label, faults, shortened])).toEqual([
    ["OpenSync export", [], 0],
  ]);
  await engine.settle();
  expect(ids.length).toBeGreaterThanOrEqual(SESSIONS - 1);
  const different: string[] = [];
  await inParallel([...ids, "large"], async (id) => {
    const before = await answersOf(engine, ada.apiKey, id);
    const after = await answersOf(engine, restored.apiKey, id);
    if (after.join() !== before.join()) different.push(id);
  });
  expect(different).toEqual([]);
}, 300_000);
