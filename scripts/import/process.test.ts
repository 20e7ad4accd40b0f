import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { everything, readSession, temporaryFolder } from "./testing.fixture.ts";
import { killedImports, startImport, transcriptLines, writeHistory } from "./trials/killed.ts";

/** The importer as a command. */

const folder = temporaryFolder();
let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ embeddings: false });
});
afterAll(async () => {
  await engine.stop();
  folder.remove();
});

async function target() {
  const { apiKey: key } = await engine.createUser();
  return { url: engine.url, key };
}

/** A server of version 1, which takes everything and tells little. */
async function olderServer() {
  const answers: { [path: string]: object } = {
    "/health": { status: "ok" },
    "/sync/sessions/list": { sessionIds: [] },
    "/sync/batch": { ok: true, results: {}, errors: [] },
  };
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.end(JSON.stringify(answers[request.url ?? ""] ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test("an import that is killed three times and then finished equals an undisturbed one", async () => {
  const root = join(folder.path, "killed");
  writeHistory(root, { sessions: 4, turns: 40, filler: 150 });
  const [whole, broken] = [await target(), await target()];
  expect(await startImport(whole, ["--state", join(folder.path, "a.json"), root]).ended).toBe(0);
  const state = join(folder.path, "b.json");
  await killedImports(broken, { root, state, times: 3, longestMs: 3_000 });
  expect(await startImport(broken, ["--state", state, root]).ended).toBe(0);
  expect(await everything(engine, broken.key)).toEqual(await everything(engine, whole.key));
}, 120_000);

test("--watch sends a transcript while it is written, each message once", async () => {
  const to = await target();
  const root = join(folder.path, "watched");
  mkdirSync(join(root, "-work-app"), { recursive: true });
  const file = join(root, "-work-app", "live.jsonl");
  const watching = startImport(to, ["--watch", "--state", join(folder.path, "w.json"), root]);
  await expect.poll(() => watching.output(), { timeout: 30_000 }).toContain("Watching");
  const lines = transcriptLines("live", 3, 30);
  for (const line of lines) {
    const half = Math.floor(line.length / 2);
    appendFileSync(file, line.slice(0, half));
    await wait(30);
    appendFileSync(file, `${line.slice(half)}\n`);
    await wait(30);
  }
  const stored = async () => {
    const answer = await engine.request("/api/sessions/live", { key: to.key });
    if (answer.status !== 200) return 0;
    return (await readSession(engine, to.key, "live")).messages.length;
  };
  await expect.poll(stored, { timeout: 30_000, interval: 200 }).toBe(lines.length);
  watching.kill("SIGINT");
  expect(await watching.ended).toBe(0);
  await engine.settle();
  const { messages } = await readSession(engine, to.key, "live");
  expect(new Set(messages.map(({ externalId }) => externalId)).size).toBe(lines.length);
}, 90_000);

describe("the command", () => {
  test("ends with 1 and names file and line where something is broken; the rest arrives", async () => {
    const to = await target();
    const root = join(folder.path, "broken", "-work-app");
    mkdirSync(root, { recursive: true });
    const lines = transcriptLines("s-broken", 1, 5);
    writeFileSync(
      join(root, "s-broken.jsonl"),
      [...lines.slice(0, 2), "{not json", ...lines.slice(2), ""].join("\n"),
    );
    const run = startImport(to, [
      "--json",
      "--state",
      join(folder.path, "c.json"),
      join(root, ".."),
    ]);
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/s-broken\.jsonl:3: is not JSON/);
    expect((await readSession(engine, to.key, "s-broken")).messages).toHaveLength(lines.length);
  }, 60_000);

  test("--dry-run sends nothing and remembers nothing", async () => {
    const to = await target();
    const root = join(folder.path, "dry");
    writeHistory(root, { sessions: 1, turns: 2, filler: 5 });
    const state = join(folder.path, "dry.json");
    const run = startImport(to, ["--dry-run", "--state", state, root]);
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain("10 messages");
    expect(existsSync(state)).toBe(false);
    expect(await everything(engine, to.key)).toEqual([]);
  }, 60_000);

  /** A history with one secret; returns its folder. */
  function writeSecret(): string {
    const root = join(folder.path, "secret");
    mkdirSync(join(root, "-work-app"), { recursive: true });
    const [first = ""] = transcriptLines("s-secret", 1, 5);
    const line = first.replace("Question 0:", `Use ${secret} for`);
    writeFileSync(join(root, "-work-app", "s-secret.jsonl"), `${line}\n`);
    return root;
  }

  const secret = `ghp_${"a1B2c3D4e5F6g7H8i9J0".repeat(2).slice(0, 36)}`;

  test("says how many secrets were sent as they are", async () => {
    const to = await target();
    const run = startImport(to, ["--state", join(folder.path, "told.json"), writeSecret()]);
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain("Secrets: 1 found (github-token 1), sent as they are");
    const { messages } = await readSession(engine, to.key, "s-secret");
    expect(JSON.stringify(messages)).toContain(secret);
  }, 60_000);

  test("says so also for a server that does not count them", async () => {
    const { url } = await olderServer();
    const to = { url, key: `osk_${"k".repeat(32)}` };
    const run = startImport(to, ["--state", join(folder.path, "older.json"), writeSecret()]);
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain("Secrets: 1 found (github-token 1), sent as they are");
  }, 60_000);

  test("--redact masks secrets before they are sent, and says how many there are", async () => {
    const to = await target();
    const run = startImport(to, [
      "--redact",
      "--state",
      join(folder.path, "d.json"),
      writeSecret(),
    ]);
    expect(await run.ended).toBe(0);
    expect(run.output()).toMatch(/Secrets: 1 found \(.*\), masked\./);
    const { messages } = await readSession(engine, to.key, "s-secret");
    expect(JSON.stringify(messages)).not.toContain(secret);
    expect(messages[0]?.textContent).toContain("[redacted:");
  }, 60_000);

  test("changes nothing in the folders that it reads", async () => {
    const to = await target();
    const root = join(folder.path, "kept");
    writeHistory(root, { sessions: 1, turns: 1, filler: 5 });
    const before = readdirSync(root, { recursive: true });
    await startImport(to, ["--state", join(folder.path, "e.json"), root]).ended;
    expect(readdirSync(root, { recursive: true })).toEqual(before);
  }, 60_000);

  test("says in one line that a key is wrong", async () => {
    const root = join(folder.path, "dry");
    const run = startImport({ url: engine.url, key: "osk_wrong" }, [
      "--state",
      join(folder.path, "f.json"),
      root,
    ]);
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain("The key was refused");
  }, 60_000);
});
