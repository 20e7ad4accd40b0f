import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../local/testing.ts";

/**
 * A data file written by version 1 (commit 9e0019f): its own `npm start`, its own requests, and a process
 * that was killed before it had counted the last messages. `answers.json` is what version 1 answered
 * shortly before. Its key and the secret of its tokens were taken out of the file.
 */

type Message = {
  externalId: string;
  promptTokens?: number;
  completionTokens?: number;
  [field: string]: unknown;
};
type Session = { messages: Message[]; promptTokens?: number; [field: string]: unknown };

const recorded = (name: string) =>
  gunzipSync(readFileSync(new URL(`version1/${name}.gz`, import.meta.url)));

const answers = JSON.parse(recorded("answers.json").toString("utf8")) as {
  [path: string]: unknown;
};
const folder = mkdtempSync(join(tmpdir(), "opensync-version1-"));
let engine: TestEngine;
let key: string;

beforeAll(async () => {
  const data = join(folder, "local.sqlite3");
  writeFileSync(data, recorded("data.sqlite3"));
  engine = await startTestEngine({ data });
  ({ apiKey: key } = await engine.createUser("you@localhost"));
  await engine.runFunction("migrations:start", {});
  await engine.settle(60_000);
}, 120_000);

afterAll(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function read<T>(path: string): Promise<T> {
  const answer = await engine.request(path, { key });
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as T;
}

const pathOf = (id: string) => `/api/sessions/${id}?messages_limit=100`;
const SESSIONS = ["s0", "s1", "s2", "s3", "s4", "s5"];
/** Three messages reached session s3 before the process was killed: two new ones, and one changed. */
const LATE = { session: "s3", messages: 2, changed: "s3-m1", promptTokens: 1_001 };

const sum = (messages: readonly Message[], name: "promptTokens" | "completionTokens") =>
  messages.reduce((total, message) => total + (message[name] ?? 0), 0);

test("every migration comes to its end", async () => {
  const states = (await engine.runFunction("migrations:progress", {})) as { status: string }[];
  expect(states.length).toBeGreaterThan(0);
  expect(states.filter(({ status }) => status !== "done")).toEqual([]);
});

test.each(SESSIONS)(
  "session %s has every message, with its text, parts and numbers",
  async (id) => {
    const before = answers[pathOf(id)] as Session;
    const after = await read<Session>(pathOf(id));
    const late = id === LATE.session ? LATE.messages : 0;
    expect(after.messages).toHaveLength(before.messages.length + late);
    for (const [index, message] of before.messages.entries()) {
      const changed =
        message.externalId === LATE.changed ? { promptTokens: LATE.promptTokens } : {};
      expect(after.messages[index]).toMatchObject({ ...message, ...changed });
    }
  },
);

test.each(SESSIONS)(
  "session %s keeps its own fields, and its messages are counted once",
  async (id) => {
    const before = answers[pathOf(id)] as Session;
    const after = await read<Session>(pathOf(id));
    const kept = [
      "externalId",
      "source",
      "title",
      "projectName",
      "projectPath",
      "model",
      "createdAt",
    ];
    const shown = [
      "isPublic",
      "publicSlug",
      "evalReady",
      "evalStatus",
      "evalTags",
      "evalNotes",
      "expectedOutput",
    ];
    for (const name of [...kept, ...shown])
      expect([name, after[name]]).toEqual([name, before[name]]);
    expect(after).toMatchObject({
      messageCount: after.messages.length,
      promptTokens: sum(after.messages, "promptTokens"),
      completionTokens: sum(after.messages, "completionTokens"),
    });
  },
);

test("statistics hold every message once", async () => {
  const sessions = await Promise.all(SESSIONS.map((id) => read<Session>(pathOf(id))));
  const messages = sessions.flatMap((session) => session.messages);
  expect(messages).toHaveLength(52);
  expect(await read("/api/stats")).toMatchObject({
    sessionCount: SESSIONS.length,
    messageCount: messages.length,
    promptTokens: sum(messages, "promptTokens"),
    completionTokens: sum(messages, "completionTokens"),
  });
});

test("what was deleted stays deleted, and what was shared is found under its link", async () => {
  expect((await engine.request("/api/sessions/s6", { key })).status).toBe(404);
  const { publicSlug } = answers[pathOf("s1")] as { publicSlug: string };
  expect((await engine.request(`/s/${publicSlug}`)).status).toBe(200);
  expect(await read("/sync/sessions/list")).toMatchObject(answers["/sync/sessions/list"] as object);
});

test.each(["fulltext", "semantic"])("%s search finds what version 1 stored", async (type) => {
  const query = encodeURIComponent("flaky retry in billing");
  const { results } = await read<{ results: { externalId: string }[] }>(
    `/api/search?q=${query}&type=${type}&limit=10`,
  );
  expect(results.map(({ externalId }) => externalId).sort()).toEqual(SESSIONS);
});
