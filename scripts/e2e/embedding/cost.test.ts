import { afterAll, beforeAll, expect, test } from "vitest";
import { startEmbeddings } from "../../local/embeddings/server.ts";
import type { Measured } from "../../local/meter.ts";
import { startTestEngine, type TestEngine, type TestUser } from "../../local/testing.ts";

/** What embedding costs, where reads are counted as Convex counts them: the local engine. */

const UNITS = 40;
const HISTORIES = [40, 800] as const;
/** The budget: so many documents and bytes beside the new turns and their text. */
const SPARE_DOCUMENTS = 5;
const SPARE_BYTES = 5_000;
/** What a message's row holds beside its text, and is read with it: ids, order key, hash, field names. */
const ROW_BYTES = 300;
/** A run that is due within this time is waited for: the last turn of a session counts as over after 30 s. */
const QUIET_MS = 40_000;
/** The functions of a run; the refresh before it has a budget of its own. */
const RUN = ["embed:sessions", "embeddings:readWork", "embeddings:store"];

const sent: string[][] = [];
let provider: Awaited<ReturnType<typeof startEmbeddings>>;
let engine: TestEngine;
let ada: TestUser;

beforeAll(async () => {
  provider = await startEmbeddings((texts) => sent.push(texts));
  const env = { OPENAI_API_KEY: provider.key, OPENAI_BASE_URL: provider.url };
  engine = await startTestEngine({ embeddings: false, env });
  ada = await engine.createUser();
  for (const history of HISTORIES) {
    for (let from = 0; from < history; from += 400)
      await say(history, from, Math.min(400, history - from));
  }
  // The last prompt of a history is sent once its turn has been quiet for half a minute.
  await engine.settle(QUIET_MS);
}, 180_000);
afterAll(async () => {
  await engine.stop();
  await provider.stop();
});

/** Prompts, each a turn of its own, at the end of a session that is named after its history. */
const text = (history: number, i: number) => `prompt ${i} of ${history} asks something of its own`;
async function say(history: number, from: number, count: number): Promise<string[]> {
  const texts = Array.from({ length: count }, (_, i) => text(history, from + i));
  const messages = texts.map((textContent, i) => ({
    sessionExternalId: `after ${history}`,
    externalId: `${history}-${from + i}`,
    role: "user",
    textContent,
    createdAt: Date.UTC(2026, 0, 22) + (from + i) * 1_000,
  }));
  const response = await engine.request("/sync/batch", { key: ada.apiKey, json: { messages } });
  expect(response.status).toBe(200);
  return texts;
}

const runOf = ({ background }: Measured) => {
  const calls = background.calls.filter((call) => RUN.includes(call.name));
  const sum = (what: "documentsRead" | "bytesRead") => calls.reduce((n, call) => n + call[what], 0);
  return { documents: sum("documentsRead"), bytes: sum("bytesRead") };
};

test("embedding 40 new turns reads them once and sends them once, whatever was embedded before", async () => {
  const costs = [];
  for (const history of HISTORIES) {
    const before = sent.length;
    let texts: string[] = [];
    const measured = await engine.measure(async () => {
      texts = await say(history, history, UNITS);
      await engine.settle();
    });
    // The last turn may still go on: it is sent when the next one begins, or after a while.
    expect(sent.slice(before).flat().sort()).toEqual(texts.slice(0, -1).sort());
    const cost = runOf(measured);
    expect(cost.documents).toBeLessThanOrEqual(UNITS + SPARE_DOCUMENTS);
    const textBytes = texts.join("").length;
    expect(cost.bytes).toBeLessThanOrEqual(textBytes + SPARE_BYTES + UNITS * ROW_BYTES);
    costs.push(cost.documents);
  }
  expect(new Set(costs).size).toBe(1);
}, 120_000);
