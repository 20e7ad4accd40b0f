import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SECRETS } from "../../convex/lib/secrets/corpus.fixture.ts";
import { HELD_OUT } from "../../convex/lib/secrets/heldOut.fixture.ts";
import { UNSEEN_SECRETS } from "../../convex/lib/secrets/unseenSecrets.fixture.ts";
import { startEngine } from "./engine.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "opensync-secrets-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Secrets long enough not to be in the file by chance. */
const cases = [...SECRETS, ...HELD_OUT, ...UNSEEN_SECRETS].filter(
  ({ secret }) => secret.length > 7,
);

/** Lists the kinds of secrets whose bytes are in any file of the folder. */
function kindsOnDisk(): string[] {
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  return cases
    .filter(({ secret }) => files.some((file) => file.includes(secret)))
    .map(({ kind }) => kind);
}

async function syncCorpus(redact: string | undefined): Promise<string[][]> {
  const engine = await startEngine({
    functions: fileURLToPath(new URL("../../convex", import.meta.url)),
    data: join(folder, "local.sqlite3"),
    env: redact === undefined ? {} : { REDACT_SECRETS: redact },
    embeddings: false,
  });
  const made = await engine.runFunction("users:createWithApiKey", { email: "a@example.com" });
  const { apiKey } = made as { apiKey: string };
  const messages = cases.map(({ text }, n) => ({
    sessionExternalId: "s",
    externalId: `m${n}`,
    role: "user",
    textContent: text,
    parts: [{ type: "tool-result", content: { output: [{ text }] } }],
  }));
  const answer = await fetch(`${engine.url}/sync/batch`, {
    method: "POST",
    headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ sessions: [{ externalId: "s", title: cases[0]?.text }], messages }),
  });
  expect(await answer.json()).toMatchObject({ messages: cases.length, errors: [] });
  await engine.settle(20_000);
  const whileRunning = kindsOnDisk();
  await engine.stop();
  return [whileRunning, kindsOnDisk()];
}

test("with REDACT_SECRETS=mask the data file contains no secret of the corpus, running or stopped", async () => {
  expect(await syncCorpus("mask")).toEqual([[], []]);
}, 120_000);

test("without masking, the same search finds the secrets, which proves that it works", async () => {
  const [running = [], stopped = []] = await syncCorpus(undefined);
  expect(running.length).toBeGreaterThan(cases.length / 2);
  expect(stopped.length).toBeGreaterThan(cases.length / 2);
}, 120_000);
